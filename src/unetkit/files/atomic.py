"""Bytes on a disk: written whole or not at all, and what the system says when it cannot."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from unetkit.errors import DataError, DiskFull, FormatError, MachineError, OutputExists, PermissionRefused, UnetkitError
from unetkit.files.digest import Buffer

LEFTOVER = ".tmp"
"""How the temporary names end that a killed writer may leave behind; nothing ever reads them."""

DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})
"""What a disk says no with, whoever asked."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


def write_bytes(path: Path, data: Buffer) -> None:
    """Write `data` to `path` whole or not at all; when this returns, it survives a power cut.

    Raises:
        DiskFull, PermissionRefused, MachineError: nothing was changed, and no temporary file stays behind.
    """
    write_parts(path, [data])


def write_parts(path: Path, parts: Sequence[Buffer]) -> None:
    """As `write_bytes`, for content that lies in several buffers and would be costly to join."""
    try:
        _write_and_rename(path, parts)
    except OSError as error:
        raise write_error(error, path, sum(memoryview(part).nbytes for part in parts)) from error


def _write_and_rename(path: Path, parts: Sequence[Buffer]) -> None:
    temporary = path.with_name(f".{secrets.token_hex(8)}{LEFTOVER}")  # short: the file's own name may be of full length
    try:
        with temporary.open("xb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        # Gone already after the rename; on a read-only disk it cannot be removed, and the first error is the news.
        with contextlib.suppress(OSError):
            temporary.unlink()


def read_bytes(path: Path) -> bytearray:
    """The content of a file, in memory that may be written to.

    Raises:
        FormatError: there is no such file, it is a folder, or the disk cannot give it back.
        PermissionRefused, MachineError: the system refused to read it, or could not.
    """
    try:
        with path.open("rb") as file:
            data = bytearray(os.fstat(file.fileno()).st_size)
            del data[file.readinto(data) :]
            return data
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise FormatError("there is no such file", where=str(path)) from error
    except OSError as error:
        raise _read_error(error, path) from error


def _read_error(error: OSError, path: Path) -> UnetkitError:
    """The error of ours for a failed read. What the disk cannot give back (a bad sector) is a damaged file."""
    reason = error.strerror or str(error)
    if error.errno == errno.EIO:
        advice = "use another copy; the disk may be failing"
        return FormatError(f"the disk cannot give this file back: {reason}", where=str(path), advice=advice)
    if error.errno in _REFUSED:
        return PermissionRefused("the system refused to read this file", where=str(path))
    return MachineError(f"reading failed: {reason}", where=str(path))


def sync_folder(folder: Path) -> None:
    """Make the entries of `folder` durable (a rename is lost in a power cut without it)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_leftover(path: Path) -> bool:
    """Whether a file is a temporary one that a killed writer left."""
    return path.name.startswith(".") and path.name.endswith(LEFTOVER) and path.is_file()


def remove_leftovers(folder: Path) -> int:
    """Delete the temporary files that a killed writer left in `folder`; only for a folder that nobody is writing to.

    Returns:
        How many there were.
    """
    leftovers = [path for path in folder.iterdir() if is_leftover(path)]
    for path in leftovers:
        path.unlink(missing_ok=True)
    return len(leftovers)


def write_error(error: OSError, path: Path, size: int = 0) -> UnetkitError:
    """The error of ours for a failed write: path, bytes needed and free."""
    if error.errno in _FULL:
        needed = f"{size:,} bytes needed, " if size else ""
        return DiskFull(
            f"no space left: {needed}{_free(path):,} free",
            where=str(path),
            advice="free some space, or write elsewhere with --out",
        )
    if isinstance(error, NotADirectoryError | FileExistsError):
        return OutputExists(
            "a file stands where a folder is needed", where=str(path), advice="choose another place with --out"
        )
    if error.errno == errno.ENAMETOOLONG:
        return DataError("this name is too long for the file system", where=str(path), advice="a shorter name")
    if error.errno in _REFUSED:
        return PermissionRefused(
            "the system refused to write here", where=str(path), advice="choose another folder with --out"
        )
    return MachineError(f"writing failed: {error.strerror or error}", where=str(path))


def _free(path: Path) -> int:
    with contextlib.suppress(OSError):
        return shutil.disk_usage(path.parent).free
    return 0
