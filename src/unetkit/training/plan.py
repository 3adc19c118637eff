"""How a budget becomes a number of steps, and what was decided on the way: enough to do the same again.

Epochs and steps are exact. A budget in minutes is first planned from the highest throughput possible and later only
cut, never lengthened: the learning rate then never runs backward, and its last value falls on the last step, or at most
`CUT_TOLERANCE` of the plan behind it. What a clock decides, cuts and scorings, is written down before it takes effect;
a run that is resumed, or replayed from its plan, follows what is written and decides only what comes after.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unetkit.errors import DataError, FormatError
from unetkit.files import read_json

CUT_TOLERANCE = 0.02  # a cut smaller than this share of the plan is not worth a line in the log


@dataclass(frozen=True, slots=True)
class Change:
    """After optimiser step `step` the plan became `total` steps."""

    step: int
    total: int


@dataclass(slots=True)
class Plan:
    """The number of optimiser steps of a run, and the steps after which it is scored.

    Attributes:
        first: steps planned at the beginning.
        budget: what the user said, for people: "4 minutes".
        deadline: seconds of training after which the model must be saved; None for exact budgets and for replays.
        changes: cuts, and extensions and ends that were asked for, in the order of their steps.
        scorings: the steps after which the run was scored, or is being scored.
        known: up to this step everything is decided already.
    """

    first: int
    budget: str
    deadline: float | None = None
    changes: list[Change] = field(default_factory=list[Change])
    scorings: list[int] = field(default_factory=list[int])
    known: int = -1

    @property
    def total(self) -> int:
        """Steps planned now."""
        return self.changes[-1].total if self.changes else self.first

    def total_at(self, step: int) -> int:
        """Steps that were planned when step number `step` (0-based) was taken."""
        before = bisect_right(self.changes, step, key=lambda change: change.step)
        return self.changes[before - 1].total if before else self.first

    def cut(self, step: int, feasible: int) -> bool:
        """Shorten to `feasible` steps when that is fewer than planned; says whether it did."""
        total = max(feasible, step, 1)
        if total >= self.total or (self.total - total < CUT_TOLERANCE * self.total and total > step):
            return False
        self.changes.append(Change(step, total))
        return True

    def extend(self, step: int, longer: Plan) -> None:
        """From `step` on follow another plan that has more to give; what was decided after `step` is dropped.

        Said again by a run that was killed before its settings told of it, it changes nothing.
        """
        self.forget_after(step)
        if self.total != longer.first:
            self.changes.append(Change(step, longer.first))
        self.budget, self.deadline = longer.budget, longer.deadline

    def end(self, step: int) -> None:
        """Make optimiser step `step`, 1 or later, the last one; what was decided after it is dropped."""
        self.forget_after(step)
        self.cut(step, step)

    def grows_at(self, step: int) -> bool:
        """Whether it was made longer at `step`: from there on the rate is high again, and so is the loss."""
        totals = [self.first, *(change.total for change in self.changes)]
        return any(
            change.step == step and change.total > total
            for change, total in zip(self.changes, totals[:-1], strict=True)
        )

    def forget_after(self, step: int) -> None:
        """Drop what was decided for the steps after `step`."""
        self.changes = [change for change in self.changes if change.step <= step]
        self.scorings = [scored for scored in self.scorings if scored <= step]
        self.known = min(self.known, step)

    def goes_on_from(self, other: Plan) -> bool:
        """Whether this is the other plan, as it was or with more decided."""
        return (
            self.first == other.first
            and self.changes[: len(other.changes)] == other.changes
            and self.scorings[: len(other.scorings)] == other.scorings
        )

    def scored(self, step: int) -> None:
        """Note a scoring; one that was known already is not noted twice."""
        if step not in self.scorings:
            self.scorings.append(step)

    def to_json(self) -> dict[str, Any]:
        """The document `plan.json`."""
        return {
            "first": self.first,
            "total": self.total,
            "budget": self.budget,
            "deadline": self.deadline,
            "changes": [[change.step, change.total] for change in self.changes],
            "scorings": self.scorings,
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Plan:
        """The plan as it was written; all that it says is known."""
        changes = [Change(step, total) for step, total in document["changes"]]
        scorings = list(document["scorings"])
        known = max([-1, *scorings, *(change.step for change in changes)])
        return cls(document["first"], document["budget"], document["deadline"], changes, scorings, known)

    @classmethod
    def replayed(cls, document: dict[str, Any]) -> Plan:
        """The same steps, scored at the same places, whatever the clock says."""
        plan = cls.from_json(document)
        plan.deadline = None
        return plan


def read_plan(path: Path) -> Plan:
    """The plan of another run, to be replayed.

    Raises:
        DataError: there is no such file.
        FormatError: it is damaged, or no plan.
    """
    advice = "name the plan.json of a run: --plan RUN/plan.json"
    if not path.is_file():
        raise DataError("there is no such plan", where=str(path), advice=advice)
    try:
        return Plan.replayed(read_json(path))
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError("this file is no plan", where=str(path), advice=advice) from error


def steps_for_epochs(epochs: int, images: int, samples_per_step: int) -> int:
    """Optimiser steps after which each of `images` was seen `epochs` times."""
    return max(math.ceil(epochs * images / samples_per_step), 1)
