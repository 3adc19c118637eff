"""Which weights of a run to keep: what each rule would have chosen, and how good that is on images held out.

`forest` and `ir-horizon` without the part that their benchmarks are scored on, in five folds (scenes; stretches of
time), each once held out, the next one validation. The held-out images are scored whenever the run scores its
validation part, so that every rule chooses from the same runs. Resumable; writes
`benchmarks/results/choice_of_weights.json` and `.md`. Alone on the machine it takes half an hour.

    python benchmarks/choice_of_weights.py [--data FOLDER] [--table]
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from folds import FOLDS, RECIPES, RUNS, Document, asked, completed, manifest, mean_iou, record, say
from judge import judged
from quality import data_hash, source_hash

from unetkit.evaluating.score import score
from unetkit.training.scoring import Scorer
from unetkit.training.session import Session

SEEDS = 2
OUT = sys.stdout


@dataclass(frozen=True, slots=True)
class Rule:
    """Keeps the weights with the highest mean of the last scorings, none of them from the first half of the way there.

    Attributes:
        title: in the table.
        window: most scorings of a mean; 0 keeps the weights of the last step.
    """

    title: str
    window: int

    def choice(self, scorings: Sequence[Document]) -> int:
        """Number of the scoring whose weights are kept."""
        if not self.window:
            return len(scorings) - 1
        means = [self._mean(scorings[: number + 1]) for number in range(len(scorings))]
        return means.index(max(means))

    def _mean(self, scorings: Sequence[Document]) -> float:
        later = [one["value"] for one in scorings if 2 * one["step"] >= scorings[-1]["step"]]
        return statistics.fmean(later[-self.window :])


RULES = (
    Rule("highest value", 1),
    Rule("highest mean of three", 3),
    Rule("highest mean of five", 5),
    Rule("last step", 0),
)


def main() -> int:
    """Run what is missing, then write the table."""
    options = asked(__doc__ or "").parse_args()
    if options.child:
        return judged(**options.child, due=None, look=look)
    if not options.table:
        key = {name: [source_hash(recipe), data_hash(options.data / name)] for name, recipe in RECIPES.items()}
        runs = {
            f"{data} · fold {fold} · seed {seed}": partial(run, options.data / data, fold, seed)
            for seed, data, fold in product(range(SEEDS), RECIPES, range(FOLDS))
        }
        completed("choice_of_weights", key, runs)
    say("choice_of_weights", "Which weights to keep", [*table(record("choice_of_weights"))])
    return 0


# --- a run --------------------------------------------------------------------------------------------------------


def run(data: Path, fold: int, seed: int) -> list[Document]:
    """Train a minute; at each scoring: step, value on the validation part, confusion of the held-out fold."""
    out = RUNS / "choice"
    words = ["train", str(manifest(data, fold)), "--recipe", RECIPES[data.name], "--minutes", "1", "--seed", str(seed)]
    told = {"words": [*words, "--out", str(out), "--overwrite"], "started": time.time()}
    command = [sys.executable, __file__, "--child", json.dumps(told)]
    looks = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    rows = map(json.loads, (out / "history.jsonl").read_text(encoding="utf-8").splitlines())
    values = {row["step"]: row["scores"][row["metric"]] for row in rows}
    return [{**look, "value": values[look["step"]]} for look in map(json.loads, looks)]


def look(session: Session, scorer: Scorer, step: int, _seconds: float) -> None:
    """Print the confusion of the held-out fold."""
    report = score(scorer.predictor, session.material.dataset.split("test"), session.material.read, split="test")
    print(json.dumps({"step": step, "counts": report.confusion.counts.tolist()}), file=OUT, flush=True)


# --- the table ----------------------------------------------------------------------------------------------------


def table(document: Document) -> Iterator[str]:
    """Mean IoU by rule: of all held-out images together (mean over the seeds), and each run against the first rule."""
    yield "| data | kept | mean IoU of all | lowest of the runs | more than by the highest value, mean ± its error |"
    yield "|---|---|---|---|---|"
    for data in RECIPES:
        runs = {name: scorings for name, scorings in document["runs"].items() if name.startswith(f"{data} ")}
        kept = {rule: {name: _kept(rule, scorings) for name, scorings in runs.items()} for rule in RULES}
        each = {rule: [mean_iou(counts) for counts in chosen.values()] for rule, chosen in kept.items()}
        for rule in RULES if len(runs) == FOLDS * SEEDS else ():
            more = [one - other for one, other in zip(each[rule], each[RULES[0]], strict=True)]
            error = statistics.stdev(more) / len(more) ** 0.5
            against = f"{statistics.fmean(more):+.4f} ± {error:.4f}" if any(more) else "–"
            yield f"| {data} | {rule.title} | {_pooled(kept[rule]):.4f} | {min(each[rule]):.4f} | {against} |"


def _kept(rule: Rule, scorings: Sequence[Document]) -> np.ndarray:
    return np.array(scorings[rule.choice(scorings)]["counts"])


def _pooled(chosen: dict[str, np.ndarray]) -> float:
    seeds = [[counts for name, counts in chosen.items() if name.endswith(f"seed {seed}")] for seed in range(SEEDS)]
    return statistics.fmean(mean_iou(np.sum(counts, axis=0)) for counts in seeds)


if __name__ == "__main__":
    sys.exit(main())
