"""The bars of the main job: one run a row and seed, on real data, resumable; `make bench-quality`.

Each row trains `unetkit train DATA --recipe NAME` with the flags shown, scores the model through `unetkit evaluate`,
and leaves one JSON file under `benchmarks/results/quality/`. A row whose file carries the same source, command and
data is skipped. At the end the table in the README is written anew. Run it alone on the machine.

    python benchmarks/quality.py [--only NAME] [--data FOLDER] [--table]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from colour_baseline import colour_baseline
from filelock import FileLock, Timeout
from forest_leak import sisters_apart, sisters_in_train
from pages import put

from unetkit.recipes.recipe import load_recipe, plain

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "quality"
RUNS = ROOT / "runs" / "quality"
PACKAGES = ("unetkit", "torch", "numpy", "opencv-python-headless")

Document = dict[str, Any]


def as_it_is(folder: Path) -> tuple[Path, tuple[str, ...]]:
    """The folder, and no flags that the data would have to tell."""
    return folder, ()


@dataclass(frozen=True, slots=True)
class Row:
    """A data set, its command and its bars.

    Attributes:
        name: of the result files.
        data: folder under the data root.
        recipe: of `unetkit recipes`.
        flags: beside the recipe; callables get the data folder.
        seeds: a run each.
        scored: the split that is scored.
        bars: score → lowest value allowed; "class:NAME:dice" names a class.
        last_counts: whether the last epoch counts (scored on a split given by others), not the best on validation.
        prepare: from the data's folder to what the command is given: DATA, and flags that depend on the data.
    """

    name: str
    data: str
    recipe: str
    flags: tuple[str, ...]
    seeds: tuple[int, ...]
    scored: str
    bars: dict[str, float]
    last_counts: bool = False
    prepare: Callable[[Path], tuple[Path, tuple[str, ...]]] = as_it_is


def forest_by_tile(folder: Path) -> tuple[Path, tuple[str, ...]]:
    """Tiles sorted as numbers, index from 0: i mod 5 = 0 is test, 2 is val."""
    names = (folder / "meta_data.csv").read_text(encoding="utf-8").splitlines()[1:]
    tiles = sorted({int(name.split("_")[0]) for name in names if name})
    chosen = {rest: ",".join(str(tile) for number, tile in enumerate(tiles) if number % 5 == rest) for rest in (0, 2)}
    return folder, ("--groups", r"(\d+)_sat_", "--test", chosen[0], "--val", chosen[2])


def forest_sisters_apart(folder: Path) -> tuple[Path, tuple[str, ...]]:
    """Half of the test scenes' crops are scored; nothing of those scenes is learnt from."""
    return sisters_apart(*forest_by_tile(folder), RUNS / "sisters-apart"), ()


def forest_sisters_in_train(folder: Path) -> tuple[Path, tuple[str, ...]]:
    """The same crops are scored; the other half of their scenes stands in train."""
    return sisters_in_train(*forest_by_tile(folder), RUNS / "sisters-in-train"), ()


UAV_SPLIT = ("--split-by", "group", "--val", "b4,d3", "--test", "c2,d5,e12")
# d5 and e5, d3 and e3 are cuts of the same recordings, some frames byte for byte: here they stand on one side.
UAV_WITHOUT_TWINS = ("--split-by", "group", "--val", "b4,d3,e3", "--test", "c2,d5,e5,e12")
IR_SPLIT = ("--split-by", "time", "--val", "15", "--test", "25", "--classes", "0=sea,255=sky")
LEAK = ("--minutes", "1")
AT_RANDOM = ("--split-by", "random", "--val", "0.2", "--test", "0.2")
UAV_BAR = {"mean_iou": 0.98}
IR_BAR = {"class:sea:dice": 0.985}
FOREST_BAR = {"over_constant:mean_iou": 0.35, "over_colour:mean_iou": 0.0}
CAMVID_BAR = {"pixel_accuracy": 0.85, "mean_iou": 0.45}
PAIRS_BAR = {"pixel_accuracy": 0.78, "mean_iou": 0.23}

