"""Quality for the time, over networks and schedules: the points that the presets are chosen from.

Every candidate differs from one network in one thing, but for a few corners and the last, which joins the three that
helped most in the first stage. Each trains with the recipe of each of three data sets for as many steps as it makes in
`minutes` on this machine. Its pace is measured first, all candidates in turn, alone on the machine (`--pace`); the runs
themselves are counted in steps, so that what else the machine does changes nothing. It is scored on a validation part
that was cut out of the training part for this alone: no image that any other figure of this project is scored on is
seen, neither in training nor in scoring. What counts is the mean IoU of the last weights; the best of a run would
reward the most nervous. A later stage repeats the best candidates with another seed, another gives some more minutes on
the set with the most classes, and the last one eight on all three to those that could be `base`. Four hours in all.

Resumable; writes `benchmarks/results/network_search.json` and the table of docs/decisions/010-presets.md.

    python benchmarks/network_search.py --pace
    python benchmarks/network_search.py [--data FOLDER] [--stage NAME] [--table]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from pages import put
from quality import ROOT, forest_by_tile, machine, unetkit

from unetkit.data.dataset import open_data, write_manifest

RESULT = ROOT / "benchmarks" / "results" / "network_search.json"
PAGE = ROOT / "docs" / "decisions" / "010-presets.md"
RUNS = ROOT / "runs" / "search"
SETS = ("ir-horizon", "forest", "camvid")

REFERENCE = "widths 32 to 128"
NARROW = "width 16, cap 64"
DEAR = "stem 2, residual, cap 256"
JOINED = "cap 64, residual, transposed 2×2"
FIRST = {
    "--network.stem-stride": "4",
    "--network.depth": "4",
    "--network.width": "32",
    "--network.width-cap": "128",
    "--network.block": "plain",
    "--network.head": "linear",
    "--network.upsampling": "bilinear",
}
"""`small` as it was before the search."""
CANDIDATES: dict[str, dict[str, str]] = {
    REFERENCE: {},
    NARROW: {"--network.width": "16", "--network.width-cap": "64"},
    DEAR: {"--network.stem-stride": "2", "--network.block": "residual", "--network.width-cap": "256"},
    "stem 2, width 16, cap 64": {
        "--network.stem-stride": "2",
        "--network.width": "16",
        "--network.width-cap": "64",
    },
    "stem 2": {"--network.stem-stride": "2"},
    "width 16": {"--network.width": "16"},
    "width 48, cap 192": {"--network.width": "48", "--network.width-cap": "192"},
    "cap 64": {"--network.width-cap": "64"},
    "cap 256": {"--network.width-cap": "256"},
    "depth 3": {"--network.depth": "3"},
    "depth 5": {"--network.depth": "5"},
    "residual": {"--network.block": "residual"},
    "residual, cap 256": {"--network.block": "residual", "--network.width-cap": "256"},
    "head convolution": {"--network.head": "convolution"},
    "transposed 2×2": {"--network.upsampling": "transposed-2"},
    "cosine": {"--training.schedule": "cosine"},
    "rate × 2": {"--lr": "0.006"},
    "rate / 2": {"--lr": "0.0015"},
    JOINED: {
        "--network.width-cap": "64",
        "--network.block": "residual",
        "--network.upsampling": "transposed-2",
    },
}
"""What each has in place of `FIRST`'s."""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stage:
    """Runs that belong together.

    Attributes:
        minutes: of each run.
        seeds: a run each.
        candidates: keys of `CANDIDATES`; none are those that the first stage ranks highest.
        sets: data sets.
    """

    minutes: float
    seeds: tuple[int, ...]
    candidates: tuple[str, ...] = ()
    sets: tuple[str, ...] = SETS


