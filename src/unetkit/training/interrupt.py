"""SIGINT, SIGTERM and SIGUSR1 during training: the step in progress is finished and saved; a second one stops at once.

SIGUSR1 is what a cluster's scheduler sends some time before it ends a job.
"""

from __future__ import annotations

import shlex
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from unetkit.errors import Interrupted

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGUSR1") if hasattr(signal, name))


@dataclass(slots=True)
class Interruption:
    """Whether a stop was asked for, and by which signal."""

    run: Path
    requested: int = 0

    def error(self, *, saved: bool = True) -> Interrupted:
        """The end of an interrupted run, after its state was saved, or at once."""
        name = signal.Signals(self.requested).name
        return Interrupted(
            f"stopped by {name}; the state is saved" if saved else f"stopped at once by a second {name}",
            signal=self.requested,
            where=str(self.run),
            advice=f"unetkit train --resume {shlex.quote(str(self.run))}",
        )

    def check(self) -> None:
        """Stop here if a stop was asked for.

        Raises:
            Interrupted: it was; whoever holds a state saves it before this reaches the caller.
        """
        if self.requested:
            raise self.error()

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        """The handler: the first signal asks, the second ends at once."""
        if self.requested:
            raise self.error(saved=False)
        self.requested = number


@contextmanager
def interruption(run: Path) -> Generator[Interruption]:
    """Catch the signals while the body runs (in the main thread; elsewhere nobody can)."""
    state = Interruption(run)
    if threading.current_thread() is not threading.main_thread():
        yield state
        return
    before = {number: signal.signal(number, state.on_signal) for number in SIGNALS}
    try:
        yield state
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
