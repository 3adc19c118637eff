"""What a setting is chosen by: folds of `forest` and `ir-horizon` without the parts that other benchmarks score.

Five folds (of scenes; of stretches of time), each once held out, the next one validation; and what the benchmarks that
compare on them share: a resumable record, and mean IoU of summed confusions.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from quality import ROOT, forest_by_tile, machine

from unetkit.data.dataset import DataSet, open_data, write_manifest
from unetkit.data.pair import Pair

RESULTS = ROOT / "benchmarks" / "results"
RUNS = ROOT / "runs" / "folds"
FOLDS = 5
RECIPES = {"forest": "forest", "ir-horizon": "infrared"}

Document = dict[str, Any]


def manifest(folder: Path, held: int) -> Path:
    """A manifest of the images outside of the test, in which fold `held` is the test and the next one val."""
    dataset, fold_of = (scenes if folder.name == "forest" else stretches)(folder)
    roles = {held: "test", (held + 1) % FOLDS: "val"}
    pairs = tuple(replace(pair, split=roles.get(fold_of(pair), "train")) for pair in _outside(dataset))
    out = RUNS / f"{folder.name}-{held}"
    out.mkdir(parents=True, exist_ok=True)
    write_manifest(replace(dataset, pairs=pairs), out)
    return out


def scenes(folder: Path) -> tuple[DataSet, Callable[[Pair], int]]:
    """Of `forest`: scenes sorted as numbers, every fifth in one fold."""
    _, (_, pattern, _, test, _, val) = forest_by_tile(folder)
    dataset = open_data(folder, groups=pattern, test=test, val=val, split_by="group")
    groups = sorted({pair.group or "" for pair in _outside(dataset)}, key=_number)
    places = {group: place for place, group in enumerate(groups)}
    return dataset, lambda pair: places[pair.group or ""] % FOLDS


def stretches(folder: Path) -> tuple[DataSet, Callable[[Pair], int]]:
    """Of `ir-horizon`: images in the order of time, five stretches of the same length."""
    dataset = open_data(folder, split_by="time", val="15", test="25", classes="0=sea,255=sky")
    images = sorted(pair.image for pair in _outside(dataset))
    return dataset, lambda pair: images.index(pair.image) * FOLDS // len(images)


def _outside(dataset: DataSet) -> list[Pair]:
    return [*dataset.split("train"), *dataset.split("val")]


def _number(group: str) -> int:
    return int("".join(filter(str.isdigit, group)))


def mean_iou(counts: np.ndarray) -> float:
    """Of a confusion matrix, over all classes."""
    hits = counts.diagonal()
    return float((hits / (counts.sum(0) + counts.sum(1) - hits)).mean())


# --- the record ---------------------------------------------------------------------------------------------------


def asked(about: str) -> argparse.ArgumentParser:
    """The options that these benchmarks have in common; `--child` is how they call themselves."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("UNETKIT_DATA", ROOT.parent / "shared" / "data"))
    )
    parser.add_argument("--table", action="store_true", help="only write the table from the results that are there")
    parser.add_argument("--child", type=json.loads, help=argparse.SUPPRESS)
    return parser


def record(name: str) -> Document:
    """What `benchmarks/results/NAME.json` holds: `key`, `machine` and `runs`; no runs where there is none."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"runs": {}}


def completed(name: str, key: Document, runs: Mapping[str, Callable[[], Any]]) -> Document:
    """The record after every run that was missing, or belonged to other code or data; written after each of them."""
    document = record(name)
    if document.get("key") != key:
        document = {"key": key, "machine": machine(), "runs": {}}
    for title, run in runs.items():
        if title not in document["runs"]:
            document["runs"][title] = run()
            (RESULTS / f"{name}.json").write_text(json.dumps(document) + "\n", encoding="utf-8")
            print(f"{title}: done", file=sys.stderr)
    return document


def say(name: str, title: str, lines: list[str]) -> None:
    """Write a table to `benchmarks/results/NAME.md`, and print it."""
    text = "\n".join(lines)
    (RESULTS / f"{name}.md").write_text(f"# {title}\n\n{text}\n", encoding="utf-8")
    print(text)
