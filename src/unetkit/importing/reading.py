"""Opening a foreign file: in a child without network, whose answer is verified like all that comes from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, cast

from unetkit.console import say, warn
from unetkit.errors import DataError, DiskFull, FormatError, MachineError, PermissionRefused
from unetkit.extras import require, unknown_choice
from unetkit.files import read_tensors
from unetkit.importing import SUFFIXES
from unetkit.importing.cage import seconds
from unetkit.importing.child import WITHOUT_NETWORK
from unetkit.importing.foreign import Foreign, printable, unpacked

_KEPT = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL")
_STARTING = 120
"""Seconds that loading PyTorch may take on a busy machine, beside the reading itself."""


def reader_of(path: Path) -> str:
    """The row of `READERS` that reads a file of this name.

    Raises:
        DataError: there is no such file.
        FormatError: no reader knows how it ends.
        MissingExtra: its reader needs an optional package.
    """
    if not path.is_file():
        raise DataError("there is no such file of weights", where=str(path), advice="name one file")
    reader = SUFFIXES.get(path.suffix.lower())
    if reader is None:
        error = unknown_choice("kind of weights", path.suffix, SUFFIXES)
        raise FormatError(error.what, where=str(path), advice=error.advice)
    if reader == "keras":
        require("import", "reading Keras weights")
    return reader


def read_foreign(path: Path, reader: str) -> Foreign:
    """The layers of a foreign file.

    Args:
        reader: a row of `READERS`.

    Raises:
        FormatError: it wants more than weights, is damaged, is of another kind than its name says, or holds what
            cannot be used; the message names it.
        PermissionRefused: the file cannot be opened.
        DiskFull, MachineError: what was read has no room in the folder for temporary files; or the reader ended without
            an answer.
    """
    with tempfile.TemporaryDirectory(prefix="unetkit-import-") as folder:
        target = Path(folder) / "layers.safetensors"
        done = _run(path, reader, target)
        if done.returncode:
            raise _refusal(done, path)
        _tell_network(done.stdout)
        return _verified(target, path)


def _run(path: Path, reader: str, target: Path) -> subprocess.CompletedProcess[str]:
    """One child, with the file as its stdin: it needs no path to it, and sees nothing of our environment."""
    command = [sys.executable, "-P", "-s", "-m", "unetkit.importing.child", reader, str(target)]
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            return subprocess.run(
                command,
                stdin=file,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
                cwd=target.parent,
                env=_environment(target.parent),
                timeout=_STARTING + 4 * seconds(size),
            )
    except PermissionError as error:
        raise PermissionRefused("the system refused to read this file", where=str(path)) from error
    except subprocess.TimeoutExpired as error:
        raise _too_long(path) from error


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    found = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path if entry)
    return {**kept, "PYTHONPATH": found, "HOME": str(folder), "TMPDIR": str(folder), "OMP_NUM_THREADS": "1"}


def _tell_network(said: str) -> None:
    if said.startswith(WITHOUT_NETWORK):
        say("that process had no network")
    else:
        warn("this system lets no process give up the network: Python's own guard alone kept the file from it")


def _refusal(done: subprocess.CompletedProcess[str], path: Path) -> FormatError | MachineError:
    if done.returncode in (FormatError.exit_code, MachineError.exit_code) and done.stdout.strip():
        told = cast("dict[str, Any]", json.loads(done.stdout.strip().splitlines()[-1]))
        return _told_by_child(done.returncode, {key: printable(text) for key, text in told.items()}, path)
    if done.returncode in _STOPPED:
        return _too_long(path)
    last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    return MachineError(
        f"the process that reads this file ended with code {done.returncode}: {printable(last)}",
        where=str(path),
        advice="the file may be damaged or hostile; a copy from its source may read well",
    )


def _told_by_child(code: int, told: dict[str, str], path: Path) -> FormatError | MachineError:
    if code == FormatError.exit_code:
        where = f"{path}, {told['where']}" if told["where"] else str(path)
        return FormatError(told["what"], where=where, advice=told["advice"])
    kind = DiskFull if told["kind"] == DiskFull.__name__ else MachineError
    return kind(
        told["what"],
        where=f"{tempfile.gettempdir()}, with what was read of {path}",
        advice="free some space there, or name another folder: TMPDIR=FOLDER",
    )


_STOPPED = {-24, -9}  # SIGXCPU, SIGKILL: the limit on processor time


def _too_long(path: Path) -> FormatError:
    return FormatError(
        "reading this file took far longer than weights of its size take, and was stopped", where=str(path)
    )


def _verified(target: Path, path: Path) -> Foreign:
    try:
        return unpacked(*read_tensors(target))
    except (FormatError, ValueError, KeyError, TypeError, AttributeError) as error:
        what = error.what if isinstance(error, FormatError) else str(error)
        raise FormatError(f"these weights cannot be used: {printable(what)}", where=str(path)) from error
