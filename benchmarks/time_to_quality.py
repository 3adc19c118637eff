"""Time to a given quality: unetkit against a training loop as most people write it, on the same split and machine.

Contestants: `ours` (the recipe, one budget for every goal and seed), `source` (the recipe's variant that repeats its
source), `plain` (`plain_loop.py` with the network, working size and optimiser of `source`) and `plain-kept` (the same
with the decoded images in memory). Wall time from the start of the process, scoring left out; each is scored on the
test part after every 5 % more time, and the time to a goal is that of the first of two successive scorings that reach
it. A run ends when its goal is reached, or at the cap; seed 0 goes on to the highest goal, the others to the one that
counts. On `camvid` the plain loop has the 31-million network of that recipe's source and makes three epochs, whatever
they take: what is told is how good it is then. One JSON file a run under `benchmarks/results/time_to_quality/`; a run
whose file is there is not made again. Run it alone on the machine.

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
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from quality import UAV_SPLIT, machine

from unetkit.config.jobs import TrainSettings
from unetkit.data.arrays import IGNORE
from unetkit.data.dataset import open_data
from unetkit.recipes.settings import settings

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "time_to_quality"
MASKS = HERE.parent / "runs" / "time_to_quality"
OURS = {"training.minutes": 1.0}
"""The budget of unetkit, for all goals and all seeds: written down before the first run."""
GOALS = (0.95, 0.98, 0.99)
NEVER = 2.0  # no score: the run goes on to its end
CAP = 20 * 60.0
BATCHES = (4, 8, 16)
PLAIN = ("plain", "plain-kept")

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A data set and how it is cut.

    Attributes:
        name: its folder.
        recipe: of `ours`.
        first: the class whose Dice counts; "" is the mean over all.
        values: settings of the split.
        scored: the part that is scored.
        source: the recipe whose `source` variant says network, size and optimiser of the others.
        epochs: of the plain loop, which then has no cap; 0 goes on to the goal or the cap.
    """

    name: str
    recipe: str
    first: str
    values: dict[str, Any]
    scored: str = "test"
    source: str = "infrared"
    epochs: int = 0


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
    "camvid": Field("camvid", "camvid", "", {"data.classes": "camvid"}, scored="val", source="camvid", epochs=3),
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
            yield Entry(contestant, "ir-horizon", seed, GOALS[1] if seed else GOALS[2], *own)
        yield Entry(contestant, "horizon-uav", 0, GOALS[2], *own)
    for contestant in ("ours", "plain"):
        own = (batch, order) if contestant in PLAIN else (0, True)
        yield Entry(contestant, "camvid", 0, NEVER, *own)


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
    document = {"machine": machine(), "cap": CAP, "goal": entry.goal, "scorings": scorings}
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
        counts = np.array(told["counts"])
        scoring = {"seconds": told["seconds"], "dice": dice(counts, entry), "mean_iou": mean_iou(counts)}
        yield scoring
        good = good + 1 if scoring["dice"] >= entry.goal else 0
        if good == 2 or (scoring["seconds"] > CAP and entry.goal < NEVER):
            child.terminate()
            return


def dice(counts: np.ndarray, entry: Entry) -> float:
    """Dice of the class that counts, or the mean over the classes."""
    hits = counts.diagonal()
    each = 2 * hits / np.maximum(counts.sum(0) + counts.sum(1), 1)
    field = FIELDS[entry.field]
    return float(each[0] if field.first else each.mean())


def mean_iou(counts: np.ndarray) -> float:
    """Of the classes that occur."""
    either = counts.sum(0) + counts.sum(1) - counts.diagonal()
    return float((counts.diagonal() / np.maximum(either, 1))[either > 0].mean())


def reached(entry: Entry) -> float | None:
    """Seconds to the goal, from the record; None where it was not reached under the cap."""
    document = json.loads(entry.record.read_text(encoding="utf-8"))
    return first_reached(document["scorings"], entry.goal)