STAGES = {
    "first": Stage(1, (0,), tuple(name for name in CANDIDATES if name != JOINED)),
    "joined": Stage(1, (0,), (JOINED,)),
    "seeds": Stage(1, (1,)),
    "longer": Stage(4, (0,), (REFERENCE, DEAR, "cap 64", JOINED), ("camvid",)),
    "long": Stage(8, (0,), (REFERENCE, DEAR, "cap 64", "residual, cap 256")),
}
SEEDS = tuple(sorted({seed for stage in STAGES.values() for seed in stage.seeds}))
KEPT = 3
"""Candidates that are repeated, beside the reference, the narrow one and the joined one."""


def main() -> int:
    """Run what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("UNETKIT_DATA", ROOT.parent / "shared" / "data"))
    )
    parser.add_argument("--stage", choices=STAGES, action="append", help="repeatable; all without it")
    parser.add_argument("--pace", action="store_true", help="measure the steps a minute of all candidates")
    parser.add_argument("--table", action="store_true", help="only write the table from the results that are there")
    options = parser.parse_args()
    document: Document = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {"pace": {}, "runs": {}}
    if options.pace:
        measure_pace(options.data, document)
    elif not options.table:
        for name in options.stage or STAGES:
            run_stage(STAGES[name], options.data, document)
    write_page(document)
    return 0


# --- how many steps fit into a minute -----------------------------------------------------------------------------


def measure_pace(data: Path, document: Document) -> None:
    """Steps a minute of every candidate on every set that have no record yet."""
    for where, candidate in product(SETS, CANDIDATES):
        if (key := f"{candidate} · {where}") not in document["pace"]:
            document["pace"][key] = round(60 * pace(candidate, *PARTS[where](data / where)), 1)
            document["machine"] = machine()
            keep(document)


def pace(candidate: str, source: Path, flags: Sequence[str]) -> float:
    """Steps a second, batches made beside them as in a run."""
    words = [sys.executable, str(Path(__file__).with_name("pace.py")), *words_of(candidate, source, flags)]
    return float(subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout)


def pace_of(document: Document, candidate: str, where: str) -> float:
    """Steps a minute: the mean over the candidates with the same network, which were measured one by one."""
    network = network_of(candidate)
    alike = [name for name in CANDIDATES if network_of(name) == network]
    return statistics.mean(document["pace"][f"{name} · {where}"] for name in alike)


def network_of(candidate: str) -> dict[str, str]:
    """The flags that say the network."""
    return {flag: value for flag, value in CANDIDATES[candidate].items() if flag.startswith("--network")}


def words_of(candidate: str, source: Path, flags: Sequence[str]) -> tuple[str, ...]:
    """What `unetkit train` is told, but for the budget."""
    own = {**FIRST, **CANDIDATES[candidate]}
    return (str(source), *flags, *(word for pair in own.items() for word in pair))


def keep(document: Document) -> None:
    """Write the record."""
    RESULT.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


# --- the runs -----------------------------------------------------------------------------------------------------


def run_stage(stage: Stage, data: Path, document: Document) -> None:
    """Every run of a stage that has no record yet."""
    for seed, candidate, where in product(stage.seeds, stage.candidates or chosen(document), stage.sets):
        key = f"{candidate} · {where} · {stage.minutes:g} min · seed {seed}"
        if key not in document["runs"]:
            steps = max(round(stage.minutes * pace_of(document, candidate, where)), 1)
            document["runs"][key] = run(candidate, where, steps, seed, data / where)
            keep(document)
            print(f"{key}: {document['runs'][key]['mean_iou']:.4f}", file=sys.stderr)


def chosen(document: Document) -> list[str]:
    """The best candidates of the first stage, and those that are repeated in any case."""
    always = [REFERENCE, NARROW, JOINED]
    first = STAGES["first"]
    ranked = sorted(CANDIDATES, key=lambda name: -mean_gain(document, name, first.minutes, first.seeds))
    return [*always, *[name for name in ranked if name not in always][:KEPT]]


def run(candidate: str, where: str, steps: int, seed: int, folder: Path) -> Document:
    """Train once; what the last weights score on the part held out."""
    words = words_of(candidate, *PARTS[where](folder))
    out = RUNS / where
    unetkit("train", *words, "--steps", str(steps), "--seed", str(seed), "--out", str(out), "--overwrite")
    rows = [json.loads(line) for line in (out / "history.jsonl").read_text(encoding="utf-8").splitlines()]
    values = [row["scores"]["mean_iou"] for row in rows]
    return {"mean_iou": values[-1], "best": max(values), "steps": steps}


# --- the parts of the data that nothing else is scored on ----------------------------------------------------------


def _infrared(folder: Path) -> tuple[Path, tuple[str, ...]]:
    split = ("--split-by", "time", "--val", "15", "--test", "25", "--classes", "0=sea,255=sky")
    return folder, ("--recipe", "infrared", *split)


def _forest(folder: Path) -> tuple[Path, tuple[str, ...]]:
    source, flags = forest_by_tile(folder)
    return source, ("--recipe", "forest", *flags)


def _camvid(folder: Path) -> tuple[Path, tuple[str, ...]]:
    """The given training part alone; one of its three drives is scored."""
    drives = open_data(folder)
    held = {pair: "val" if "0006R0" in pair.image else "train" for pair in drives.split("train")}
    pairs = tuple(replace(pair, split=split) for pair, split in held.items())
    out = RUNS / "camvid-drives"
    out.mkdir(parents=True, exist_ok=True)
    write_manifest(replace(drives, pairs=pairs), out)
    return out, ("--recipe", "camvid")


PARTS: dict[str, Callable[[Path], tuple[Path, tuple[str, ...]]]] = {
    "ir-horizon": _infrared,
    "forest": _forest,
    "camvid": _camvid,
}


# --- the table ----------------------------------------------------------------------------------------------------


def scores(document: Document, candidate: str, where: str, minutes: float, seeds: Sequence[int] = SEEDS) -> list[float]:
    """Of those seeds that have run, in their order."""
    keys = [f"{candidate} · {where} · {minutes:g} min · seed {seed}" for seed in seeds]
    return [document["runs"][key]["mean_iou"] for key in keys if key in document["runs"]]


def mean_gain(document: Document, candidate: str, minutes: float, seeds: Sequence[int] = SEEDS) -> float:
    """Over the reference, on seeds that both have, mean over the data sets."""
    gains = []
    for where in SETS:
        own, first = (scores(document, name, where, minutes, seeds) for name in (candidate, REFERENCE))
        gains += [statistics.mean(a - b for a, b in zip(own, first, strict=False))] if own and first else []
    return statistics.mean(gains) if gains else float("-inf")


def steps_a_minute(document: Document, candidate: str) -> str:
    """On each set."""
    return " / ".join(f"{pace_of(document, candidate, where):.0f}" for where in SETS)


def lines_of(document: Document, minutes: float) -> Iterator[str]:
    """A table of the candidates that ran for so long, best first."""
    yield f"| {minutes:g} min | {' | '.join(SETS)} | gain | steps a minute | seeds |"
    yield "|---" * (len(SETS) + 4) + "|"
    names = [name for name in CANDIDATES if any(scores(document, name, where, minutes) for where in SETS)]
    for name in sorted(names, key=lambda name: -mean_gain(document, name, minutes)):
        each = [scores(document, name, where, minutes) for where in SETS]
        shown = [f"{statistics.mean(one):.3f}" if one else "–" for one in each]
        gain = mean_gain(document, name, minutes)
        pace = steps_a_minute(document, name)
        yield f"| {name} | {' | '.join(shown)} | {gain:+.3f} | {pace} | {max(map(len, each))} |"


def write_page(document: Document) -> None:
    """The tables between the markers of the page of the decision."""
    spans = sorted({stage.minutes for stage in STAGES.values()})
    text = "\n\n".join("\n".join(lines_of(document, minutes)) for minutes in spans)
    print(text)
    put(PAGE, "search", text)


if __name__ == "__main__":
    sys.exit(main())
