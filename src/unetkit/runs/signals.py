"""The signals that stop a job, and who hears them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

STOPS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGUSR1") if hasattr(signal, name))
"""SIGUSR1 is what a cluster's scheduler sends some time before it ends a job."""

Handler = Callable[[int, FrameType | None], None]


@contextmanager
def heard_by(handler: Handler) -> Generator[None]:
    """Let `handler` have the signals while the body runs (in the main thread; elsewhere nobody can)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in STOPS}
    try:
        yield
    finally:
        for number, handler_before in before.items():
            signal.signal(number, handler_before)