ROWS = (
    Row("horizon-uav", "horizon-uav", "horizon", (*UAV_SPLIT, "--minutes", "2"), (0, 1, 2), "test", UAV_BAR),
    Row("ir-horizon", "ir-horizon", "infrared", (*IR_SPLIT, "--minutes", "1"), (0, 1, 2), "test", IR_BAR),
    Row("forest", "forest", "forest", ("--minutes", "1"), (0, 1, 2), "test", FOREST_BAR, prepare=forest_by_tile),
    Row("forest-random-split", "forest", "forest", (*AT_RANDOM, "--minutes", "1"), (0,), "test", {}),
    Row("forest-sisters-apart", "forest", "forest", LEAK, (0, 1, 2), "test", {}, prepare=forest_sisters_apart),
    Row("forest-sisters-in-train", "forest", "forest", LEAK, (0, 1, 2), "test", {}, prepare=forest_sisters_in_train),
    Row("cityscapes-pairs", "cityscapes-pairs", "cityscapes-pairs", ("--minutes", "6"), (0,), "val", PAIRS_BAR, True),
    Row("camvid", "camvid", "camvid", ("--minutes", "10"), (0,), "val", CAMVID_BAR, True),
    Row("horizon-uav-twins-apart", "horizon-uav", "horizon", (*UAV_WITHOUT_TWINS, "--minutes", "2"), (0,), "test", {}),
)


# What the source projects report, and what that is (`unetkit recipes NAME` tells more): all on other data or protocols.
REPORTED = {
    "horizon": "Dice 0.954, across images; a sibling 0.997 on the same frames",
    "infrared": "soft Dice 0.9953 on its own frames",
    "forest": "IoU 0.718, a training score",
    "cityscapes-pairs": "IoU 0.712, a training score with most labels lost",
    "camvid": "mean IoU 0.416 of one image; a sibling 0.515 on all 101",
}


def main() -> int:
    """Run what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", action="append", help="name of a row; repeatable")
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("UNETKIT_DATA", ROOT.parent / "shared" / "data"))
    )
    parser.add_argument("--table", action="store_true", help="only write the table from the results that are there")
    options = parser.parse_args()
    rows = [row for row in ROWS if not options.only or row.name in options.only]
    if not options.table and not run_alone(rows, options.data):
        return 1
    write_table(collect(ROWS))
    return 0


def run_alone(rows: Sequence[Row], data: Path) -> bool:
    """Run what is missing, unless another does so already: the two would slow each other down."""
    RUNS.mkdir(parents=True, exist_ok=True)
    runs = [(row, seed) for row in rows for seed in row.seeds]
    try:
        with FileLock(RUNS / ".lock", timeout=0):
            for row, seed in runs:
                run_row(row, seed, data / row.data)
    except Timeout:
        print(f"a benchmark is running already: {RUNS / 'log.txt'}", file=sys.stderr)
        return False
    return True


# --- one run ------------------------------------------------------------------------------------------------------


def run_row(row: Row, seed: int, folder: Path) -> None:
    """Train, score and record one row with one seed, unless its record is up to date."""
    record = RESULTS / f"{row.name}-seed-{seed}.json"
    data, flags = row.prepare(folder)
    command = ("train", data.name, "--recipe", row.recipe, *flags, *row.flags, "--seed", str(seed))
    key = {"source": source_hash(row.recipe), "command": list(command), "data": data_hash(folder)}
    if record.exists() and json.loads(record.read_text(encoding="utf-8"))["key"] == key:
        print(f"{record.name}: up to date", file=sys.stderr)
        return
    run = RUNS / f"{row.name}-seed-{seed}"
    started = time.monotonic()
    trained = unetkit("train", str(data), *command[2:], "--out", str(run), "--overwrite")
    seconds = time.monotonic() - started
    scores = unetkit("evaluate", str(run), "--split", row.scored, "--out", str(run / "bench"), "--overwrite")
    document: Document = {
        "key": key,
        "machine": machine(),
        "seconds": round(seconds, 1),
        "trained": {name: trained[name] for name in ("steps", "seconds", "best", "last")},
        "scores": {name: scores[name] for name in ("split", "images", "protocol", "scores", "per_class", "baseline")},
        "last": last_scoring(run) if row.last_counts else None,
    }
    if row.data == "forest":
        document["colour_baseline"] = colour_baseline(run)
    RESULTS.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{record.name}: {verdict(row, [document])}", file=sys.stderr)


def unetkit(*arguments: str) -> Document:
    """Run a command in a process of its own; its JSON document."""
    command = [sys.executable, "-m", "unetkit", *arguments, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout)


def last_scoring(run: Path) -> Document:
    """The scores of the last epoch, from the history."""
    rows = (run / "history.jsonl").read_text(encoding="utf-8").splitlines()
    return json.loads(rows[-1])["scores"]


def source_hash(recipe: str) -> str:
    """SHA-256 over everything that decides what a run does: the package's code, the recipe's settings, and the pins.

    What a recipe tells about itself, such as the figures that this benchmark found, decides nothing.
    """
    files = sorted([*(ROOT / "src").rglob("*.py"), ROOT / "constraints.txt"])
    code = [path.relative_to(ROOT).as_posix().encode() + path.read_bytes() for path in files]
    return hash_of([*code, json.dumps(plain(load_recipe(recipe).settings("default")), sort_keys=True).encode()])


def data_hash(folder: Path) -> str:
    """SHA-256 over the names and contents of a data set."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hash_of(path.relative_to(folder).as_posix().encode() + path.read_bytes() for path in files)


