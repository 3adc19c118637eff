"""The signals that stop a job, and who hears them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

STOPS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGUSR1", "SIGHUP") if hasattr(signal, name))
"""SIGUSR1 is what a cluster's scheduler sends some time before it ends a job, SIGHUP a terminal that is closed."""


Handler = Callable[[int, FrameType | None], None]


def is_repeated(number: int, before: int) -> bool:
    """Whether a signal asks a second time, and is not to wait for what the first has asked for.

    Another one does not, nor does SIGHUP: who closes a session sends it twice, or SIGTERM with it.
    """
    return number == before != getattr(signal, "SIGHUP", None)


@contextmanager
def heard_by(handler: Handler) -> Generator[None]:
    """Let `handler` have the signals while the body runs (in the main thread; elsewhere nobody can).

    Those that whoever started the process had it ignore, as `nohup` does, stay ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = [number for number in STOPS if signal.getsignal(number) not in (signal.SIG_IGN, None)]
    before = {number: signal.signal(number, handler) for number in heard}
    try:
        yield
    finally:
        for number, handler_before in before.items():
            signal.signal(number, handler_before)
