"""What is known about the call that is being served: what was typed, when it began, how to speak."""

from contextvars import ContextVar
from dataclasses import dataclass

from unetkit.cli.screen import Screen


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the command line.

    Attributes:
        words: what was typed after `unetkit`.
        started: `time.time()` at which the process began; a budget in minutes counts from here.
        screen: how to speak.
    """

    words: tuple[str, ...]
    started: float
    screen: Screen


current_call: ContextVar[Call] = ContextVar("current_call")
