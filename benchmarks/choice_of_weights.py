"""Which weights of a run to keep: what each rule would have chosen, and how good that is on images held out.

`forest` and `ir-horizon` without the part that their benchmarks are scored on, in five folds (scenes; stretches of
time), each once held out, the next one validation. The held-out images are scored whenever the run scores its
validation part, so that every rule chooses from the same runs. Resumable; writes
`benchmarks/results/choice_of_weights.json` and `.md`. Alone on the machine it takes half an hour.

    python benchmarks/choice_of_weights.py [--data FOLDER] [--table]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from forest_folds import mean_iou
from judge import judged
from quality import ROOT, data_hash, forest_by_tile, machine, source_hash

from unetkit.data.dataset import open_data, write_manifest
from unetkit.data.pair import Pair
from unetkit.evaluating.score import score
from unetkit.training.scoring import Scorer
from unetkit.training.session import Session

RESULTS = ROOT / "benchmarks" / "results"
RUNS = ROOT / "runs" / "choice_of_weights"
FOLDS, SEEDS = 5, 2
RECIPES = {"forest": "forest", "ir-horizon": "infrared"}
OUT = sys.stdout

Document = dict[str, Any]


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
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("UNETKIT_DATA", ROOT.parent / "shared" / "data"))
    )
    parser.add_argument("--table", action="store_true", help="only write the table from the results that are there")
    parser.add_argument("--child", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return judged(**options.child, due=None, look=look)
    path = RESULTS / "choice_of_weights.json"
    document: Document = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"runs": {}}
    if not options.table:
        key = {name: [source_hash(recipe), data_hash(options.data / name)] for name, recipe in RECIPES.items()}
        if document.get("key") != key:
            document = {"key": key, "machine": machine(), "runs": {}}
        for seed, data, fold in product(range(SEEDS), RECIPES, range(FOLDS)):
            name = f"{data} · fold {fold} · seed {seed}"
            if name not in document["runs"]:
                document["runs"][name] = run(manifest(options.data / data, fold), RECIPES[data], seed)
                path.write_text(json.dumps(document) + "\n", encoding="utf-8")
                print(f"{name}: {len(document['runs'][name])} scorings", file=sys.stderr)
    text = "\n".join(table(document))
    (RESULTS / "choice_of_weights.md").write_text(f"# Which weights to keep\n\n{text}\n", encoding="utf-8")
    print(text)
    return 0


# --- the folds ----------------------------------------------------------------------------------------------------


def manifest(folder: Path, held: int) -> Path:
    """A manifest of the images outside of the test, in which fold `held` is the test and the next one val."""
    dataset, unit = (scenes if folder.name == "forest" else stretches)(folder)
    roles = {held: "test", (held + 1) % FOLDS: "val"}
    outside = [*dataset.split("train"), *dataset.split("val")]
    pairs = tuple(replace(pair, split=roles.get(unit(pair), "train")) for pair in outside)
    out = RUNS / f"{folder.name}-fold-{held}"
    out.mkdir(parents=True, exist_ok=True)
    write_manifest(replace(dataset, pairs=pairs), out)
    return out


def scenes(folder: Path) -> tuple[Any, Callable[[Pair], int]]:
    """Of `forest`: scenes sorted as numbers, every fifth in one fold."""
    _, (_, pattern, _, test, _, val) = forest_by_tile(folder)
    dataset = open_data(folder, groups=pattern, test=test, val=val, split_by="group")
    groups = {pair.group or "" for pair in [*dataset.split("train"), *dataset.split("val")]}
    places = {group: place for place, group in enumerate(sorted(groups, key=_number))}
    return dataset, lambda pair: places[pair.group or ""] % FOLDS


def stretches(folder: Path) -> tuple[Any, Callable[[Pair], int]]:
    """Of `ir-horizon`: images in the order of time, five stretches of the same length."""
    dataset = open_data(folder, split_by="time", val="15", test="25", classes="0=sea,255=sky")
    images = sorted(pair.image for pair in [*dataset.split("train"), *dataset.split("val")])
    return dataset, lambda pair: images.index(pair.image) * FOLDS // len(images)


def _number(group: str) -> int:
    return int("".join(filter(str.isdigit, group)))


# --- a run --------------------------------------------------------------------------------------------------------


def run(data: Path, recipe: str, seed: int) -> list[Document]:
    """Train a minute; at each scoring: step, value on the validation part, confusion of the held-out fold."""
    out = RUNS / "run"
    words = ["train", str(data), "--recipe", recipe, "--minutes", "1", "--seed", str(seed)]
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
    return statistics.fmean(mean_iou(sum(counts)) for counts in seeds)


if __name__ == "__main__":
    sys.exit(main())
