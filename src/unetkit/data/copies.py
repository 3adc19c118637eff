"""Files that are equal byte for byte: the same image under two names is not independent of itself."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

from unetkit.data.parallel import each
from unetkit.files import sha256_file

_END = 4096

Sets = tuple[tuple[str, ...], ...]


def identical_files(root: Path, paths: Sequence[str]) -> Sets:
    """Sets of two or more paths whose files are equal. A file is read whole only if another has its size and its ends.

    Args:
        root: the folder that the paths are relative to; files that cannot be read are equal to none.
    """
    by_ends = _alike(root, [paths], _ends, "comparing files")
    return tuple(tuple(same) for same in _alike(root, by_ends, sha256_file, "comparing files that seem equal"))


def _alike(
    root: Path, sets: Sequence[Sequence[str]], key: Callable[[Path], Hashable], description: str
) -> list[list[str]]:
    members = [(number, path) for number, same in enumerate(sets) for path in same]

    def key_of(member: tuple[int, str]) -> Hashable:
        try:
            return key(root / member[1])
        except OSError:
            return None

    found: defaultdict[tuple[int, Hashable], list[str]] = defaultdict(list)
    for (number, path), value in zip(members, each(key_of, members, description), strict=True):
        if value is not None:
            found[number, value].append(path)
    return [same for same in found.values() if len(same) > 1]


def _ends(path: Path) -> Hashable:
    """The size, and checksums of the first and the last 4 KiB; None for an empty file."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        first = zlib.crc32(file.read(_END))
        file.seek(max(size - _END, 0))
        return (size, first, zlib.crc32(file.read(_END))) if size else None