def first_reached(scorings: Sequence[Document], goal: float) -> float | None:
    """Seconds of the first of two successive scorings that reach the goal; None where that is beyond the cap."""
    good = [one["seconds"] for one, following in pairwise(scorings) if min(one["dice"], following["dice"]) >= goal]
    return float(good[0]) if good and good[0] <= CAP else None


def specification(entry: Entry, data: Path, out: Path) -> Document:
    """What the child is told."""
    field = FIELDS[entry.field]
    if entry.contestant not in PLAIN:
        variant = "default" if entry.contestant == "ours" else "source"
        own = OURS if entry.contestant == "ours" else {"training.epochs": 1000}
        recipe = field.recipe if entry.contestant == "ours" else field.source
        values = {**field.values, **own, "training.seed": entry.seed, "out": str(out)}
        said = {"values": values, "recipe": recipe, "variant": variant, "data": str(data / field.name)}
        return {**said, "scored": field.scored}
    source = settings("train", {}, recipe=field.source, variant="source")
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
        "cap": CAP if not field.epochs else 10**6,
        "epochs": field.epochs or 10**6,
    }


@cache
def parts(name: str, data: Path) -> Document:
    """Files of the two parts; the masks as unetkit reads them, written as images of class ids."""
    field = FIELDS[name]
    said = {key.removeprefix("data."): value for key, value in field.values.items()}
    dataset = open_data(data / name, seed=0, **said)
    files: dict[str, list[list[str]]] = {}
    for role, split in (("train", "train"), ("test", field.scored)):
        for number, pair in enumerate(dataset.split(split)):
            mask = MASKS / name / f"{role}-{number}.png"
            mask.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(mask), dataset.read_mask(pair))
            files.setdefault(role, []).append([str(dataset.root / pair.image), str(mask)])
    return {"pairs": files, "classes": len(dataset.classes), "ignore": IGNORE}


# --- the table ----------------------------------------------------------------------------------------------------


def table() -> str:
    """Median (worst) seconds of each contestant to each goal, and how many times those of `ours`."""
    lines = ["# Time to quality", "", "| data | Dice | contestant | seconds (worst) | times ours |"]
    lines.append("|---|---|---|---|---|")
    for field, goal in product(("ir-horizon", "horizon-uav"), GOALS):
        ours = seconds_of(field, "ours", goal)
        for contestant in ("ours", "source", *PLAIN):
            found = seconds_of(field, contestant, goal)
            if found:
                ratio = statistics.median(found) / statistics.median(ours) if ours else float("nan")
                more = "> " if statistics.median(found) >= CAP else ""
                lines.append(f"| {field} | {goal} | {contestant} | {told(found)} | {more}{ratio:.1f} |")
    return "\n".join([*lines, "", *_long_way(), ""])


def seconds_of(field: str, contestant: str, goal: float) -> list[float]:
    """Seconds of each seed whose run went as far as `goal`; the cap where it was not reached."""
    found = []
    for path in sorted(RESULTS.glob(f"{field}-{contestant}-seed-*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["goal"] >= goal:
            found.append(first_reached(document["scorings"], goal) or CAP)
    return found


def _long_way() -> Iterator[str]:
    """What both are at on `camvid`, when the plain loop has made its epochs."""
    for path in sorted(RESULTS.glob("camvid-*-seed-0-*.json")):
        scorings = json.loads(path.read_text(encoding="utf-8"))["scorings"]
        last, who = scorings[-1], path.name.split("-seed")[0].removeprefix("camvid-")
        yield f"- camvid, {who}: mean IoU {last['mean_iou']:.3f} after {last['seconds'] / 60:.1f} minutes"


def told(seconds: Sequence[float]) -> str:
    """Median and worst; the cap as "more than"."""

    def one(value: float) -> str:
        return f"more than {CAP:.0f}" if value >= CAP else f"{value:.1f}"

    return f"{one(statistics.median(seconds))} ({one(max(seconds))})"


if __name__ == "__main__":
    sys.exit(main())
