"""Signals during training: the step in progress is finished and saved, and a second one stops at once."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from unetkit.errors import Interrupted
from unetkit.runs.signals import heard_by


@dataclass(slots=True)
class Interruption:
    """Whether a stop was asked for, and by which signal."""

    run: Path
    requested: int = 0

    def error(self, how: str = "stopped by {}; the state is saved") -> Interrupted:
        """The end of an interrupted run; `how` has a place for the name of the signal."""
        return Interrupted(
            how.format(signal.Signals(self.requested).name),
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
            raise self.error("stopped at once by a second {}")
        self.requested = number


@contextmanager
def interruption(run: Path) -> Generator[Interruption]:
    """Catch the signals while the body trains."""
    state = Interruption(run)
    with heard_by(state.on_signal):
        yield state


@contextmanager
def ending_at_once(folder: str | Path | None) -> Generator[None]:
    """Let a signal end the body at once, with how to go on: what is on disk is whole, and nothing is newer.

    Args:
        folder: of a run or a series that goes on; None, before there is one, leaves signals what they are.

    Raises:
        Interrupted: a signal came.
    """
    if folder is None:
        yield
        return
    stop = Interruption(Path(folder))

    def end(number: int, _frame: FrameType | None) -> None:
        stop.requested = number
        raise KeyboardInterrupt  # nobody on the way takes it for a fault of the data

    try:
        with heard_by(end):
            yield
    except KeyboardInterrupt as error:
        if not stop.requested:
            raise
        raise stop.error("stopped by {} before it trained on; nothing is lost") from error
