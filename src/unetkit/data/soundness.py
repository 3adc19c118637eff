"""Whether a file can be used at all: from its header and its end, cheap enough for every file of a large set.

Who must rely on it asks for the whole file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from unetkit.data.decode import decode_image
from unetkit.data.header import Header, check_sums, check_whole, read_header
from unetkit.errors import DataError

Fault = Literal[
    "missing-file",
    "empty-file",
    "unreadable-file",
    "not-an-image",
    "truncated-file",
    "damaged-file",
    "unknown-values",
    "size-mismatch",
    "outside-link",
    "name-not-utf8",
]

Defect: TypeAlias = tuple[Fault, str]
"""What is wrong with a file, and the reason in words."""

# What must stand near the end of a whole file; writers may add a few bytes behind it.
_ENDS = {"PNG": b"IEND", "JPEG": b"\xff\xd9", "MPO": b"\xff\xd9"}
_TAIL = 65_536
_TOLD_BY_THE_END = {"JPEG", "MPO", "WEBP"}  # damage between header and end spoils pixels, and stops no decoder


FOLLOW = "--follow-links  # reads what links lead to as if it stood in the folder"


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file that cannot be used, or a pair whose two files do not fit.

    Attributes:
        path: relative to the root.
        fault: what kind of defect.
        reason: in words.
        image: the image of the pair that it belongs to.
    """

    path: str
    fault: Fault
    reason: str
    image: str


def cure(bad: Sequence[BadFile]) -> str:
    """What to do about files that cannot be used, for a message."""
    faults = {defect.fault for defect in bad}
    verb = "rename" if faults == {"name-not-utf8"} else "repair"
    lines = [FOLLOW] if "outside-link" in faults else []
    return "\n".join([*lines, f"{verb} them, or leave them out with --skip-bad; `unetkit check` lists them all"])


def cure_of_all(bad: Sequence[BadFile]) -> str:
    """What to do where not one pair can be used."""
    faults = {defect.fault for defect in bad}
    if "outside-link" in faults:
        return FOLLOW
    if faults == {"size-mismatch"}:
        return "save the masks at the size of their images, or say where the right ones lie with --masks"
    return "repair them, or point at a folder with images and masks that can be read"


def inspect(path: Path, *, whole: bool = False) -> Header | Defect:
    """The header of a sound file, or what is wrong with it.

    Args:
        path: the file; of a large one only the header and the end are read.
        whole: read all of it, and find what would stop a decoder later.
    """
    try:
        size = path.stat().st_size
        if size == 0:
            return "empty-file", "the file is empty (0 bytes)"
        header = read_header(path)
        _check_end(path, size, header)
    except FileNotFoundError:
        there = f"a link to {path.readlink()}, where nothing is" if path.is_symlink() else "there is no such file"
        return "missing-file", there
    except OSError as error:
        return "unreadable-file", f"the system cannot read it: {error.strerror or error}"
    except DataError as error:
        fault = fault_of(error)
        return "truncated-file" if fault == "damaged-file" else fault, error.what
    return _inspect_whole(path, header) if whole else header


def _check_end(path: Path, size: int, header: Header) -> None:
    end = _ENDS.get(header.format)
    if end is None:
        return
    with path.open("rb") as file:
        file.seek(max(size - _TAIL, 0))
        tail = file.read()
    if size <= _TAIL:
        check_whole(tail, header, str(path))
    elif end not in tail:
        raise DataError(f"the file ends before the image does, after {size:,} bytes", where=str(path))


def _inspect_whole(path: Path, header: Header) -> Header | Defect:
    try:
        if header.format == "PNG":
            check_sums(path.read_bytes(), str(path))
        elif header.format not in _TOLD_BY_THE_END:
            decode_image(path.read_bytes(), str(path))
    except OSError as error:
        return "unreadable-file", f"the system cannot read it: {error.strerror or error}"
    except DataError as error:
        return "damaged-file", error.what
    return header


def fault_of(error: DataError) -> Fault:
    """What kind of defect a decoder's error tells of."""
    if "none of the" in error.what:
        return "unknown-values"
    return "not-an-image" if "no image" in error.what else "damaged-file"
