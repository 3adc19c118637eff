"""A loss that jumps: noticed from the losses alone, so that a run that is resumed notices it at the same step."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field

BEFORE = 32  # steps that say what the loss was
NOW = 8  # steps that say what it is
JUMP = math.log(3)
SIGMAS = 6  # of the mean of the last steps, as the steps before scatter
SMALLEST = 1e-12
LOWER = 0.5  # of the learning rate, with each recovery
MOST = 5  # recoveries of a run: who jumps more often is not helped by another


@dataclass(slots=True)
class Guard:
    """Watches the loss of every step.

    A jump is a geometric mean of the last `NOW` losses of more than three times that of the `BEFORE` ones before, and
    beyond what their scatter explains: single images may be as hard as they like.

    Attributes:
        logs: logarithms of the last losses.
        factor: of the learning rate; halved with each recovery.
        recoveries: [step of the jump, step gone back to; −1 where no weights were scored yet].
    """

    logs: list[float] = field(default_factory=list[float])
    factor: float = 1.0
    recoveries: list[list[int]] = field(default_factory=list[list[int]])

    def jumped(self, loss: float) -> bool:
        """Take in the loss of a step; says whether it has jumped, once for each jump."""
        self.logs = [*self.logs[-(BEFORE + NOW - 1) :], math.log(max(loss, SMALLEST))]
        if len(self.logs) < BEFORE + NOW or len(self.recoveries) >= MOST:
            return False
        before, now = self.logs[:BEFORE], self.logs[BEFORE:]
        noise = SIGMAS * statistics.pstdev(before) / math.sqrt(NOW)
        return statistics.fmean(now) - statistics.fmean(before) > max(JUMP, noise)

    def recovered(self, step: int, back_to: int) -> None:
        """The run goes on from the weights of step `back_to` with a lower rate; what the losses were is forgotten."""
        self.recoveries.append([step, back_to])
        self.factor *= LOWER
        self.logs = []
