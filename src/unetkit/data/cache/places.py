"""Where the decoded images of a run go: memory, the cache folder, a temporary file, or nowhere."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from unetkit.console import warn
from unetkit.data.cache.entry import Form
from unetkit.data.cache.folder import bound_at
from unetkit.data.cache.free import free_memory, lies_in_memory
from unetkit.data.cache.kept import KeptSet
from unetkit.data.cache.memory import Arrays, mapped, megabytes
from unetkit.data.cache.shelf import Shelf
from unetkit.data.pair import Pair
from unetkit.errors import MachineError

Keep = Literal["auto", "ram", "disk", "off"]
Place = Literal["memory", "folder", "disk", "nowhere"]

AUTO = "--cache auto"
MORE = "more memory, or a cache folder with more room"


@dataclass(frozen=True, slots=True)
class Home:
    """What was chosen.

    Attributes:
        place: memory, the cache folder, a temporary file ("disk"), or nowhere.
        told: the choice in words, with figures.
        faster: what would spare a run the waiting for decoded images, in words; empty where nothing would.
        arrays: in memory or in a temporary file; None elsewhere.
        kept: a set of the cache folder: where decoded pairs go, or, beside arrays, where an earlier run left them.
    """

    place: Place
    told: str
    faster: str
    arrays: Arrays | None = None
    kept: KeptSet | None = None


def find_home(keep: Keep, pairs: Sequence[Pair], form: Form, shelf: Shelf | None, share: float) -> Home:
    """The first place of those that `keep` allows which takes all pairs.

    Args:
        share: of the free memory that they may take.

    Raises:
        DataError: a file cannot be hashed.
    """
    free = free_memory()
    told, fits = f"{megabytes(free)} free", len(pairs) * form.nbytes <= share * free
    if keep == "off":
        return Home("nowhere", "decoded each time (--cache off)", AUTO)
    if fits and keep != "disk":
        kept = _earlier(pairs, form, shelf) if keep == "auto" else None
        arrays = Arrays(len(pairs), form, np.empty)
        faster = "" if _is_whole(kept, pairs) else "--cache disk, from the next run on"
        return Home("memory", f"kept in memory ({told}){_found(kept)}", faster, arrays, kept)
    if keep == "ram":
        return Home("nowhere", f"decoded each time (too much for memory: {told})", AUTO)
    found = _in_folder(pairs, form, shelf, AUTO if fits else "more memory")
    if not isinstance(found, str):
        return found
    if keep == "disk":
        warn(f"no decoded image is kept: {found}")
        return Home("nowhere", f"decoded each time ({found})", AUTO if fits else MORE)
    limit = shelf.folder.limit if shelf else sys.maxsize
    arrays = _in_temporary_file(len(pairs), form, limit)
    if arrays is None:
        return Home("nowhere", f"decoded each time (too much for memory: {told}; and for the disk: {found})", MORE)
    return Home("disk", f"kept in a temporary file (too much for memory: {told})", MORE, arrays)


def _earlier(pairs: Sequence[Pair], form: Form, shelf: Shelf | None) -> KeptSet | None:
    """What an earlier run has left in the cache folder; one that cannot be read is none."""
    try:
        return shelf.find(pairs, form) if shelf else None
    except (OSError, MachineError, NotImplementedError):
        return None


def _in_folder(pairs: Sequence[Pair], form: Form, shelf: Shelf | None, faster: str) -> Home | str:
    """A place in the cache folder, or why there is none; with what is faster than to read from it."""
    if shelf is None:
        return "there is no cache folder"
    try:
        kept = shelf.claim(pairs, form)
        taken = shelf.folder.taken()
    except MachineError as error:
        return f"{shelf.folder}: {error.what}"
    except (OSError, NotImplementedError) as error:  # the latter where a disk knows no locks
        return f"{shelf.folder}: {getattr(error, 'strerror', None) or error}"
    limits = f"{megabytes(taken)} of {megabytes(shelf.folder.limit)} there are taken"
    known = faster if _is_whole(kept, pairs) else "the next run, which finds the images decoded"
    return Home("folder", f"kept in {shelf.folder} ({limits}){_found(kept)}", known, None, kept)


def _in_temporary_file(count: int, form: Form, limit: int) -> Arrays | None:
    """Within the bounds of the cache folder; one that would itself lie in memory is no help."""
    folder = Path(tempfile.gettempdir())
    if lies_in_memory(folder) or count * form.nbytes > bound_at(folder, limit):
        return None
    try:
        return Arrays(count, form, mapped)
    except OSError:
        return None


def _is_whole(kept: KeptSet | None, pairs: Sequence[Pair]) -> bool:
    return kept is not None and kept.found == len(pairs)


def _found(kept: KeptSet | None) -> str:
    return f", {kept.found:,} of them decoded by an earlier run" if kept is not None and kept.found else ""
