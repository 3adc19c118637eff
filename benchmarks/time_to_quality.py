"""Time to a given quality: unetkit against a training loop as most people write it, on the same split and machine.

Contestants: `ours` (the recipe, one budget for every goal and seed), `plain` (`plain_loop.py` with the network, working
size and optimiser of a recipe's source), `plain-kept` (the same with the decoded images in memory), `plain-bf16` (that
in bfloat16, which both of ours compute in where the CPU does) and `source` (the recipe's variant that repeats its
source, by unetkit: it also rotates, flips and pads, which the plain loop does not).
Wall time from the start of the process, scoring left out; each is scored on the test part after every 5 % more time,
and the time to a goal is that of the first of two successive scorings that reach it. A run ends when its goal is
reached, or at the cap; seed 0 goes on to the highest goal, the others to the one that counts. On `camvid` the plain
loop has the 31-million network of that recipe's source and makes three epochs, whatever they take.

One JSON file a run under `benchmarks/results/time_to_quality/`; a run whose file carries the same code, data and
specification is not made again. Run it alone on the machine; about eight hours in all, in as many parts as wanted.

    python benchmarks/time_to_quality.py [--data FOLDER] [--only CONTESTANT] [--table]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from filelock import FileLock
from goals import watched
from pages import put
from quality import IR_SPLIT, ROOT, RUNS, UAV_WITHOUT_TWINS, data_hash, hash_of, machine, source_hash
from time_table import first_reached, paragraph, table, verdict

from unetkit.config.jobs import TrainSettings
from unetkit.data.arrays import IGNORE
from unetkit.data.dataset import open_data
from unetkit.files import write_json
from unetkit.networks import PRESETS
from unetkit.recipes.recipe import load_recipe, plain
from unetkit.recipes.settings import settings

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "time_to_quality"
MASKS = RUNS.parent / "time_to_quality"
OURS = ("--minutes", "1")
"""The budget of unetkit, for all goals and all seeds: written down before the first run."""
GOALS = (0.95, 0.98, 0.99)
NEVER = 2.0  # no score: the run goes on to its end
CAP = 20 * 60.0
BATCHES = (4, 8, 16)
PLAIN = {"plain": {}, "plain-kept": {"keep": True}, "plain-bf16": {"keep": True, "bf16": True}}

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A data set and how it is cut.

    Attributes:
        name: its folder.
        recipe: of `ours`.
        split: flags.
        scored: the part that is scored.
        counts: whose Dice counts: a class id, or None for the mean over all.
        source: the recipe whose `source` variant says network, size and optimiser of the others; `infrared` on both
            sets of horizons, since that of `horizon` has SGD, which the plain loop has not.
        epochs: of the plain loop, which is then scored at its end only, and has no cap; 0 goes on to the goal.
    """

    name: str
    recipe: str
    split: tuple[str, ...]
    scored: str = "test"
    counts: int | None = None
    source: str = "infrared"
    epochs: int = 0


