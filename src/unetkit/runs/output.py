"""Folders that appear whole: filled under a temporary name beside their place, then renamed into it."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from unetkit.errors import Interrupted, OutputExists
from unetkit.files import LEFTOVER, sync_folder, write_error


@contextmanager
def new_folder(path: Path, *, overwrite: bool = False, ours: Callable[[Path], bool] | None = None) -> Generator[Path]:
    """Yield an empty folder to fill; when the block ends well it is renamed to `path`, else it is removed.

    Args:
        path: where the folder shall be; its parents are made. An empty folder there counts as free.
        overwrite: replace what is there, if `ours` knows it.
        ours: whether an existing folder is one that we wrote: nothing else is ever replaced.

    Raises:
        OutputExists: something is there, and it may not be replaced.
        DiskFull, PermissionRefused, MachineError: nothing was changed.
    """
    refuse_taken(path, overwrite=overwrite, ours=ours)
    filling = _beside(path)
    try:
        make_folder(path.parent)
        filling.mkdir()
        yield filling
        _sync_tree(filling)
        refuse_taken(path, overwrite=overwrite, ours=ours)  # it may have come since
        _put(filling, path, overwrite=overwrite)
        sync_folder(path.parent)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise taken(path) from error
        raise write_error(error, path) from error
    finally:
        shutil.rmtree(filling, ignore_errors=True)


@contextmanager
def stepping_aside(path: Path, *, replaces: bool, until: Callable[[], bool]) -> Generator[None]:
    """Let an old folder at `path` step aside for what the block makes there, and go when the block is left.

    Args:
        replaces: whether there is an old one, which may go.
        until: whether the new one stands: what ends the block before, puts the old one back in its place. In nobody's
            place it is removed by all but a signal, after which it may go on.

    Raises:
        PermissionRefused, MachineError: the old one cannot be moved.
    """
    aside = _beside(path)
    try:
        if replaces:
            path.rename(aside)
    except OSError as error:
        raise write_error(error, path) from error
    try:
        yield
    except BaseException as error:
        somebody_elses = isinstance(error, OutputExists) and not replaces
        if until():
            shutil.rmtree(aside, ignore_errors=True)
        elif aside.exists() or not (somebody_elses or isinstance(error, Interrupted)):
            _take_back(path, aside)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def clear_output(path: Path, *, overwrite: bool, ours: Callable[[Path], bool]) -> None:
    """Make an empty folder at `path` for output that comes bit by bit; arguments and errors as in `new_folder`."""
    refuse_taken(path, overwrite=overwrite, ours=ours)
    try:
        if path.is_dir() and any(path.iterdir()):
            shutil.rmtree(path)
        make_folder(path)
    except OSError as error:
        raise write_error(error, path) from error


def make_folder(path: Path) -> None:
    """Make a folder and those missing above it; when this returns, a power cut takes none of them away.

    Raises:
        OutputExists: a file stands in the way.
        DiskFull, PermissionRefused, MachineError: the system made no folder.
    """
    if path.is_dir():
        return
    make_folder(path.parent)
    try:
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise write_error(error, path) from error


def taken(path: Path) -> OutputExists:
    """The error for an output that is there already."""
    return OutputExists(
        "the output exists, and nothing is overwritten",
        where=str(path),
        advice="choose another place with --out, or replace it with --overwrite",
    )


def refuse_taken(path: Path, *, overwrite: bool = False, ours: Callable[[Path], bool] | None = None) -> None:
    """Raise OutputExists if `new_folder` would: for a job to ask before its long work, too."""
    if not path.exists() and not path.is_symlink():
        return
    if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
        return
    replaceable = path.is_dir() and not path.is_symlink() and ours is not None and ours(path)
    if replaceable and overwrite:
        return
    if replaceable:
        raise taken(path)
    raise OutputExists(
        "the output exists, was not written by this command, and is never replaced",
        where=str(path),
        advice="choose another place with --out",
    )


def _put(filling: Path, path: Path, *, overwrite: bool) -> None:
    # An occupied folder cannot be replaced by one rename: the old one steps aside, and goes when the new one is in.
    if overwrite and path.is_dir() and any(path.iterdir()):
        aside = _beside(path)
        path.rename(aside)
        try:
            filling.rename(path)
        except OSError:
            aside.rename(path)
            raise
        # Nothing of the old one goes before it is sure that it has stepped aside.
        sync_folder(path.parent)
        shutil.rmtree(aside, ignore_errors=True)
    else:
        filling.rename(path)


def _take_back(path: Path, aside: Path) -> None:
    """What stepped aside is at its place again before anything of the new one goes: a second signal loses neither."""
    dropped = _beside(path)
    if path.exists():
        path.rename(dropped)
    if aside.exists():
        aside.rename(path)
    shutil.rmtree(dropped, ignore_errors=True)


def _beside(path: Path) -> Path:
    """A name for what is not, or no more, at `path`; short enough where its own has the full length of a name."""
    told = os.fsencode(path.name)[:200].decode(errors="ignore")
    return path.with_name(f".{told}.{secrets.token_hex(4)}{LEFTOVER}")


def _sync_tree(folder: Path) -> None:
    def fail(error: OSError) -> None:
        raise error  # else what cannot be listed would be left out, and called safe

    for where, _, _ in os.walk(folder, onerror=fail):
        sync_folder(Path(where))
