"""A loss that rises: noticed from the losses alone, so that a run that is resumed notices it at the same step."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field

BEFORE = 32  # steps that say what the loss was; at the beginning of a run as few as `NOW`
NOW = 16  # steps that say what it is
JUMP = math.log(3)
CALM = math.log(1.5)
SIGMAS = 6  # of the difference of both medians, as the losses scatter
LONG = 200  # steps whose scatter counts
SMALLEST = 1e-12
MEDIAN = 1.11  # of normal numbers: the scatter of a median of n, times √n, in mean differences of neighbours
LOWER = 0.5  # of the learning rate, with each recovery
MOST = 5  # recoveries of a run: who jumps more often is not helped by another


@dataclass(slots=True)
class Guard:
    """Watches the loss of every step.

    A jump is a median of the last `NOW` losses of more than three times the lowest that `BEFORE` losses in a row ever
    had, and beyond what scatter explains: single images may be as hard as they like, and a rise may be slow. Whether
    weights were good is known only by the losses after them, so that a candidate has to stand for `NOW` calm steps
    before it is what the run would go back to.

    Attributes:
        logs: logarithms of the last losses.
        lowest: median of `BEFORE` logarithms in a row, where it was lowest; None before there were enough.
        difference: mean absolute difference of neighbours among them: it knows nothing of whatever slope they have.
        seen: losses that `difference` has seen.
        kept: the step whose weights the run would go back to.
        candidate: the step whose weights are on trial; None where there are none.
        heard: losses since that step.
        factor: of the learning rate; halved with each recovery.
        recoveries: [step of the jump, step gone back to].
    """

    logs: list[float] = field(default_factory=list[float])
    lowest: float | None = None
    difference: float = 0.0
    seen: int = 0
    kept: int = 0
    candidate: int | None = None
    heard: int = 0
    factor: float = 1.0
    recoveries: list[list[int]] = field(default_factory=list[list[int]])

    def jumped(self, loss: float) -> bool:
        """Take in the loss of a step; says whether it has jumped, once for each jump that is then answered.

        A step without a labelled pixel has a loss of 0, and says nothing.
        """
        if loss <= 0:
            return False
        self._take_in(math.log(max(loss, SMALLEST)))
        before = self.logs[:-NOW]
        if len(before) < NOW:
            return False
        level = statistics.median(before)
        self.lowest = level if self.lowest is None else min(level, self.lowest)
        noise = SIGMAS * MEDIAN * self.difference * math.sqrt(1 / len(before) + 1 / NOW)
        return self._rise() > max(JUMP, noise)

    def wants_candidate(self, step: int) -> bool:
        """Whether the weights after `step` may be worth going back to, and are newer by a while than those kept."""
        return self.candidate is None and step - self.kept >= BEFORE + NOW and self._is_calm()

    def tries(self, step: int) -> None:
        """The weights after `step` are on trial."""
        self.candidate, self.heard = step, 0

    def judged(self) -> bool | None:
        """Whether the candidate has proved good, and is what is kept from now on; None while nothing is to be said."""
        if self.candidate is None or self.heard < NOW:
            return None
        good = self._is_calm()
        self.kept, self.candidate = self.candidate if good else self.kept, None
        return good

    @property
    def is_spent(self) -> bool:
        """Whether this run has gone back as often as a run may."""
        return len(self.recoveries) >= MOST

    def recovered(self, step: int) -> None:
        """The run goes on from the weights that are kept, with a lower rate."""
        self.recoveries.append([step, self.kept])
        self.factor *= LOWER
        self.candidate = None
        self.forget()

    def forget(self) -> None:
        """What the losses were does not count any more."""
        self.logs, self.lowest, self.difference, self.seen = [], None, 0.0, 0

    def _take_in(self, log: float) -> None:
        self.heard += 1
        if self.logs:
            self.seen += 1
            self.difference += (abs(log - self.logs[-1]) - self.difference) / min(self.seen, LONG)
        self.logs = [*self.logs[-(BEFORE + NOW - 1) :], log]

    def _is_calm(self) -> bool:
        return self.lowest is not None and self._rise() < CALM

    def _rise(self) -> float:
        return statistics.median(self.logs[-NOW:]) - (self.lowest or 0.0)
