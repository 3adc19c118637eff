"""Checkpoints: at every instant of a run there is a complete one, and a damaged one is never used.

`save_last` writes the new checkpoint whole under the name `next`, then renames `last` to `previous` and `next` to
`last`. Whatever instant a kill or a power cut picks, `last` or `previous` is whole and not older than the last save
that returned; a reader verifies before it believes. `best` may be newer than `last`: what `last` knows as the best then
stands beside it, as `best-before`, since the run may go on from there in another way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unetkit.errors import FormatError, OtherFormat, UnetkitError
from unetkit.files import (
    Array,
    plain,
    read_tensors,
    refuse_not_finite,
    sync_folder,
    write_error,
    write_tensors,
)
from unetkit.runs.commands import anew_command
from unetkit.runs.environment import versions
from unetkit.runs.folder import RunFolder

KEY = "checkpoint"
FORMAT = 4

Loaded = tuple[dict[str, Array], dict[str, Any]]


def save_last(run: RunFolder, tensors: Mapping[str, Array], metadata: Mapping[str, Any], step: int) -> None:
    """Make this the newest checkpoint; the one before stays as `previous`.

    Args:
        run: the run folder.
        tensors: of network, average, optimiser.
        metadata: all else, in the types of JSON.
        step: optimiser steps done, for the message when it is lost.

    Raises:
        TrainingDiverged: a tensor holds NaN or infinity.
        DiskFull, PermissionRefused, MachineError: the checkpoints that exist are untouched.
    """
    following, last, previous = (checkpoint(run, name) for name in ("next", "last", "previous"))
    _write(run, following, tensors, metadata, step)
    # A `last` that was damaged meanwhile must not push out a sound `previous`.
    if last.is_file() and _intact(run, last):
        _rename(last, previous)
    _rename(following, last)


def save_best(
    run: RunFolder, tensors: Mapping[str, Array], metadata: Mapping[str, Any], step: int, *, keep: bool = False
) -> None:
    """Replace `best`; arguments and errors as in `save_last`.

    Args:
        keep: whether the `best` that is there stays, as `best-before`.
    """
    best, before = checkpoint(run, "best"), checkpoint(run, "best-before")
    kept = keep and best.is_file()
    if kept:
        _rename(best, before)
    try:
        _write(run, best, tensors, metadata, step)
    except UnetkitError:
        if kept:
            _rename(before, best)
        raise


def load_best(run: RunFolder) -> Loaded:
    """Tensors and metadata of `best`; of `best-before` where it was not written to its end, or is damaged.

    Raises:
        FormatError: they are missing, damaged, or of another run.
    """
    try:
        tensors, envelope = _read(run, checkpoint(run, "best"))
    except FormatError:
        if not _intact(run, checkpoint(run, "best-before")):
            raise
        tensors, envelope = _read(run, checkpoint(run, "best-before"))
    return tensors, envelope["state"]


def settle_best(run: RunFolder, step: int) -> None:
    """Let `best` be what the newest state knows as the best, weights saved at `step`, if they are still there.

    One that is damaged gives its place to a sound `best-before`, which the next save would else push out.

    Raises:
        PermissionRefused, MachineError: nothing was changed.
    """
    best, before = _step_of(run, "best"), _step_of(run, "best-before")
    if best != step and before is not None and (before == step or best is None):
        _rename(checkpoint(run, "best-before"), checkpoint(run, "best"))


def _step_of(run: RunFolder, name: str) -> int | None:
    try:
        return int(_read(run, checkpoint(run, name))[1]["step"])
    except FormatError:
        return None


def _rename(path: Path, to: Path) -> None:
    try:
        path.replace(to)
        sync_folder(to.parent)
    except OSError as error:
        raise write_error(error, to) from error


def has_state(run: RunFolder) -> bool:
    """Whether the run was ever saved, intact or not."""
    return any(checkpoint(run, name).exists() for name in ("last", "previous"))


def load_newest_intact(run: RunFolder) -> tuple[dict[str, Array], dict[str, Any], str]:
    """Tensors and metadata of `last`, else of `previous`, and what to say about it ("" when all is well).

    Raises:
        FormatError: neither is intact; both are named.
        OtherFormat: another version of unetkit wrote it.
    """
    faults: list[FormatError] = []
    for name in ("last", "previous"):
        path = checkpoint(run, name)
        try:
            tensors, envelope = _read(run, path)
        except OtherFormat:
            raise
        except FormatError as fault:
            faults.append(fault)
            continue
        return tensors, envelope["state"], _said(run, faults, path, envelope["step"])
    raise FormatError(
        "this run has no intact checkpoint to continue from",
        where="; ".join(f"{fault.where}: {fault.what}" for fault in faults),
        advice=f"start it again with its settings: {anew_command(run.config)}",
    )


def step_of_history(run: RunFolder) -> int:
    """The last step that the history knows; 0 where there is none, or a damaged one."""
    try:
        return max((int(row.get("step", 0)) for row in run.read_history()), default=0)
    except FormatError:
        return 0


def checkpoint(run: RunFolder, name: str) -> Path:
    """The path of `last`, `previous`, `next`, `best` or `best-before`."""
    return run.checkpoints / f"{name}.safetensors"


def _write(run: RunFolder, path: Path, tensors: Mapping[str, Array], metadata: Mapping[str, Any], step: int) -> None:
    refuse_not_finite(tensors, path)
    writer = versions().get("unetkit")
    envelope = {"format": FORMAT, "unetkit": writer, "run": run.run_id, "step": step, "state": metadata}
    write_tensors(path, tensors, {KEY: json.dumps(plain(envelope), ensure_ascii=False, allow_nan=False)})


def _read(run: RunFolder, path: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    tensors, metadata = read_tensors(path)
    if KEY not in metadata:
        raise FormatError("this file is no checkpoint", where=str(path))
    envelope: dict[str, Any] = json.loads(metadata[KEY])
    written = int(envelope.get("format", 1))
    if written != FORMAT:
        raise OtherFormat(
            f"this checkpoint has format {written}, and this unetkit reads {FORMAT}",
            where=str(path),
            advice=f"go on with {_writer(run, envelope)}",
        )
    if envelope["run"] != run.run_id:
        what = f"this checkpoint belongs to another run, {envelope['run']}, and this one is {run.run_id}"
        raise FormatError(what, where=str(path))
    return tensors, envelope


def _writer(run: RunFolder, envelope: Mapping[str, Any]) -> str:
    if envelope.get("unetkit"):
        return f"the unetkit that wrote it: pip install unetkit=={envelope['unetkit']}"
    return f"the unetkit that began the run: {run.environment} says which"


def _intact(run: RunFolder, path: Path) -> bool:
    try:
        _read(run, path)
    except FormatError:
        return False
    return True


def _said(run: RunFolder, faults: list[FormatError], path: Path, step: int) -> str:
    if not faults:
        return ""
    reached = max(step_of_history(run), step)
    lost = f"{reached - step} steps are lost" if reached > step else "how many steps are lost is not known"
    if faults[0].where and not Path(faults[0].where).exists():
        return f"{faults[0].where} is missing: going on from {path.name} (step {step})"
    return f"{faults[0].where}: {faults[0].what}: going on from {path.name} (step {step}; {lost})"
