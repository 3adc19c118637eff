"""What suits `forest`, without a look at its test: five folds of the scenes outside of it, each once held out.

Every candidate is trained for a minute on three folds, with the fourth as validation, and scored on the fifth, both by
the weights that were best on validation and by those of the last step. The confusions of the five are added up, so that
each image outside of the test counts once. Resumable; writes `benchmarks/results/forest_folds.json` and `.md`. Alone on
the machine it takes six minutes a candidate.

    python benchmarks/forest_folds.py [--data FOLDER] [--only CANDIDATE] [--table]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from judge import judged
from quality import ROOT, data_hash, forest_by_tile, machine, source_hash, unetkit

from unetkit.data.dataset import open_data, write_manifest
from unetkit.evaluating.score import score
from unetkit.training.scoring import Scorer
from unetkit.training.session import Session

RESULTS = ROOT / "benchmarks" / "results"
RUNS = ROOT / "runs" / "forest_folds"
FOLDS = 5
CANDIDATES: dict[str, tuple[str, ...]] = {
    "nano": ("--network", "nano"),
    "small": ("--network", "small"),
    "percentile": ("--data.normalise", "percentile"),
    "strength 1": ("--augmentation.strength", "1"),
    "size 128": ("--size", "128"),
    "weight decay 0.1": ("--training.weight-decay", "0.1"),
    "rate / 2": ("--lr", "0.0015"),
}
OUT = sys.stdout

Document = dict[str, Any]


def main() -> int:
    """Run what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("UNETKIT_DATA", ROOT.parent / "shared" / "data"))
    )
    parser.add_argument("--only", choices=CANDIDATES)
    parser.add_argument("--table", action="store_true", help="only write the table from the results that are there")
    parser.add_argument("--child", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return judged(**options.child, due=lambda _step, _seconds: False, look=look)
    path = RESULTS / "forest_folds.json"
    document: Document = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"runs": {}}
    if not options.table:
        key = {"source": source_hash("forest"), "data": data_hash(options.data / "forest")}
        if document.get("key") != key:
            document = {"key": key, "machine": machine(), "runs": {}}
        folds = [manifest(options.data / "forest", fold) for fold in range(FOLDS)]
        for candidate, fold in product(CANDIDATES, range(FOLDS)):
            name = f"{candidate} · fold {fold}"
            if name not in document["runs"] and options.only in (None, candidate):
                document["runs"][name] = run(folds[fold], (*CANDIDATES[candidate], "--seed", str(fold)))
                path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
                print(f"{name}: {document['runs'][name]}", file=sys.stderr)
    text = "\n".join(table(document))
    (RESULTS / "forest_folds.md").write_text(f"# What suits forest\n\n{text}\n", encoding="utf-8")
    print(text)
    return 0


def manifest(folder: Path, held: int) -> Path:
    """Scenes outside of the test, sorted as numbers: every fifth from `held` on is held out, the next ones are val."""
    _, (_, pattern, _, test, _, val) = forest_by_tile(folder)
    scenes = open_data(folder, groups=pattern, test=test, val=val, split_by="group")
    pairs = [*scenes.split("train"), *scenes.split("val")]
    places = {group: place for place, group in enumerate(sorted({pair.group or "" for pair in pairs}, key=_number))}
    roles = {held: "test", (held + 1) % FOLDS: "val"}
    split = [replace(pair, split=roles.get(places[pair.group or ""] % FOLDS, "train")) for pair in pairs]
    out = RUNS / f"fold-{held}"
    out.mkdir(parents=True, exist_ok=True)
    write_manifest(replace(scenes, pairs=tuple(split)), out)
    return out


def _number(group: str) -> int:
    return int("".join(filter(str.isdigit, group)))


def run(data: Path, flags: tuple[str, ...]) -> Document:
    """Train, and the confusions of the held-out fold: by the weights best on val, and by the last ones."""
    out = RUNS / "run"
    words = ["train", str(data), "--recipe", "forest", "--minutes", "1", *flags, "--out", str(out), "--overwrite"]
    command = [sys.executable, __file__, "--child", json.dumps({"words": words, "started": time.time()})]
    last = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    best = unetkit("evaluate", str(out), "--split", "test", "--out", str(out / "bench"), "--overwrite")
    return {"best on val": best["confusion"], "last step": last}


def look(session: Session, scorer: Scorer, _step: int, _seconds: float) -> None:
    """Print the confusion of the held-out fold."""
    report = score(scorer.predictor, session.material.dataset.split("test"), session.material.read, split="test")
    print(json.dumps(report.confusion.counts.tolist()), file=OUT, flush=True)


def table(document: Document) -> Iterator[str]:
    """Mean IoU of all images outside of the test, each by a model that has not seen its scene."""
    yield "| candidate | weights | mean IoU of all | of the folds |"
    yield "|---|---|---|---|"
    for candidate, weights in product(CANDIDATES, ("best on val", "last step")):
        names = [f"{candidate} · fold {fold}" for fold in range(FOLDS)]
        counts = [np.array(document["runs"][name][weights]) for name in names if name in document["runs"]]
        if len(counts) == FOLDS:
            each = " / ".join(f"{mean_iou(one):.3f}" for one in counts)
            yield f"| {candidate} | {weights} | {mean_iou(sum(counts)):.4f} | {each} |"


def mean_iou(counts: Any) -> float:
    """Over both classes."""
    hits = counts.diagonal()
    return float((hits / (counts.sum(0) + counts.sum(1) - hits)).mean())


if __name__ == "__main__":
    sys.exit(main())