FIELDS = {
    "ir-horizon": Field("ir-horizon", "infrared", IR_SPLIT, counts=0),
    "horizon-uav": Field("horizon-uav", "horizon", UAV_WITHOUT_TWINS),
    "camvid": Field("camvid", "camvid", ("--classes", "camvid"), scored="val", source="camvid", epochs=3),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One run: who, on what, with which seed, up to which goal; batch and order of memory are the plain loop's."""

    contestant: str
    field: str
    seed: int
    goal: float
    batch: int = 0
    channels_last: bool = True
    trial: bool = False

    @property
    def record(self) -> Path:
        """Its one file."""
        parts = ["trial"] if self.trial else []
        parts += [self.field, self.contestant, f"seed-{self.seed}"]
        parts += [f"batch-{self.batch}", "last" if self.channels_last else "first"] if self.trial else []
        return RESULTS / f"{'-'.join(parts)}.json"


def main() -> int:
    """Run what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("UNETKIT_DATA", "../shared/data")))
    parser.add_argument("--only", choices=("ours", "source", *PLAIN))
    parser.add_argument("--table", action="store_true", help="only write the table from the results that are there")
    options = parser.parse_args()
    if not options.table:
        run_missing(options.data, options.only)
    records = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))]
    text = table(records, GOALS)
    (RESULTS.parent / "time_to_quality.md").write_text(f"# Time to quality\n\n{text}\n", encoding="utf-8")
    put(ROOT / "docs" / "concepts" / "speed.md", "time to quality", text)
    put(ROOT / "README.md", "time to quality", paragraph(verdict(records)))
    print(text)
    return 0


def run_missing(data: Path, only: str | None) -> None:
    """Make the runs that have no record, alone: another benchmark at the same time would slow both down.

    Args:
        only: a contestant; no run is made that is not its own, and no trial that it does not need.
    """
    RUNS.mkdir(parents=True, exist_ok=True)
    with FileLock(RUNS / ".lock", timeout=0):
        for entry in entries():
            if only in (None, entry.contestant):
                run(chosen(entry, data), data)


def entries() -> Iterator[Entry]:
    """Every run; batch and order of memory of the plain loops are still to be chosen."""
    for contestant in ("ours", "plain", "plain-kept", "source"):
        for seed in range(3):
            yield Entry(contestant, "ir-horizon", seed, GOALS[1] if seed else GOALS[2])
    yield Entry("plain-bf16", "ir-horizon", 0, GOALS[1])
    for contestant in ("ours", "plain", "plain-kept", "source"):
        yield Entry(contestant, "horizon-uav", 0, GOALS[2])
    for contestant in ("ours", "plain"):
        yield Entry(contestant, "camvid", 0, NEVER)


def chosen(entry: Entry, data: Path) -> Entry:
    """A plain loop's run with the best batch and order of memory, on `camvid` with its source's batch; others as is."""
    if entry.contestant not in PLAIN:
        return entry
    field, best = FIELDS[entry.field], best_of_plain(data)
    batch = _source(field).training.batch if field.epochs else best.batch
    return dataclasses.replace(entry, batch=batch, channels_last=best.channels_last)


@cache
def best_of_plain(data: Path) -> Entry:
    """The trial with which the plain loop reaches the first goal soonest, with seed 0; slower ones end at its time.

    The order of memory decides over speed alone: it is chosen with the smallest batch.
    """
    trial = Entry("plain", "ir-horizon", 0, GOALS[0], BATCHES[0], trial=True)
    best, seconds = _soonest([trial, dataclasses.replace(trial, channels_last=False)], data, trial, CAP)
    others = [dataclasses.replace(best, batch=batch) for batch in BATCHES[1:]]
    return _soonest(others, data, best, seconds)[0]


def _soonest(trials: Sequence[Entry], data: Path, best: Entry, seconds: float) -> tuple[Entry, float]:
    for trial in trials:
        found = run(trial, data, cap=seconds)
        if found is not None:
            best, seconds = trial, found
    return best, seconds


# --- one run ------------------------------------------------------------------------------------------------------


def run(entry: Entry, data: Path, *, cap: float = CAP) -> float | None:
    """Make a run unless its record is there; seconds to its goal, None where it was not reached in time.

    Raises:
        SystemExit: the run failed; nothing is recorded.
    """
    field = FIELDS[entry.field]
    spec = specification(entry, data)
    scripts = ("plain_loop.py",) if entry.contestant in PLAIN else ("timed_run.py", "judge.py")
    key = {
        "entry": dataclasses.asdict(entry),
        "specification": {name: value for name, value in spec.items() if name != "pairs"},
        "scripts": hash_of((HERE / name).read_bytes() for name in scripts),
        "variant": plain(load_recipe(field.source).settings("source")),
        **(_of_plain(spec) if entry.contestant in PLAIN else _of_unetkit(field, data)),
    }
    key = json.loads(json.dumps(key))
    document: Document = json.loads(entry.record.read_text(encoding="utf-8")) if entry.record.exists() else {}
    if document.get("key") != key:
        document = {"key": key, "machine": machine(), "cap": None if field.epochs else cap}
        document |= timed(entry, spec, data / field.name, HERE / scripts[0], document["cap"])
        RESULTS.mkdir(parents=True, exist_ok=True)
        write_json(entry.record, document)
        print(f"{entry.record.name}: {first_reached(document['scorings'], entry.goal)}", file=sys.stderr)
    return first_reached(document["scorings"], entry.goal, document["cap"] or math.inf)


def _of_unetkit(field: Field, data: Path) -> Document:
    return {"source": source_hash(field.recipe), "data": data_hash(data / field.name)}


def _of_plain(spec: Document) -> Document:
    """The plain loop gets its files told, and of unetkit it has the network alone: its code, and its own preset."""
    modules = sorted((ROOT / "src" / "unetkit" / "networks").glob("*.py"))
    code = [*(path for path in modules if path.name != "presets.py"), ROOT / "constraints.txt"]
    files = [Path(file) for part in spec["pairs"].values() for pair in part for file in pair]
    hashes = {name: hash_of(path.read_bytes() for path in paths) for name, paths in (("source", code), ("data", files))}
    return {**hashes, "network": PRESETS[spec["preset"]]}


def timed(entry: Entry, spec: Document, data: Path, script: Path, cap: float | None) -> Document:
    """The scorings of a run, and what ended it: its goal, the cap, or itself.

    Its cache folder is its own and empty: images that another run has left would make it start decoded.

    Raises:
        SystemExit: the run failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "spec.json"
        if "words" in spec:
            command, _, *flags = spec["words"]
            spec = {**spec, "words": [command, str(data), *flags, "--out", str(Path(folder) / "run")]}
        told.write_text(json.dumps({**spec, "started": time.time()}), encoding="utf-8")
        line = [sys.executable, str(script), str(told)]
        alone = {**os.environ, "UNETKIT_CACHE": str(Path(folder) / "cache")}
        with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=alone) as child:
            scored = partial(scoring, counted=FIELDS[entry.field].counts)
            scorings, ended = watched(child, scored, entry.goal, cap or math.inf)
        if ended == "itself" and child.returncode:
            raise SystemExit(f"{entry.record.name}: it ended with {child.returncode}, and nothing is recorded")
    return {"ended": ended, "scorings": scorings}


