"""How a budget becomes a number of steps.

Epochs and steps are exact. A budget in minutes is first planned from the highest throughput possible and later only
cut, never lengthened: the learning rate then never runs backward, and its last value falls on the last step.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

CUT_TOLERANCE = 0.01  # a cut smaller than this share of the plan is not worth a line in the log
STRETCH = 10  # steps
OPTIMISM = 0.5  # of the fastest stretch at the start, rising to 1: on a busy machine the first steps may be the slowest


@dataclass(frozen=True, slots=True)
class Cut:
    """At optimiser step `step` the plan became `total` steps."""

    step: int
    total: int


@dataclass(slots=True)
class Plan:
    """The number of optimiser steps of a run.

    Attributes:
        total: steps planned now.
        budget: what the user said, for people: "4 minutes".
        deadline: seconds after the process started at which the model must be saved; None for exact budgets.
        cuts: every shortening so far.
    """

    total: int
    budget: str
    deadline: float | None = None
    cuts: list[Cut] = field(default_factory=list[Cut])

    def cut(self, step: int, feasible: int) -> bool:
        """Shorten to `feasible` steps when that is fewer than planned; says whether it did."""
        total = max(feasible, step, 1)
        if total >= self.total or (self.total - total < CUT_TOLERANCE * self.total and total > step):
            return False
        self.total = total
        self.cuts.append(Cut(step, total))
        return True

    def to_json(self) -> dict[str, Any]:
        """The document `plan.json`."""
        return {
            "total": self.total,
            "budget": self.budget,
            "deadline": self.deadline,
            "cuts": [[cut.step, cut.total] for cut in self.cuts],
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Plan:
        """The plan as it was written."""
        cuts = [Cut(step, total) for step, total in document["cuts"]]
        return cls(document["total"], document["budget"], document["deadline"], cuts)


def steps_for_epochs(epochs: int, images: int, samples_per_step: int) -> int:
    """Optimiser steps after which each of `images` was seen `epochs` times."""
    return max(math.ceil(epochs * images / samples_per_step), 1)


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
