"""A signal during `predict`: what is in work is written whole, and no more is begun; a second one stops at once."""

from __future__ import annotations

import shlex
import signal
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from unetkit.errors import Interrupted
from unetkit.runs.signals import is_repeated


@dataclass(slots=True)
class Stop:
    """Whether a stop was asked for, and by which signal."""

    folder: Path
    total: int
    done: int = 0
    requested: int = 0

    def count(self) -> None:
        """One more image is done.

        Raises:
            Interrupted: a stop was asked for.
        """
        self.done += 1
        if self.requested:
            raise self._error("stopped")

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        """The handler."""
        if is_repeated(number, self.requested):
            raise self._error("stopped at once")
        self.requested = self.requested or number

    def _error(self, how: str) -> Interrupted:
        name = signal.Signals(self.requested).name
        return Interrupted(
            f"{how} by {name}: {self.done:,} of {self.total:,} images were done; what is written is whole",
            signal=self.requested,
            where=str(self.folder),
            advice=f"--out {shlex.quote(str(self.folder))} --overwrite  # begins again",
        )