def scoring(line: str, counted: int | None) -> Document:
    """What a run has printed, with Dice and mean IoU in place of its confusion matrix.

    Args:
        counted: as of `dice`.
    """
    told = json.loads(line)
    counts = np.array(told.pop("counts"))
    return {**told, "dice": dice(counts, counted), "mean_iou": mean_iou(counts)}


def dice(counts: np.ndarray, counted: int | None) -> float:
    """Dice of the class that counts, or the mean over the classes."""
    each = 2 * counts.diagonal() / np.maximum(counts.sum(0) + counts.sum(1), 1)
    return float(each.mean() if counted is None else each[counted])


def mean_iou(counts: np.ndarray) -> float:
    """Of the classes with true pixels."""
    either = counts.sum(0) + counts.sum(1) - counts.diagonal()
    return float((counts.diagonal() / np.maximum(either, 1))[counts.sum(1) > 0].mean())


# --- what a run is told -------------------------------------------------------------------------------------------


def specification(entry: Entry, data: Path) -> Document:
    """What the child is told, but for its places and the time."""
    field = FIELDS[entry.field]
    if entry.contestant == "ours":
        words = ("train", "DATA", "--recipe", field.recipe, *field.split, *OURS, "--seed", str(entry.seed))
        return {"words": words, "scored": field.scored}
    if entry.contestant == "source":
        words = ("train", "DATA", "--recipe", field.source, "--variant", "source", *field.split, "--epochs", "1000")
        return {"words": (*words, "--seed", str(entry.seed)), "scored": field.scored}
    source = _source(field)
    height, width = map(int, source.data.size.removeprefix("fit:").split("x"))
    return {
        **parts(field.name, data),
        "seed": entry.seed,
        "threads": len(os.sched_getaffinity(0)),
        "keep": False,
        "bf16": False,
        **PLAIN[entry.contestant],
        "batch": entry.batch,
        "channels_last": entry.channels_last,
        "preset": source.network.preset,
        "learning_rate": source.training.learning_rate,
        "channels": int(source.data.channels),
        "height": height,
        "width": width,
        "epochs": field.epochs,
    }


def _source(field: Field) -> TrainSettings:
    """The settings of a recipe's source, which `plain_loop.py` can be told in a few numbers."""
    source = settings("train", {}, recipe=field.source, variant="source")
    assert isinstance(source, TrainSettings)
    training = source.training
    assert (training.optimiser, training.schedule) == ("adam", "constant")
    assert training.weight_decay == training.clip == training.ema == 0
    return source


@cache
def parts(name: str, data: Path) -> Document:
    """Files of the two parts; the masks as unetkit reads them, written as images of class ids."""
    field = FIELDS[name]
    dataset = open_data(data / name, seed=0, **_said(field.split))
    files: dict[str, list[list[str]]] = {}
    for role, split in (("train", "train"), ("test", field.scored)):
        for number, pair in enumerate(dataset.split(split)):
            mask = MASKS / name / f"{role}-{number}.png"
            mask.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(mask), dataset.read_mask(pair))
            files.setdefault(role, []).append([str(dataset.root / pair.image), str(mask)])
    return {"pairs": files, "classes": len(dataset.classes), "ignore": IGNORE}


def _said(flags: Sequence[str]) -> Mapping[str, Any]:
    names = [name.lstrip("-").replace("-", "_") for name in flags[::2]]
    return dict(zip(names, flags[1::2], strict=True))


if __name__ == "__main__":
    sys.exit(main())
