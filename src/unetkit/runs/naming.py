"""Names of outputs, and which file is meant where a command says MODEL."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from unetkit.errors import DataError, UsageError
from unetkit.files import write_error
from unetkit.runs.checkpoint import step_of_history
from unetkit.runs.commands import resume_command
from unetkit.runs.folder import RunFolder
from unetkit.runs.output import make_folder

SERIES = "series.json"
"""Lies in the folder that holds the runs of several seeds."""


def next_free(folder: Path, name: str = "") -> Path:
    """The next numbered output in `folder`: `<name>-<n>`, or `<n>` without a name; n is one above the largest there."""
    prefix = f"{name}-" if name else ""
    pattern = re.compile(re.escape(prefix) + r"(\d+)", re.IGNORECASE)  # as some file systems do
    entries = folder.iterdir() if folder.is_dir() else ()
    numbers = [int(match[1]) for entry in entries if (match := pattern.fullmatch(entry.name))]
    return folder / f"{prefix}{max(numbers, default=0) + 1}"


@contextmanager
def output_place(said: str | None, folder: Path, name: str = "") -> Generator[Path]:
    """Where output goes: to the place that was said, or the next numbered one in `folder`.

    A numbered one is nobody else's from here on, and gone if it is still empty when the block ends.

    Raises:
        DiskFull, PermissionRefused, MachineError: no folder can be made there.
    """
    if said:
        yield Path(said)
        return
    path = reserved(folder, name)
    try:
        yield path
    finally:
        with suppress(OSError):
            path.rmdir()


def reserved(folder: Path, name: str = "") -> Path:
    """The next numbered output in `folder`, made as an empty folder that is nobody else's; raises as `output_place`."""
    make_folder(folder)
    while True:
        path = next_free(folder, name)
        try:
            path.mkdir()
        except FileExistsError:  # somebody else was faster
            continue
        except OSError as error:
            raise write_error(error, path) from error
        return path


def name_of_data(source: str) -> str:
    """What outputs about DATA are called: the folder; a table by its stem, or by its folder if that is `manifest`."""
    path = Path(source).resolve()
    if not path.is_file():
        return path.name
    return path.parent.name if path.stem == "manifest" else path.stem


def is_series(path: Path) -> bool:
    """Whether `path` holds the runs of several seeds."""
    return (path / SERIES).is_file()


def locate_model(text: str) -> Path:
    """The model file that MODEL means: the file itself, or the `model.safetensors` of a run folder.

    Raises:
        DataError: nothing is there, or a folder that is no run.
        UsageError: the run has not ended; the advice is the command that continues it.
    """
    path = Path(text)
    if path.is_file():
        return path
    if not path.is_dir():
        raise DataError("there is no such model", where=text, advice=_nearest(path))
    if is_series(path):
        raise DataError(
            "this folder holds a run for each seed",
            where=text,
            advice=f"name one of them: {shlex.quote(str(path))}/seed-...",
        )
    if not RunFolder.is_run(path):
        raise DataError(
            "this folder is no run: it holds no config.yaml and manifest.csv",
            where=text,
            advice="name a model file (*.safetensors) or a folder that `unetkit train` made",
        )
    run = RunFolder(path)
    if not run.model.is_file():
        raise UsageError(
            "the training of this run has not ended, so that it has no model yet",
            where=text,
            advice="\n".join(_ends(run, resume_command(text))),
        )
    return run.model


def _ends(run: RunFolder, command: str) -> Generator[str]:
    yield f"{command}  # trains to its end"
    if step_of_history(run):
        yield f"{command} --finish  # ends it here, with its best weights so far"


def _nearest(path: Path) -> str:
    siblings = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, siblings, n=1)
    return f"did you mean {path.parent / near[0]}?" if near else "name a model file or a run folder"
