"""One listing of a data folder: every image file and table below it, sorted, found without opening a file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from unetkit.console import progress
from unetkit.errors import DataError, PermissionRefused

IMAGE_EXTENSIONS = frozenset(
    f".{name}"
    for name in (
        *("bmp", "gif", "jfif", "jp2", "jpe", "jpeg", "jpg", "npy"),
        *("pbm", "pgm", "png", "pnm", "ppm", "tga", "tif", "tiff", "webp"),
    )
)
TABLE_EXTENSIONS = frozenset((".csv", ".tsv", ".jsonl", ".txt"))

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


@dataclass(frozen=True)
class Listing:
    """What lies below `root`; the paths are relative to it, POSIX style and sorted, whatever order the disk gave.

    Attributes:
        root: the data folder.
        images: files whose extension is that of an image, in any case.
        tables: `.csv`, `.tsv`, `.jsonl` and `.txt` files.
    """

    root: Path
    images: tuple[str, ...]
    tables: tuple[str, ...] = ()

    @classmethod
    def of(cls, root: Path, paths: Iterable[str]) -> Listing:
        """The listing of these relative paths; other kinds of files are left out."""
        images: list[str] = []
        tables: list[str] = []
        for path in paths:
            extension = extension_of(path)
            if extension in IMAGE_EXTENSIONS:
                images.append(path)
            elif extension in TABLE_EXTENSIONS:
                tables.append(path)
        return cls(root, tuple(sorted(images)), tuple(sorted(tables)))

    @cached_property
    def folders(self) -> dict[str, tuple[str, ...]]:
        """Folder ("" for the root) to the image files directly in it."""
        inside: dict[str, list[str]] = {}
        for path in self.images:
            inside.setdefault(folder_of(path), []).append(path)
        return {folder: tuple(paths) for folder, paths in sorted(inside.items())}


def folder_of(path: str) -> str:
    """The folder of a relative path; "" for a file of the root."""
    return path.rpartition("/")[0]


def name_of(path: str) -> str:
    """The last part of a relative path."""
    return path.rpartition("/")[2]


def stem_of(path: str) -> str:
    """The file name without its last extension: dots inside a name belong to it."""
    name = name_of(path)
    return name.rpartition(".")[0] or name


def extension_of(path: str) -> str:
    """The last extension in lower case, with its dot; "" without one."""
    name = name_of(path)
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else ""


def list_folder(root: Path) -> Listing:
    """List `root` and everything below it, but for the folders that unetkit itself has filled.

    Raises:
        DataError: there is no such folder, a link leads out of it, or a name is not Unicode.
        PermissionRefused: a folder may not be read.
    """
    if not root.exists():
        raise DataError("there is no such folder", where=str(root), advice="check the spelling of the path")
    if not root.is_dir():
        raise DataError(
            "this is a file, not a folder of images",
            where=str(root),
            advice="point at the folder that holds the images and the masks, or at a table of pairs (.csv, .jsonl)",
        )
    return Listing.of(root, progress(_walk(root), f"listing {root.name or root}"))


def _walk(root: Path) -> Iterator[str]:
    home = os.path.realpath(root)
    waiting = [("", frozenset({home}))]
    while waiting:
        folder, chain = waiting.pop()
        entries = _entries(root, folder)
        if folder and _is_output(entry.name for entry in entries):
            continue
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_symlink():
                _check_inside(entry, home)
            if entry.is_file():
                yield _unicode(path, root)
            elif entry.is_dir() and (real := os.path.realpath(entry.path)) not in chain:
                # A link to a folder that it stands in would be walked for ever.
                waiting.append((path, chain | {real}))


def _entries(root: Path, folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(root / folder) as entries:
            return [entry for entry in entries if not _is_litter(entry.name)]
    except PermissionError as error:
        raise PermissionRefused(
            "the system refuses to list this folder", where=str(root / folder), advice="give yourself the right to read"
        ) from error


def _is_output(names: Iterable[str]) -> bool:
    there = frozenset(names)
    return any(output <= there for output in _OUTPUTS)


def _is_litter(name: str) -> bool:
    return name.startswith(".") or name.lower() in _LITTER


def _check_inside(entry: os.DirEntry[str], home: str) -> None:
    real = os.path.realpath(entry.path)
    if os.path.commonpath((real, home)) != home:
        raise DataError(
            "this link leads out of the data folder, and only what lies below it is read",
            where=f"{entry.path} -> {real}",
            advice="put the files themselves there, or point at the folder that holds both",
        )


def _unicode(path: str, root: Path) -> str:
    try:
        path.encode()
    except UnicodeEncodeError as error:
        shown = path.encode(errors="surrogateescape").decode(errors="replace")
        raise DataError(
            "this file name is not valid UTF-8, so that no table could hold it",
            where=f"{root}/{shown}",
            advice="rename the file",
        ) from error
    return path
