"""One `unetkit train`, scored on its test part after every 5 % more time; `time_to_quality.py` calls it.

python benchmarks/timed_run.py SPEC.json
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from judge import judged

from unetkit.data.arrays import Image, Mask
from unetkit.data.pair import Pair
from unetkit.evaluating.score import score
from unetkit.training.scoring import Scorer
from unetkit.training.session import Session

OUT = sys.stdout


@dataclass(slots=True)
class Test:
    """The part of the data that is scored, decoded once.

    Attributes:
        split: its name.
        log: where the run says what is done when (`--log-json`).
        due: seconds of the run from which on it is looked at.
    """

    split: str
    log: Path
    due: float = 0.0
    kept: dict[Pair, tuple[Image, Mask]] = field(default_factory=dict[Pair, "tuple[Image, Mask]"])

    def is_due(self, _step: int, seconds: float) -> bool:
        """After the first step, and after every 5 % more."""
        return seconds >= self.due

    def look(self, session: Session, scorer: Scorer, step: int, seconds: float) -> None:
        """Print the confusion of the averaged weights."""

        def read(pair: Pair) -> tuple[Image, Mask]:
            if pair not in self.kept:
                self.kept[pair] = session.material.read(pair)
            return self.kept[pair]

        pairs = session.material.dataset.split(self.split)
        report = score(scorer.predictor, pairs, read, split=self.split)
        rate = session.stepper.optimiser.rate
        told: dict[str, Any] = {"seconds": seconds, "step": step, "precision": session.compute.precision, "rate": rate}
        if not self.due:
            told["done"] = done(self.log)
        print(json.dumps({**told, "counts": report.confusion.counts.tolist()}), file=OUT, flush=True)
        self.due = 1.05 * seconds


def done(log: Path) -> dict[str, float]:
    """What a run has done before its first step → when, in its seconds; the state that follows that step is none."""
    events = map(json.loads, log.read_text(encoding="utf-8").splitlines())
    told = (event for event in events if event["event"] == "detail" and "done" in event)
    return {event["done"]: event["seconds"] for event in told if not event["done"].startswith("state of step")}


def main(spec: dict[str, Any]) -> int:
    """Train as `spec` says: `words` of the command, when the process was `started`, and the part that is `scored`."""
    with tempfile.TemporaryDirectory() as folder:
        test = Test(spec["scored"], Path(folder) / "log.jsonl")
        words = [*spec["words"], "--log-json", str(test.log)]
        return judged(words, started=spec["started"], due=test.is_due, look=test.look)


if __name__ == "__main__":
    sys.exit(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
