"""One training by unetkit, scored on the test part as it goes; `time_to_quality.py` calls it.

The job is that of `unetkit train`, step by step; only the optimiser step is followed by a look at the clock. The clock
runs from the start of the process and stands still while the test part is scored, for the run's own deadline, too.

    python benchmarks/timed_run.py SPEC.json
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STARTED = time.time() - time.process_time()

from unetkit.config.jobs import TrainSettings  # noqa: E402 - the clock counts the imports
from unetkit.data.arrays import Image, Mask  # noqa: E402
from unetkit.data.pair import Pair  # noqa: E402
from unetkit.evaluating.score import score  # noqa: E402
from unetkit.predicting.predictor import Predictor  # noqa: E402
from unetkit.recipes.settings import settings  # noqa: E402
from unetkit.training.batches import Batch  # noqa: E402
from unetkit.training.clock import Clock  # noqa: E402
from unetkit.training.closing import close_run  # noqa: E402
from unetkit.training.device import choose_compute, prepared  # noqa: E402
from unetkit.training.interrupt import interruption  # noqa: E402
from unetkit.training.opening import begin, open_folder  # noqa: E402
from unetkit.training.planning import choose_plan  # noqa: E402
from unetkit.training.prepare import prepare_data  # noqa: E402
from unetkit.training.running import run_loop  # noqa: E402
from unetkit.training.scoring import Scorer  # noqa: E402
from unetkit.training.session import Session, assemble  # noqa: E402
from unetkit.training.step import StepOutcome, Stepper  # noqa: E402


@dataclass(slots=True)
class Judge:
    """Scores the averaged weights on the test part after every 5 % more training time."""

    session: Session
    predictor: Predictor
    scored: str
    kept: dict[Pair, tuple[Image, Mask]]
    due: float = 0.0

    def look(self) -> None:
        """Score if it is time."""
        if self.session.clock() < self.due:
            return
        now, started = self.session.clock(), time.time()
        pairs = self.session.material.dataset.split(self.scored)
        report = score(self.predictor, pairs, self.read, split=self.scored)
        print(json.dumps({"seconds": now, "counts": report.confusion.counts.tolist()}), flush=True)
        self.session.clock.started += time.time() - started
        self.due = 1.05 * now

    def read(self, pair: Pair) -> tuple[Image, Mask]:
        """A pair of the test part, decoded once."""
        if pair not in self.kept:
            self.kept[pair] = self.session.material.read(pair)
        return self.kept[pair]


class Judged(Stepper):
    """The stepper of a run, with a judge who looks at what each step has made."""

    judge: Judge

    def step(self, batches: Sequence[Batch], seed: int) -> StepOutcome:
        """One step, and then a look."""
        outcome = super().step(batches, seed)
        self.judge.look()
        return outcome


def main(spec: dict[str, Any]) -> None:
    """Train as `spec` says: `values` of settings by name, `recipe`, `variant` and `data`."""
    asked = settings("train", spec["values"], recipe=spec["recipe"], variant=spec["variant"])
    assert isinstance(asked, TrainSettings)
    beginning = begin(asked, spec["data"])
    training = asked.training
    compute = choose_compute(training.device, training.threads, training.precision, training.deterministic)
    with prepared(compute):
        material = prepare_data(asked.data, spec["data"], training.seed)
        session = assemble(asked, material, compute, Clock(STARTED))
        run = open_folder(beginning, session)
        with interruption(run.path) as stop:
            scorer = Scorer(session, stop.check)
            plan = choose_plan(run, session, scorer)
            judge = Judge(session, scorer.predictor, spec["scored"], {})
            session.stepper.__class__, session.stepper.judge = Judged, judge  # type: ignore[attr-defined,assignment]
            run_loop(run, session, plan, scorer, stop)
            result = close_run(run, session, scorer)
    print(json.dumps({"seconds": result.seconds, "steps": result.steps}), flush=True)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
