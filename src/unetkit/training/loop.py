"""The loop: step, and once in a while score, save, and look at the clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from unetkit.errors import Interrupted, TrainingDiverged
from unetkit.training.batches import Ahead, Batch
from unetkit.training.bottleneck import Spent
from unetkit.training.distributed import Group
from unetkit.training.interrupt import Interruption
from unetkit.training.observers import Observer, Scoring, StepRecord
from unetkit.training.pace import Pace
from unetkit.training.plan import Plan
from unetkit.training.progress import Progress
from unetkit.training.saving import Saver
from unetkit.training.schedule import Rates
from unetkit.training.step import Stepper

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
    """One run of training from its progress so far to the end of its plan.

    Attributes:
        score: name → value on the validation split; raises Interrupted when a signal came meanwhile.
        jumped: called when the loss has jumped.
        closing: seconds that all takes that follows the last step, but for its scoring and that of the best weights.
        spent: what the time goes into.
        clock: seconds of training so far.
        names: the files of a batch.
    """

    stepper: Stepper
    batches: Ahead
    plan: Plan
    progress: Progress
    rhythm: Rhythm
    rates: Rates
    seed: int
    score: Callable[[], dict[str, float]]
    saver: Saver
    jumped: Callable[[], None]
    closing: float
    spent: Spent
    clock: Callable[[], float]
    names: Callable[[Batch], list[str]]
    observers: Sequence[Observer]
    metric: str
    interruption: Interruption
    group: Group
    _batches: list[Batch] = field(default_factory=list[Batch])  # of the last step
    _step_seconds: float = 0.0  # what it took
    _scored_in: float = 0.0  # seconds that the last scoring took, with all that is drawn and saved after it

    def run(self) -> None:
        """Train until the plan is fulfilled, patience has run out, or a signal came.

        Raises:
            TrainingDiverged: a step made NaN or Inf, or weights that score so; the last checkpoint is whole.
            Interrupted: one of `runs.signals.STOPS`; the state was saved, after the step in progress.
        """
        if not self.stepper.kept:
            self.stepper.keep()
            self.stepper.judge(good=True)
        pace = Pace(self._finish_seconds())
        stream = iter(self.batches)
        while True:
            due, signal = self._agreed()
            if due:
                self.plan.scored(self.progress.step)  # who goes on from here scores it, too
            if due and not signal:
                self._score_now(pace)
                _, signal = self._agreed()
            if self.plan.grows_at(self.progress.step):
                self.progress.begins_anew()
            self._look_around(signal)
            if self._is_over():
                return
            self._one_step(stream, pace)
            self._keep_to_the_deadline(pace)

    def _is_over(self) -> bool:
        step = self.progress.step
        return step >= self.plan.total_at(step) or self.progress.out_of_patience(self.rhythm.patience)

    # --- one step ---------------------------------------------------------------------------------------------------

    def _one_step(self, stream: Iterator[Batch], pace: Pace) -> None:
        started = time.perf_counter()
        with self.spent.on("wait"):
            self._batches = [next(stream) for _ in range(self.rhythm.accumulate)]
        waited = time.perf_counter() - started
        total = self.plan.total_at(self.progress.step)
        rate = self._steer(total)
        with self.spent.on("compute"):
            outcome = self.stepper.step(self._batches, seed=((self.seed << 32) + self.progress.step) % 2**64)
        if not outcome.finite:
            what = f"step {self.progress.step + 1}: loss {outcome.loss:g}, gradient norm {outcome.gradient_norm:g}"
            raise self._diverged(what)
        self.progress.stepped(outcome.loss, rate)
        record = StepRecord(
            step=self.progress.step,
            total=total,
            epoch=self.rhythm.epoch(self.progress.step),
            loss=outcome.loss,
            gradient_norm=outcome.gradient_norm,
            rate=rate,
            seconds=time.perf_counter() - started,
            waited=waited,
            images=self.rhythm.samples_per_step,
        )
        pace.stepped(record.seconds)
        self._step_seconds = record.seconds
        with self.spent.on("record"):
            for observer in self.observers:
                observer.stepped(record)
        self._watch(outcome.loss)

    def _steer(self, total: int) -> float:
        """Give the optimiser the rate and the momentum of the step to come; the rate."""
        rate = self.rates.rate(self.progress.step, total, self.progress.plateau) * self.progress.guard.factor
        self.stepper.optimiser.rate = rate
        momentum = self.rates.momentum(self.progress.step, total)
        if momentum is not None:
            self.stepper.optimiser.momentum = momentum
        return rate

    def _watch(self, loss: float) -> None:
        guard, step = self.progress.guard, self.progress.step
        if guard.jumped(loss):
            self.jumped()
        elif (good := guard.judged()) is not None:
            self.stepper.judge(good=good)
        elif guard.wants_candidate(step):
            self.stepper.keep()
            guard.tries(step)

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
        step = self.progress.step
        if self.plan.deadline is None or step < self.plan.known:
            return
        own = pace.feasible(self.clock(), self.plan.deadline, step) if self.group.leads else None
        (feasible,) = self.group.largest(-1 if own is None else own)
        if feasible >= 0 and self.plan.cut(step, feasible):
            self.saver.decided()

    def _finish_seconds(self) -> float:
        """What comes after the last step: its scoring, that of the best weights, and all else up to the model."""
        return self.closing + 2 * self.progress.scoring_seconds

    def _agreed(self) -> tuple[bool, int]:
        """Whether the leading process says that it is time to score, and the signal that reached any process, or 0.

        One that reaches a process after this is for the next time: all stop together, or the others would wait.
        """
        due, signal = self.group.largest(
            int(self.group.leads and self._scoring_is_due()), int(self.interruption.requested)
        )
        return bool(due), signal

    def _scoring_is_due(self) -> bool:
        """At both ends and after each epoch; with a time budget, fewer where it would take more than its share."""
        step, scored = self.progress.step, self.progress.scored_step
        if step == scored:
            return False
        if step in (0, self.plan.total_at(step)):
            return True
        if step <= self.plan.known:
            return step in self.plan.scorings
        if int(self.rhythm.epoch(step)) == int(self.rhythm.epoch(max(scored, 0))):
            return False
        since = self.clock() - self.progress.scored_at
        return self.plan.deadline is None or self.progress.scoring_seconds <= SCORING_SHARE * since

    def _score_now(self, pace: Pace) -> None:
        step = self.progress.step
        self.saver.decided()
        self.saver.state(ahead=max(self.progress.scoring_seconds, self._scored_in))
        started = self.clock()
        with self.spent.on("score"):
            scores = self._scores()
        took = self.clock() - started
        better = self.progress.scored(scores, self.metric, self.clock(), took)
        if step:
            pace.aside += took
        pace.finish = self._finish_seconds()
        scoring = Scoring(
            step=step,
            epoch=self.rhythm.epoch(step),
            loss=self.progress.take_mean_loss(),
            seconds=self.clock(),
            rate=self.progress.rate,
            scores=scores,
            metric=self.metric,
            best=better,
        )
        self.progress.scorings.append(scoring.to_json())
        with self.spent.on("record"):
            for observer in self.observers:
                observer.scored(scoring)
        if better:
            self.saver.best()
        self._scored_in = self.clock() - started

    def _scores(self) -> dict[str, float]:
        try:
            return self.score()
        except Interrupted:
            if not self.interruption.at_once:
                self.saver.state(now=True)
            raise
        except TrainingDiverged as error:
            if not self._batches:
                raise
            raise self._diverged(f"after step {self.progress.step}: {error.what}") from error

    def _look_around(self, signal: int) -> None:
        self.saver.state(now=bool(signal) or self._is_over(), ahead=self._step_seconds)
        if signal:
            self.interruption.requested = signal
            self.interruption.check()
