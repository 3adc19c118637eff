"""What suits `forest`, without a look at its test: five folds of the scenes outside of it, each once held out.

Every candidate is trained for a minute on three folds, with the fourth as validation, and scored on the fifth, both by
the weights that were best on validation and by those of the last step. The confusions of the five are added up, so that
each image outside of the test counts once. Resumable; writes `benchmarks/results/forest_folds.json` and `.md`. Alone on
the machine it takes six minutes a candidate.

    python benchmarks/forest_folds.py [--data FOLDER] [--only CANDIDATE] [--table]
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from folds import FOLDS, RUNS, Document, asked, completed, manifest, mean_iou, record, say
from judge import judged
from quality import data_hash, source_hash, unetkit

from unetkit.evaluating.score import score
from unetkit.training.scoring import Scorer
from unetkit.training.session import Session

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


def main() -> int:
    """Run what is missing, then write the table."""
    parser = asked(__doc__ or "")
    parser.add_argument("--only", choices=CANDIDATES)
    options = parser.parse_args()
    if options.child:
        return judged(**options.child, due=lambda _step, _seconds: False, look=look)
    if not options.table:
        key = {"source": source_hash("forest"), "data": data_hash(options.data / "forest")}
        folds = [manifest(options.data / "forest", fold) for fold in range(FOLDS)]
        runs = {
            f"{candidate} · fold {fold}": partial(run, folds[fold], (*flags, "--seed", str(fold)))
            for (candidate, flags), fold in product(CANDIDATES.items(), range(FOLDS))
            if options.only in (None, candidate)
        }
        completed("forest_folds", key, runs)
    say("forest_folds", "What suits forest", [*table(record("forest_folds"))])
    return 0


def run(data: Path, flags: tuple[str, ...]) -> Document:
    """Train, and the confusions of the held-out fold: by the weights best on val, and by the last ones."""
    out = RUNS / "forest"
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
            yield f"| {candidate} | {weights} | {mean_iou(np.sum(counts, axis=0)):.4f} | {each} |"


if __name__ == "__main__":
    sys.exit(main())
