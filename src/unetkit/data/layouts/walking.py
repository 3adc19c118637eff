"""The walk through a data folder: every file below it, unopened, and what is wrong with its place or its name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from unetkit.data.links import outside, outside_folders, outside_link
from unetkit.data.soundness import Defect
from unetkit.errors import PermissionRefused

# What operating systems leave behind; hidden files (a leading dot) are passed over as well.
_LITTER = frozenset(("thumbs.db", "desktop.ini", "__macosx", "$recycle.bin"))

# Folders that unetkit itself fills: runs, evaluations and predictions, also one that was interrupted. Who works inside
# a data folder must not learn from predictions.
_OUTPUTS = (
    frozenset(("config.yaml", "environment.json", "manifest.csv")),
    frozenset(("images.csv", "scores.json")),
    frozenset(("predictions.json",)),
    frozenset(("colour", "masks", "overlays")),
)

_Chain = frozenset[str]
"""The real paths of a folder and of those above it: a link to one of them would be walked for ever."""


def walk(root: Path, *, follow_links: bool = False) -> Iterator[tuple[str, Defect | None]]:
    r"""Every file below `root` by its path, relative, POSIX style, but for the folders that unetkit itself has filled.

    Links that stay below `root` are followed. A file that is a link out of it comes with that defect, and so does one
    whose name is not UTF-8; in its path what is no text stands as `\xe9`.

    Args:
        follow_links: those out of `root` are followed, too.

    Raises:
        DataError: a folder is a link out of `root`, and such links are not followed; after all files.
        PermissionRefused: a folder may not be read.
    """
    home = os.path.realpath(root)
    out: dict[str, str] = {}
    waiting = [("", frozenset({home}))]
    while waiting:
        folder, chain = waiting.pop()
        for entry in _entries(root, folder):
            path = f"{folder}/{entry.name}" if folder else entry.name
            if _kind(entry) == "folder":
                waiting += _inside(entry, path, chain, out, None if follow_links else home)
            else:
                strange = entry.is_symlink() and not follow_links
                yield text_of(path), name_defect(path) or (outside_link(entry.path, home) if strange else None)
    if out:
        raise outside_folders(out)


def text_of(path: str) -> str:
    r"""The path as text, whatever bytes it has: what is no UTF-8 stands as `\xe9`."""
    return path.encode(errors="surrogateescape").decode(errors="backslashreplace")


def name_defect(path: str) -> Defect | None:
    """What is wrong with a path that is not UTF-8; None for all others."""
    if text_of(path) == path:
        return None
    return "name-not-utf8", "its name is not UTF-8 (what is no text is shown as \\x..)"


def _kind(entry: os.DirEntry[str]) -> Literal["folder", "file"]:
    """A link to nothing counts as a file, which will be found missing when it is opened."""
    try:
        return "folder" if entry.is_dir() else "file"
    except OSError:
        return "file"


def _inside(
    entry: os.DirEntry[str], path: str, chain: _Chain, out: dict[str, str], home: str | None
) -> list[tuple[str, _Chain]]:
    """The folder to be walked next; none if it is a link out of `home`, which is noted, or one that goes round."""
    if home is not None and entry.is_symlink() and (real := outside(entry.path, home)) is not None:
        out[text_of(entry.path)] = real
        return []
    real = os.path.realpath(entry.path)
    return [] if real in chain else [(path, chain | {real})]


def _entries(root: Path, folder: str) -> list[os.DirEntry[str]]:
    """What is in a folder; nothing, if it is below the root and an output of ours."""
    try:
        with os.scandir(root / folder) as entries:
            found = [entry for entry in entries if not _is_litter(entry.name)]
    except PermissionError as error:
        raise PermissionRefused(
            "the system refuses to list this folder",
            where=text_of(str(root / folder)),
            advice="give yourself the right to read",
        ) from error
    return [] if folder and _is_output(entry.name for entry in found) else found


def _is_output(names: Iterable[str]) -> bool:
    there = frozenset(names)
    return any(output <= there for output in _OUTPUTS)


def _is_litter(name: str) -> bool:
    return name.startswith(".") or name.lower() in _LITTER