def hash_of(parts: Iterable[bytes]) -> str:
    """SHA-256 over those of the parts."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()


def machine() -> Document:
    """What the numbers were made on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": models[0] if models else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "load": [round(value, 2) for value in os.getloadavg()],
    }


def machine_line(found: Document) -> str:
    """A machine as tables name it, from what `machine` found."""
    packages = ", ".join(f"{name} {number}" for name, number in found["packages"].items())
    return f"{found['cpu']}, {found['cores']} cores; {packages}"


# --- the table ----------------------------------------------------------------------------------------------------


def collect(rows: Sequence[Row]) -> list[tuple[Row, list[Document]]]:
    """Each row with the records that are there."""
    return [(row, [json.loads(path.read_text(encoding="utf-8")) for path in _records(row)]) for row in rows]


def _records(row: Row) -> list[Path]:
    return [path for seed in row.seeds if (path := RESULTS / f"{row.name}-seed-{seed}.json").exists()]


def value_of(bar: str, document: Document) -> float:
    """The figure that a bar speaks of."""
    kind, _, name = bar.rpartition(":")
    scores = document["last"] or document["scores"]["scores"]
    if kind == "over_constant":
        return scores[name] - document["scores"]["baseline"]["constant"][name]
    if kind == "over_colour":
        return scores[name] - document["colour_baseline"][name]
    if kind.startswith("class:"):
        wanted = kind.removeprefix("class:")
        return next(entry[name] for entry in document["scores"]["per_class"] if entry["name"] == wanted)
    return scores[bar]


def verdict(row: Row, documents: Sequence[Document]) -> str:
    """Each bar of a row with the median and the lowest of its runs."""
    parts = []
    for bar, lowest in row.bars.items():
        values = [value_of(bar, document) for document in documents]
        median = statistics.median(values)
        parts.append(
            f"{bar} {median:.4f} (lowest {min(values):.4f}; bar {lowest:g}{'' if median >= lowest else ', MISSED'})"
        )
    return "; ".join(parts) or f"mean_iou {value_of('mean_iou', documents[0]):.4f}"


def write_table(collected: Sequence[tuple[Row, list[Document]]]) -> None:
    """The table between the markers of the README, and the same under `benchmarks/results/quality.md`."""
    lines = [
        "| data | scored on | `unetkit train DATA --recipe` | median (lowest) | bar | constant / position: mean IoU "
        "| sources report |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_table_row(row, documents) for row, documents in collected if documents]
    text = "\n".join(lines)
    (RESULTS.parent / "quality.md").write_text(f"# Quality on real data\n\n{text}\n", encoding="utf-8")
    put(ROOT / "README.md", "quality table", text)


def _table_row(row: Row, documents: Sequence[Document]) -> str:
    bars: dict[str, float | None] = {"mean_iou": None, **row.bars}
    scores, limits = [], []
    for bar, lowest in bars.items():
        values = [value_of(bar, document) for document in documents]
        name = bar.replace("_", " ").replace("class:", "").replace(":", " ").replace("over", "above", 1)
        best = value_of(bar, {**documents[0], "last": None})
        beside = f"best on val {best:.4f}" if row.last_counts else f"{min(values):.4f}"
        scores.append(f"{name} {statistics.median(values):.4f} ({beside})")
        limits.append("–" if lowest is None else f"{lowest:g}")
    baseline = documents[0]["scores"]["baseline"]
    baselines = " / ".join(f"{baseline[kind]['mean_iou']:.3f}" for kind in ("constant", "position"))
    which = f"{row.scored}, {'last epoch' if row.last_counts else 'best on val'}, {len(documents)} seed(s)"
    command = f"`{row.recipe} {shlex.join(row.flags)}`" + (" and the tiles" if row.prepare is forest_by_tile else "")
    cells = (f"`{row.name}`", which, command, "<br>".join(scores), "<br>".join(limits), baselines, REPORTED[row.recipe])
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
