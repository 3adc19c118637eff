"""How fast a run with a time budget goes, and how many steps that leaves it."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

STRETCH = 10  # steps
OPTIMISM = 0.5  # of the fastest stretch at the start, rising to 1: on a busy machine the first steps may be the slowest


@dataclass(slots=True)
class Pace:
    """How fast the run can go, measured as it goes; all in seconds.

    A plan is cut by the fastest stretch of the run so far: a slow one (another program, a cold start) may pass, and
    what was cut never comes back. Near the deadline little is left to be cut, and the plan meets the truth.

    Attributes:
        finish: expected cost of everything after the last step.
        aside: time spent between steps so far: scoring, saving, drawing.
        spent: time of all steps so far.
        fastest: mean step of the fastest stretch of `STRETCH` steps; None before the first.
    """

    finish: float
    aside: float = 0.0
    spent: float = 0.0
    fastest: float | None = None
    _recent: deque[float] = field(default_factory=lambda: deque(maxlen=STRETCH))

    def stepped(self, seconds: float) -> None:
        """Take in a step, waiting for its data included."""
        self.spent += seconds
        self._recent.append(seconds)
        if len(self._recent) == STRETCH:
            mean = sum(self._recent) / STRETCH
            self.fastest = mean if self.fastest is None else min(self.fastest, mean)

    def feasible(self, now: float, deadline: float, step: int) -> int | None:
        """How many steps in all can fit before `deadline`; None while nothing can be said."""
        left = deadline - self.finish - now
        if left <= 0:
            return step
        if self.fastest is None:
            return None
        share = self.spent / (self.spent + self.aside)
        margin = OPTIMISM + (1 - OPTIMISM) * min(now / deadline, 1.0)
        return step + math.ceil(left * share / (self.fastest * margin))
