"""The clock of a run: seconds of training over all its parts."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(slots=True)
class Clock:
    """Counts from `started` (as `time.time` gives it) plus what earlier parts of the run have spent.

    Attributes:
        started: when this part began; for a command, when its process did.
        spent: seconds of the parts before.
    """

    started: float
    spent: float = 0.0

    def __call__(self) -> float:
        """Seconds so far."""
        return time.time() - self.started + self.spent
