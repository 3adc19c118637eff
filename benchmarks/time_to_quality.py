"""Time to a given quality: unetkit against a training loop as most people write it, on the same split and machine.

Contestants: `ours` (the recipe, one budget for every goal and seed), `source` (the recipe's variant that repeats its
source), `plain` (`plain_loop.py` with the network, working size and optimiser of `source`) and `plain-kept` (the same
with the decoded images in memory). Wall time from the start of the process, scoring left out; each is scored on the
test part after every 5 % more time, and the time to a goal is that of the first of two successive scorings that reach
it. A run ends when its goal is reached, or at the cap. One JSON file a run under `benchmarks/results/time_to_quality/`;
a run whose file is there is not made again. Run it alone on the machine.

    python benchmarks/time_to_quality.py [--data FOLDER] [--only CONTESTANT] [--table]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from quality import UAV_SPLIT, machine

from unetkit.config.jobs import TrainSettings
from unetkit.data.dataset import open_data
from unetkit.recipes.settings import settings

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "time_to_quality"
OURS = {"training.minutes": 1.0}
"""The budget of unetkit, for all goals and all seeds: written down before the first run."""
GOALS = (0.95, 0.98, 0.99)
CAP = 20 * 60.0
BATCHES = (4, 8, 16)
PLAIN = ("plain", "plain-kept")

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A data set and how its test part is cut; `first` is the class whose Dice counts."""

    name: str
    recipe: str
    first: str
    values: dict[str, Any]


def _said(flags: Sequence[str]) -> dict[str, Any]:
    names = [name.lstrip("-").replace("-", "_") for name in flags[::2]]
    return {f"data.{name}": value for name, value in zip(names, flags[1::2], strict=True)}


FIELDS = {
    "ir-horizon": Field(
        "ir-horizon",
        "infrared",
        "sea",
        {"data.split_by": "time", "data.val": "15", "data.test": "25", "data.classes": "0=sea,255=sky"},
    ),
    "horizon-uav": Field("horizon-uav", "horizon", "", _said(UAV_SPLIT)),
    "camvid": Field("camvid", "camvid", "", {}),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One run: who, on what, with which seed, up to which goal."""

    contestant: str
    field: str
    seed: int
    goal: float
    batch: int = 0
    channels_last: bool = True

    @property
    def record(self) -> Path:
        """Its one file."""
        parts = [self.field, self.contestant, f"seed-{self.seed}", f"{self.goal:g}"]
        parts += [f"batch-{self.batch}", "last" if self.channels_last else "first"] if self.batch else []
        return RESULTS / f"{'-'.join(parts)}.json"


def main() -> int:
    """Run what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("UNETKIT_DATA", "../shared/data")))
    parser.add_argument("--only", choices=("ours", "source", *PLAIN))
    parser.add_argument("--table", action="store_true", help="only write the table from the results that are there")
    options = parser.parse_args()
    if not options.table:
        for entry in entries(options.data):
            if not options.only or entry.contestant == options.only:
                run(entry, options.data)
    (RESULTS.parent / "time_to_quality.md").write_text(table(), encoding="utf-8")
    print(table())
    return 0


def entries(data: Path) -> Iterator[Entry]:
    """Every run, in an order that chooses the plain loop's batch first."""
    for batch in BATCHES:
        for order in (True, False):
            yield Entry("plain", "ir-horizon", 0, GOALS[0], batch, order)
    batch, order = best_of_plain(data)
    for contestant in ("ours", "source", *PLAIN):
        own = (batch, order) if contestant in PLAIN else (0, True)
        for seed in range(3):
            yield Entry(contestant, "ir-horizon", seed, GOALS[1], *own)
        yield Entry(contestant, "ir-horizon", 0, GOALS[2], *own)
        yield Entry(contestant, "horizon-uav", 0, GOALS[1], *own)


def best_of_plain(data: Path) -> tuple[int, bool]:
    """Batch and memory order with which the plain loop reaches the first goal soonest, with seed 0."""
    tried = [Entry("plain", "ir-horizon", 0, GOALS[0], batch, order) for batch in BATCHES for order in (True, False)]
    for entry in tried:
        run(entry, data)
    chosen = min(tried, key=lambda entry: reached(entry) or CAP)
    return chosen.batch, chosen.channels_last


# --- one run ------------------------------------------------------------------------------------------------------


def run(entry: Entry, data: Path) -> None:
    """Make a run unless its record is there; stop it when the goal is reached."""
    if entry.record.exists():
        return
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "spec.json"
        script = "plain_loop.py" if entry.contestant in PLAIN else "timed_run.py"
        spec.write_text(json.dumps(specification(entry, data, Path(folder) / "run")), encoding="utf-8")
        command = [sys.executable, str(HERE / script), str(spec)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            scorings = list(watched(child, entry))
    RESULTS.mkdir(parents=True, exist_ok=True)
    document = {"machine": machine(), "cap": CAP, "scorings": scorings}
    entry.record.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"{entry.record.name}: {reached(entry)}", file=sys.stderr)


