"""How long a moving average should remember: several of one and the same run, scored on images held out.

The folds of `choice_of_weights.py`, a minute each; after every 5 % more time the held-out fold is scored by the weights
as they are and by averages whose decay grows as (1 + t) / (c + t), up to the recipe's. An average changes nothing in
the training, so that all see the same weights. Resumable; writes `benchmarks/results/averages.json` and `.md`. Alone on
the machine it takes half an hour.

    python benchmarks/averages.py [--data FOLDER] [--table]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from choice_of_weights import FOLDS, RECIPES, manifest
from forest_folds import mean_iou
from judge import judged
from quality import ROOT, data_hash, machine, source_hash

from unetkit.data.arrays import Image, Mask
from unetkit.data.pair import Pair
from unetkit.evaluating.score import score
from unetkit.training.scoring import Scorer
from unetkit.training.session import Session

RESULTS = ROOT / "benchmarks" / "results"
RUNS = ROOT / "runs" / "averages"
QUICKNESS = (10.0, 5.0, 3.0, 2.0)
NONE = "as they are"
SECONDS = (6, 8, 10, 12, 15, 20, 30, 40, 60)
OUT = sys.stdout

Document = dict[str, Any]
Weights = dict[str, torch.Tensor]


def main() -> int:
    """Run what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("UNETKIT_DATA", ROOT.parent / "shared" / "data"))
    )
    parser.add_argument("--table", action="store_true", help="only write the table from the results that are there")
    parser.add_argument("--child", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        several = Several()
        return judged(**options.child, due=several.is_due, look=several.look)
    path = RESULTS / "averages.json"
    document: Document = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"runs": {}}
    if not options.table:
        key = {name: [source_hash(recipe), data_hash(options.data / name)] for name, recipe in RECIPES.items()}
        if document.get("key") != key:
            document = {"key": key, "machine": machine(), "runs": {}}
        for fold, data in product(range(FOLDS), reversed(RECIPES)):
            name = f"{data} · fold {fold}"
            if name not in document["runs"]:
                document["runs"][name] = run(manifest(options.data / data, fold), RECIPES[data], fold)
                path.write_text(json.dumps(document) + "\n", encoding="utf-8")
                print(f"{name}: {len(document['runs'][name])} looks", file=sys.stderr)
    text = "\n".join(table(document))
    (RESULTS / "averages.md").write_text(f"# How long a moving average should remember\n\n{text}\n", encoding="utf-8")
    print(text)
    return 0


def run(data: Path, recipe: str, seed: int) -> list[Document]:
    """Train a minute; at each look seconds, and by kind of average the confusion of the held-out fold."""
    words = ["train", str(data), "--recipe", recipe, "--minutes", "1", "--seed", str(seed)]
    told = {"words": [*words, "--out", str(RUNS / "run"), "--overwrite"], "started": time.time()}
    command = [sys.executable, __file__, "--child", json.dumps(told)]
    return [
        *map(json.loads, subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines())
    ]


# --- in the run ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Several:
    """Averages beside that of the run, begun after its first step.

    Attributes:
        averages: quickness c → weights and float buffers.
        due: seconds of the run from which on it is looked at.
    """

    session: Session | None = None
    averages: dict[float, Weights] = field(default_factory=dict[float, Weights])
    due: float = 0.0
    kept: dict[Pair, tuple[Image, Mask]] = field(default_factory=dict[Pair, "tuple[Image, Mask]"])

    @torch.no_grad()
    def is_due(self, step: int, seconds: float) -> bool:
        """Take a step in; whether to look after it."""
        if self.session is not None:
            network = self.session.stepper.network.state_dict()
            for quickness, average in self.averages.items():
                decay = min(self.session.stepper.average.decay, (1 + step) / (quickness + step))
                for name, tensor in average.items():
                    tensor.lerp_(network[name], 1 - decay)
        return seconds >= self.due

    @torch.no_grad()
    def look(self, session: Session, scorer: Scorer, step: int, seconds: float) -> None:
        """Print the confusions of the held-out fold."""
        network = {n: t for n, t in session.stepper.network.state_dict().items() if t.is_floating_point()}
        if self.session is None:
            self.session = session
            self.averages = {quick: {n: t.clone() for n, t in network.items()} for quick in QUICKNESS}
        averaged = session.stepper.average.network.state_dict()
        own = {name: averaged[name].clone() for name in network}

        def read(pair: Pair) -> tuple[Image, Mask]:
            if pair not in self.kept:
                self.kept[pair] = session.material.read(pair)
            return self.kept[pair]

        counts: Document = {}
        for name, weights in {NONE: network, **self.averages, "back": own}.items():
            for key, tensor in weights.items():
                averaged[key].copy_(tensor)
            if name != "back":
                held = session.material.dataset.split("test")
                counts[str(name)] = score(scorer.predictor, held, read, split="test").confusion.counts.tolist()
        print(json.dumps({"step": step, "seconds": seconds, "counts": counts}), file=OUT, flush=True)
        self.due = 1.05 * seconds


# --- the table ----------------------------------------------------------------------------------------------------


def table(document: Document) -> Iterator[str]:
    """Mean over the folds of the held-out mean IoU, after so many seconds of the run."""
    yield f"| data | average | {' | '.join(f'{seconds} s' for seconds in SECONDS)} |"
    yield f"|---|---|{'---|' * len(SECONDS)}"
    for data, kind in product(RECIPES, (NONE, *map(str, QUICKNESS))):
        runs = [looks for name, looks in document["runs"].items() if name.startswith(f"{data} ")]
        if runs:
            cells = [statistics.fmean(_at(looks, kind, seconds) for looks in runs) for seconds in SECONDS]
            yield f"| {data} | {kind} | {' | '.join(f'{cell:.4f}' for cell in cells)} |"


def _at(looks: list[Document], kind: str, seconds: float) -> float:
    """Between the looks before and after, in the logarithm of the time."""
    values: list[float] = [mean_iou(np.array(look["counts"][kind])) for look in looks]
    return float(np.interp(np.log(seconds), np.log([look["seconds"] for look in looks]), values))


if __name__ == "__main__":
    sys.exit(main())
