"""How a budget becomes a number of steps.

Epochs and steps are exact. A budget in minutes is first planned from the highest throughput possible and later only
cut, never lengthened: the learning rate then never runs backward, and its last value falls on the last step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

CUT_TOLERANCE = 0.01  # a cut smaller than this share of the plan is not worth a line in the log


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
    """What the run costs, measured as it goes; all in seconds.

    Attributes:
        started: when the first step began.
        steps: steps since then.
        aside: time spent between steps: scoring, saving, drawing.
        finish: expected cost of everything after the last step.
    """

    started: float
    finish: float
    steps: int = 0
    aside: float = 0.0

    def feasible(self, now: float, deadline: float, step: int) -> int:
        """How many steps in all fit before `deadline` when it goes on as it went on average."""
        if self.steps == 0:
            return step + 1
        per_step = (now - self.started) / self.steps
        left = deadline - self.finish - now
        return step + max(math.floor(left / per_step), 0)
