"""How much of a time budget the scoring takes: said once, with the cure, where it is too much."""

from __future__ import annotations

import math
from dataclasses import dataclass

from unetkit.console import warn
from unetkit.training.screen import duration

LARGEST = 1 / 3  # of a time budget
FEWEST = 3  # scorings of any run: before the first step, after the last, and once more of the best weights


@dataclass(slots=True)
class ScoringShare:
    """Adds up what scorings take.

    Attributes:
        budget: seconds of the whole run; None where it has no time budget, and nothing is too much.
        images: of the validation split.
        given: that split came with the data, and is not cut by `--val`.
        spent: seconds of the scorings so far.
        told: whether it was said already.
    """

    budget: float | None
    images: int
    given: bool = False
    spent: float = 0.0
    told: bool = False

    def took(self, seconds: float) -> None:
        """Take in a scoring between steps; the last one and that of the best weights are still to come."""
        self.spent += seconds
        self.expect(seconds, FEWEST - 1)

    def expect(self, seconds: float, scorings: int = FEWEST) -> None:
        """Warn, once, if so many more scorings of so many seconds make it more than a third of the budget."""
        total = self.spent + scorings * seconds
        if self.budget is None or self.told or total <= LARGEST * self.budget:
            return
        self.told = True
        warn(
            f"scoring the {self.images:,} validation images takes about {_said(seconds)} a time and {_said(total)} in "
            f"all, {total / self.budget:.0%} of the time budget: {self._cure(total, self.budget)}"
        )

    def fewer(self, images: int) -> str:
        """How to score only so many; empty where that is none."""
        if not images:
            return ""
        return "name fewer images as validation split" if self.given else f"score fewer (--val {images})"

    def _cure(self, total: float, budget: float) -> str:
        longer = f"train longer (--minutes {math.ceil(total / LARGEST / 60 * 10) / 10:g})"
        fewer = self.fewer(int(self.images * LARGEST * budget / total))
        return f"{longer}, or {fewer}" if fewer else longer


def _said(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else duration(seconds)
