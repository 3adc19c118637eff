"""When a run has reached a goal: with the first of two successive scorings that do, since a single one may be luck."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

Document = dict[str, Any]


def reached(scorings: Sequence[Document], score: str, goal: float) -> Document | None:
    """The first of two successive scorings that reach the goal; None where none do."""
    return next((one for one, following in pairwise(scorings) if one[score] >= goal <= following[score]), None)


def watched(
    child: subprocess.Popen[str], scoring: Callable[[str], Document], goal: float, cap: float = math.inf
) -> tuple[list[Document], str]:
    """The scorings of a run, which is stopped when two in a row reach the goal, or after the cap; and what ended it.

    Args:
        scoring: `seconds`, `dice` and whatever else, from a line that the run prints.
        goal: of Dice.
        cap: seconds.
    """
    assert child.stdout is not None
    scorings = list[Document]()
    for line in child.stdout:
        scorings.append(scoring(line))
        ended = "goal" if reached(scorings, "dice", goal) else "cap" if scorings[-1]["seconds"] > cap else ""
        if ended:
            child.kill()
            return scorings, ended
    return scorings, "itself"
