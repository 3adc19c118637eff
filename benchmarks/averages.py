"""How long a moving average should remember: several of one and the same run, scored on images held out.

The folds of `choice_of_weights.py`, a minute each; after every 5 % more time the held-out fold is scored by the weights
as they are and by averages whose decay grows as (1 + t) / (c + t), up to the recipe's. An average changes nothing in
the training, so that all see the same weights. Resumable; writes `benchmarks/results/averages.json` and `.md`. Alone on
the machine it takes half an hour.

    python benchmarks/averages.py [--data FOLDER] [--table]
"""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import torch
from folds import FOLDS, RECIPES, RUNS, Document, asked, completed, manifest, mean_iou, record, say
from judge import judged
from quality import data_hash, source_hash

from unetkit.data.arrays import Image, Mask
from unetkit.data.pair import Pair
from unetkit.evaluating.score import score
from unetkit.training.scoring import Scorer
from unetkit.training.session import Session

QUICKNESS = (10.0, 5.0, 3.0, 2.0)
NONE = "as they are"
SECONDS = (6, 8, 10, 12, 15, 20, 30, 40, 60)
OUT = sys.stdout

Weights = dict[str, torch.Tensor]


def main() -> int:
    """Run what is missing, then write the table."""
    options = asked(__doc__ or "").parse_args()
    if options.child:
        several = Several()
        return judged(**options.child, due=several.is_due, look=several.look)
    if not options.table:
        key = {name: [source_hash(recipe), data_hash(options.data / name)] for name, recipe in RECIPES.items()}
        runs = {
            f"{data} · fold {fold}": partial(run, options.data / data, fold)
            for fold, data in product(range(FOLDS), reversed(RECIPES))
        }
        completed("averages", key, runs)
    say("averages", "How long a moving average should remember", [*table(record("averages"))])
    return 0


def run(data: Path, fold: int) -> list[Document]:
    """Train a minute, the number of the fold as seed; at each look the confusion of the held-out fold by average."""
    words = ["train", str(manifest(data, fold)), "--recipe", RECIPES[data.name], "--minutes", "1", "--seed", str(fold)]
    told = {"words": [*words, "--out", str(RUNS / "averages"), "--overwrite"], "started": time.time()}
    command = [sys.executable, __file__, "--child", json.dumps(told)]
    looks = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    return [json.loads(look) for look in looks]


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
    """Mean over the folds of the held-out mean IoU, after so many seconds of the run; not before all were looked at."""
    yield f"| data | average | {' | '.join(f'{seconds} s' for seconds in SECONDS)} |"
    yield f"|---|---|{'---|' * len(SECONDS)}"
    for data, kind in product(RECIPES, (NONE, *map(str, QUICKNESS))):
        runs = [looks for name, looks in document["runs"].items() if name.startswith(f"{data} ")]
        if runs:
            cells = [statistics.fmean(_at(looks, kind, seconds) for looks in runs) for seconds in SECONDS]
            yield f"| {data} | {kind} | {' | '.join(map(_told, cells))} |"
    yield ""
    yield "Between two looks at a run values are interpolated in the logarithm of the time; after the last look that"
    yield "one counts. – stands where a fold had not been looked at yet."


def _told(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.4f}"


def _at(looks: list[Document], kind: str, seconds: float) -> float:
    """Between the looks before and after, in the logarithm of the time; not a number before the first."""
    values: list[float] = [mean_iou(np.array(look["counts"][kind])) for look in looks]
    return float(np.interp(np.log(seconds), np.log([look["seconds"] for look in looks]), values, left=np.nan))


if __name__ == "__main__":
    sys.exit(main())
