"""Signals during training: the step in progress is finished and saved, and a second one stops at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TypeVar, cast

from unetkit.errors import Interrupted
from unetkit.runs.commands import resume_command
from unetkit.runs.signals import heard_by, is_repeated
from unetkit.training.distributed import Group

Made = TypeVar("Made")


@dataclass(slots=True)
class Interruption:
    """Whether a stop was asked for, and by which signal.

    Attributes:
        run: the folder to go on with.
        more: flags that the command to go on needs beside it.
        alone: whether the same signal again is one more. `torchrun` hands on each that it gets, which the processes may
            have got themselves, and sends one more when the first of them has left.
        at_once: whether there was a second one.
    """

    run: Path
    more: str = ""
    alone: bool = True
    requested: int = 0
    at_once: bool = False

    def error(self, how: str = "stopped by {}; the state is saved") -> Interrupted:
        """The end of an interrupted run; `how` has a place for the name of the signal."""
        return Interrupted(
            how.format(signal.Signals(self.requested).name),
            signal=self.requested,
            where=str(self.run),
            advice=f"{resume_command(self.run)} {self.more}".rstrip(),
        )

    def check(self) -> None:
        """Stop here if a stop was asked for.

        Raises:
            Interrupted: it was; whoever holds a state saves it before this reaches the caller.
        """
        if self.requested:
            raise self.error()

    def together(self, group: Group, work: Callable[[], Made]) -> Made:
        """What this process makes; where a signal ended that in one of the processes, it ends here in all of them.

        Raises:
            Interrupted: it did.
        """
        made, ended_by = None, 0
        try:
            made = work()
        except Interrupted:
            if self.at_once:
                raise
            ended_by = self.requested
        ended_by = max(group.gather(ended_by))
        if ended_by:
            self.requested = ended_by
            raise self.error()
        return cast(Made, made)

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        """The handler: the first signal asks, and the same again ends at once, if it is from a person."""
        if is_repeated(number, self.requested) and self.alone:
            self.at_once = True
            raise self.error("stopped at once by a second {}")
        self.requested = self.requested or number


@contextmanager
def ending_at_once(folder: str | Path | None, more: str = "") -> Generator[None]:
    """Let a signal end the body at once, with how to go on: what is on disk is whole, and nothing is newer.

    Args:
        folder: of a run or a series that goes on; None, before there is one, leaves signals what they are.
        more: flags that the command to go on needs beside it.

    Raises:
        Interrupted: a signal came.
    """
    if folder is None:
        yield
        return
    stop = Interruption(Path(folder), more)

    def end(number: int, _frame: FrameType | None) -> None:
        stop.requested = number
        raise KeyboardInterrupt  # nobody on the way takes it for a fault of the data

    try:
        with heard_by(end):
            yield
    except KeyboardInterrupt as error:
        if not stop.requested:
            raise
        if isinstance(error.__context__, Interrupted):  # another was on its way already, and says more
            raise error.__context__ from None
        raise stop.error("stopped by {}; nothing is lost") from error
