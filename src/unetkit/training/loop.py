"""The loop: step, and once in a while score, save, and look at the clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from unetkit.errors import TrainingDiverged
from unetkit.training.batches import Ahead, Batch
from unetkit.training.interrupt import Interruption
from unetkit.training.observers import Observer, Scoring, StepRecord
from unetkit.training.optimiser import set_rate
from unetkit.training.plan import Pace, Plan
from unetkit.training.progress import Progress
from unetkit.training.saving import Saver
from unetkit.training.schedule import Rates
from unetkit.training.step import Stepper

FINISH_SECONDS = 2.0  # figures, report, model file; matplotlib alone takes one to import
SCORING_SHARE = 0.15  # of the time of a run with a time budget


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often things happen, in plain numbers.

    Attributes:
        accumulate: batches a step.
        samples_per_step: batch × accumulate.
        images: training images, so that an epoch can be counted.
        patience: scorings without a better one before the run stops; 0 is never.
    """

    accumulate: int
    samples_per_step: int
    images: int
    patience: int

    def epoch(self, step: int) -> float:
        """Passes over the training images after `step` steps."""
        return step * self.samples_per_step / self.images


@dataclass(slots=True)
class Loop:
    """One run of training from its progress so far to the end of its plan."""

    stepper: Stepper
    batches: Ahead
    plan: Plan
    progress: Progress
    rhythm: Rhythm
    rates: Rates
    seed: int
    score: Callable[[], dict[str, float]]
    saver: Saver
    clock: Callable[[], float]
    names: Callable[[Batch], list[str]]
    observers: Sequence[Observer]
    metric: str
    interruption: Interruption
    _batches: list[Batch] = field(default_factory=list[Batch])  # of the last step

    def run(self) -> None:
        """Train until the plan is fulfilled, patience has run out, or a signal came.

        Raises:
            TrainingDiverged: a step made NaN or Inf, or weights that score so; the last checkpoint is whole.
            Interrupted: SIGINT or SIGTERM; the state was saved after the step in progress.
        """
        if not self.progress.scorings:
            self._score_now()
        self._look_around()
        pace = Pace(self._finish_seconds())
        stream = iter(self.batches)
        while self.progress.step < self.plan.total and not self.progress.out_of_patience(self.rhythm.patience):
            self._one_step(stream, pace)
            self._keep_to_the_deadline(pace)
            if self._scoring_is_due():
                self._score_now(pace)
            self._look_around()

    # --- one step ---------------------------------------------------------------------------------------------------

    def _one_step(self, stream: Iterator[Batch], pace: Pace) -> None:
        started = time.perf_counter()
        self._batches = [next(stream) for _ in range(self.rhythm.accumulate)]
        waited = time.perf_counter() - started
        rate = self.rates.rate(self.progress.step, self.plan.total, self.progress.plateau)
        set_rate(self.stepper.optimiser, rate, self.rates.momentum(self.progress.step, self.plan.total))
        outcome = self.stepper.step(self._batches, seed=((self.seed << 32) + self.progress.step) % 2**64)
        if not outcome.finite:
            what = f"step {self.progress.step + 1}: loss {outcome.loss:g}, gradient norm {outcome.gradient_norm:g}"
            raise self._diverged(what)
        self.progress.stepped(outcome.loss)
        record = StepRecord(
            step=self.progress.step,
            total=self.plan.total,
            epoch=self.rhythm.epoch(self.progress.step),
            loss=outcome.loss,
            gradient_norm=outcome.gradient_norm,
            rate=rate,
            seconds=time.perf_counter() - started,
            waited=waited,
            images=self.rhythm.samples_per_step,
        )
        pace.stepped(record.seconds)
        for observer in self.observers:
            observer.stepped(record)

    def _diverged(self, what: str) -> TrainingDiverged:
        files = [name for batch in self._batches for name in self.names(batch)]
        more = f" and {len(files) - 8} more" if len(files) > 8 else ""
        return TrainingDiverged(
            what,
            where=f"images of this step: {', '.join(files[:8])}{more}",
            advice="try a third of the learning rate (--lr), --training.clip 1, or --training.precision fp32; "
            "look at the images named with `unetkit check`",
        )

    # --- between steps ----------------------------------------------------------------------------------------------

    def _keep_to_the_deadline(self, pace: Pace) -> None:
        if self.plan.deadline is None:
            return
        feasible = pace.feasible(self.clock(), self.plan.deadline, self.progress.step)
        if feasible is not None:
            self.plan.cut(self.progress.step, feasible)

    def _finish_seconds(self) -> float:
        """What comes after the last step: its scoring, that of the best weights, and the model file."""
        return FINISH_SECONDS + 2 * self.progress.scoring_seconds

    def _scoring_is_due(self) -> bool:
        """After each epoch; with a time budget, fewer where scoring would take more than its share of the time."""
        if self.progress.step >= self.plan.total:
            return True
        if int(self.rhythm.epoch(self.progress.step)) == int(self.progress.scored_epoch):
            return False
        if self.plan.deadline is None:
            return True
        since = self.clock() - self.progress.scored_at
        return self.progress.scoring_seconds <= SCORING_SHARE * since

    def _score_now(self, pace: Pace | None = None) -> None:
        started = self.clock()
        scores = self._scores()
        took = self.clock() - started
        step = self.progress.step
        better = self.progress.scored(scores, self.metric, self.rhythm.epoch(step), self.clock(), took)
        if pace is not None:
            pace.aside += took
            pace.finish = self._finish_seconds()
        scoring = Scoring(
            step=step,
            epoch=self.rhythm.epoch(step),
            loss=self.progress.take_mean_loss(),
            seconds=self.clock(),
            rate=self._rate(),
            scores=scores,
            metric=self.metric,
            best=better,
        )
        self.progress.scorings.append(scoring.to_json())
        for observer in self.observers:
            observer.scored(scoring)
        if better:
            self.saver.best()

    def _scores(self) -> dict[str, float]:
        try:
            return self.score()
        except TrainingDiverged as error:
            if not self._batches:
                raise
            raise self._diverged(f"after step {self.progress.step}: {error.what}") from error

    def _rate(self) -> float | None:
        return float(self.stepper.optimiser.param_groups[0]["lr"]) if self.progress.step else None

    def _look_around(self) -> None:
        stopping = bool(self.interruption.requested)
        self.saver.state(now=stopping or self.progress.step >= self.plan.total)
        if stopping:
            raise self.interruption.error()
