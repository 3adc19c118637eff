"""One writer at a time: two processes that go on with one run would overwrite each other's checkpoints."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from unetkit.errors import UsageError
from unetkit.runs.folder import RunFolder


@contextmanager
def sole_writer(run: RunFolder) -> Generator[None]:
    """Hold a run folder while the block writes to it, first tidied of what a killed writer left.

    The lock dies with its process, however that ends.

    Raises:
        UsageError: another process holds it.
    """
    lock = FileLock(run.path / ".lock")
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise UsageError(
            "another process is training this run",
            where=str(run.path),
            advice="wait for its end, or stop it with Ctrl-C: it saves its state",
        ) from error
    try:
        RunFolder.open(run.path)
        yield
    finally:
        lock.release()
