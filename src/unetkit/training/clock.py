"""The clock of a run: seconds of training over all its parts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from unetkit.console import verbose


@dataclass(slots=True)
class Clock:
    """Counts from `started` (as `time.time` gives it) plus what earlier parts of the run have spent.

    Setting the machine's clock while it counts changes nothing.

    Attributes:
        started: when this part began; for a command, when its process did.
        spent: seconds of the parts before.
    """

    started: float
    spent: float = 0.0
    _offset: float = field(default_factory=lambda: time.time() - time.monotonic())

    def __call__(self) -> float:
        """Seconds so far."""
        return time.monotonic() + self._offset - self.started + self.spent

    def tell(self, what: str) -> None:
        """Say with --verbose what is done by now, with the seconds of this part of the run."""
        seconds = self() - self.spent
        verbose(f"{seconds:8.2f} s  {what}", done=what, seconds=round(seconds, 3))
