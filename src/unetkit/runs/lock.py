"""One writer at a time: two processes that go on with one run would overwrite each other's checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from unetkit.errors import DataError, MachineError, OutOfMemory, UnetkitError, UsageError
from unetkit.files import DISK_ERRORS, write_error
from unetkit.refusals import refusal
from unetkit.runs.commands import anew_command, resume_command
from unetkit.runs.folder import RunFolder
from unetkit.runs.naming import is_series


@contextmanager
def sole_writer(run: RunFolder, more: Callable[[], str] = str) -> Generator[None]:
    """Hold a run folder while the block writes to it, first tidied of what a killed writer left.

    The lock dies with its process, however that ends.

    Args:
        more: flags that the command to go on needs beside it, as things stand.

    Raises:
        UsageError: another process holds it.
        DiskFull, PermissionRefused, OutOfMemory, MachineError, DataError: the machine said no, or a file of the data
            is gone; with how to go on with this run.
    """
    with _refusals_told(run, more), locked(run.path):
        RunFolder.open(run.path)
        yield


@contextmanager
def idle(*paths: Path) -> Generator[None]:
    """Nobody trains the runs and series at `paths`, or begins to, while the block replaces them; others do not count.

    Raises:
        UsageError: somebody does.
        DiskFull, PermissionRefused, MachineError: no file can be made there.
    """
    with ExitStack() as locks:
        for path in paths:
            if RunFolder.is_run(path) or is_series(path):
                locks.enter_context(locked(path))
        yield


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold the folder of a run or a series while the block runs; raises as `idle`."""
    lock = FileLock(path / ".lock")
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise UsageError(
            "another process is training this run",
            where=str(path),
            advice="wait for its end, or stop it with Ctrl-C: it saves its state",
        ) from error
    except OSError as error:
        raise write_error(error, path) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _refusals_told(run: RunFolder, more: Callable[[], str]) -> Generator[None]:
    """With where, and how to go on when the machine can again, or the file of the data is back."""
    try:
        yield
    except (MachineError, DataError) as error:
        error.advice = _how_to_go_on(run, more(), error)
        raise
    except UnetkitError:
        raise
    except Exception as error:
        told = _told(error)
        if told is None:
            raise
        told.advice = _how_to_go_on(run, more(), told)
        raise told from error


def _told(error: Exception) -> UnetkitError | None:
    if isinstance(error, OSError) and error.filename is not None and error.errno in DISK_ERRORS:
        return write_error(error, Path(error.filename))
    return refusal(error)


def _how_to_go_on(run: RunFolder, more: str, error: UnetkitError) -> str:
    again = f"{resume_command(run.path)} {more}".rstrip()
    if not isinstance(error, OutOfMemory):
        return f"{error.advice}\n{again}  # goes on then".lstrip()
    anew = anew_command(run.config, "--batch 4")
    return (
        "close other programs, and go on; of what takes memory only these may be said anew:\n"
        f"{again} --cache disk --threads 1\n"
        f"or begin anew with a smaller --batch or --size:\n{anew}"
    )
