"""One writer at a time: two processes that go on with one run would overwrite each other's checkpoints."""

from __future__ import annotations

import shlex
from collections.abc import Generator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from unetkit.errors import MachineError, UsageError
from unetkit.files import DISK_ERRORS, write_error
from unetkit.runs.folder import RunFolder


@contextmanager
def sole_writer(run: RunFolder) -> Generator[None]:
    """Hold a run folder while the block writes to it, first tidied of what a killed writer left.

    The lock dies with its process, however that ends.

    Raises:
        UsageError: another process holds it.
        DiskFull, PermissionRefused, MachineError: the disk said no to what is appended to (the log, the events), of
            which the system names no path.
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
        with _refusals_told(run):
            yield
    finally:
        lock.release()


@contextmanager
def _refusals_told(run: RunFolder) -> Generator[None]:
    """With where, and how to go on when the machine can again."""
    again = f"unetkit train --resume {shlex.quote(str(run.path))}  # goes on then"
    try:
        yield
    except MachineError as error:
        error.advice = f"{error.advice}\n{again}".lstrip()
        raise
    except OSError as error:
        if error.filename is not None or error.errno not in DISK_ERRORS:
            raise
        told = write_error(error, run.log)
        told.advice = f"{told.advice}\n{again}".lstrip()
        raise told from error