def watched(child: subprocess.Popen[str], entry: Entry) -> Iterator[Document]:
    """The scorings of a run until two in a row reach its goal, or the cap."""
    assert child.stdout is not None
    good = 0
    for line in child.stdout:
        told = json.loads(line)
        if "counts" not in told:
            continue
        scoring = {"seconds": told["seconds"], "dice": dice(np.array(told["counts"]), entry)}
        yield scoring
        good = good + 1 if scoring["dice"] >= entry.goal else 0
        if good == 2 or scoring["seconds"] > CAP:
            child.terminate()
            return


def dice(counts: np.ndarray, entry: Entry) -> float:
    """Dice of the class that counts, or the mean over the classes."""
    hits = counts.diagonal()
    each = 2 * hits / np.maximum(counts.sum(0) + counts.sum(1), 1)
    field = FIELDS[entry.field]
    return float(each[0] if field.first else each.mean())


def reached(entry: Entry) -> float | None:
    """Seconds to the goal, from the record; None where it was not reached under the cap."""
    scorings = json.loads(entry.record.read_text(encoding="utf-8"))["scorings"]
    for one, following in pairwise(scorings):
        if min(one["dice"], following["dice"]) >= entry.goal and one["seconds"] <= CAP:
            return float(one["seconds"])
    return None


def specification(entry: Entry, data: Path, out: Path) -> Document:
    """What the child is told."""
    field = FIELDS[entry.field]
    if entry.contestant not in PLAIN:
        variant = "default" if entry.contestant == "ours" else "source"
        own = OURS if entry.contestant == "ours" else {"training.epochs": 1000}
        recipe = field.recipe if entry.contestant == "ours" else "infrared"
        values = {**field.values, **own, "training.seed": entry.seed, "out": str(out)}
        return {"values": values, "recipe": recipe, "variant": variant, "data": str(data / field.name)}
    source = settings("train", {}, recipe="infrared", variant="source")
    assert isinstance(source, TrainSettings)
    height, width = map(int, source.data.size.removeprefix("fit:").split("x"))
    return {
        **parts(field.name, data),
        "seed": entry.seed,
        "threads": len(os.sched_getaffinity(0)),
        "keep": entry.contestant == "plain-kept",
        "batch": entry.batch,
        "channels_last": entry.channels_last,
        "preset": source.network.preset,
        "learning_rate": source.training.learning_rate,
        "channels": int(source.data.channels),
        "height": height,
        "width": width,
        "cap": CAP,
        "epochs": 10**6,
    }


@cache
def parts(name: str, data: Path) -> Document:
    """Files of the two parts, and the table from the masks' values to class ids, as unetkit reads the folder."""
    field = FIELDS[name]
    said = {key.removeprefix("data."): value for key, value in field.values.items()}
    dataset = open_data(data / name, seed=0, **said)
    table = np.full(256, 255, np.uint8)
    for number, source in enumerate(dataset.classes.sources):
        table[int(str(source))] = number
    files = {
        split: [[str(dataset.root / pair.image), str(dataset.root / pair.mask)] for pair in dataset.split(split)]
        for split in ("train", "test")
    }
    return {"pairs": files, "table": table.tolist(), "classes": len(dataset.classes), "ignore": 255}


# --- the table ----------------------------------------------------------------------------------------------------


def table() -> str:
    """Median (worst) seconds of each contestant to each goal, and how many times those of `ours`."""
    lines = [
        "# Time to quality",
        "",
        "| data | Dice | contestant | seconds (worst) | times ours |",
        "|---|---|---|---|---|",
    ]
    for field, goal in (("ir-horizon", GOALS[1]), ("ir-horizon", GOALS[2]), ("horizon-uav", GOALS[1])):
        ours = seconds_of(field, "ours", goal)
        for contestant in ("ours", "source", *PLAIN):
            found = seconds_of(field, contestant, goal)
            if found:
                ratio = statistics.median(found) / statistics.median(ours) if ours else float("nan")
                lines.append(f"| {field} | {goal} | {contestant} | {told(found)} | {ratio:.1f} |")
    return "\n".join([*lines, ""])


def seconds_of(field: str, contestant: str, goal: float) -> list[float]:
    """Seconds of each seed; the cap where the goal was not reached."""
    found = sorted(RESULTS.glob(f"{field}-{contestant}-seed-*-{goal:g}*.json"))
    entries = [Entry(contestant, field, int(path.name.split("seed-")[1].split("-")[0]), goal) for path in found]
    return [_reached_in(path, entry) for path, entry in zip(found, entries, strict=True)]


def _reached_in(path: Path, entry: Entry) -> float:
    scorings = json.loads(path.read_text(encoding="utf-8"))["scorings"]
    good = [a["seconds"] for a, b in pairwise(scorings) if min(a["dice"], b["dice"]) >= entry.goal]
    return float(good[0]) if good and good[0] <= CAP else CAP


def told(seconds: Sequence[float]) -> str:
    """Median and worst; the cap as "more than"."""

    def one(value: float) -> str:
        return f"more than {CAP:.0f}" if value >= CAP else f"{value:.1f}"

    return f"{one(statistics.median(seconds))} ({one(max(seconds))})"


if __name__ == "__main__":
    sys.exit(main())
