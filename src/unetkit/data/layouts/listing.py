"""One listing of a data folder: every image file and table below it, sorted, found without opening a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from unetkit.console import progress
from unetkit.data.layouts.walking import walk
from unetkit.data.soundness import Defect
from unetkit.errors import DataError

IMAGE_EXTENSIONS = frozenset(
    f".{name}"
    for name in (
        *("bmp", "gif", "jfif", "jp2", "jpe", "jpeg", "jpg", "npy"),
        *("pbm", "pgm", "png", "pnm", "ppm", "tga", "tif", "tiff", "webp"),
    )
)
TABLE_EXTENSIONS = frozenset((".csv", ".tsv", ".jsonl", ".txt"))


@dataclass(frozen=True)
class Listing:
    """What lies below `root`; the paths are relative to it, POSIX style and sorted, whatever order the disk gave.

    Attributes:
        root: the data folder.
        images: files whose extension is that of an image, in any case.
        tables: `.csv`, `.tsv`, `.jsonl` and `.txt` files.
        defects: which of the files must not be opened, and why: a link that leads out, a name that is not UTF-8.
        follow_links: links that lead out were followed.
    """

    root: Path
    images: tuple[str, ...]
    tables: tuple[str, ...] = ()
    defects: Mapping[str, Defect] = field(default_factory=dict[str, Defect])
    follow_links: bool = False

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

    def sound(self, paths: Iterable[str]) -> list[str]:
        """Those of the paths that may be opened."""
        return [path for path in paths if path not in self.defects]


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


def list_folder(root: Path, *, follow_links: bool = False) -> Listing:
    """List `root` and everything below it, but for the folders that unetkit itself has filled.

    Args:
        follow_links: links that lead out of `root` are followed; else a file that is one is listed as a defect.

    Raises:
        DataError: there is no such folder, or a folder in it is a link that leads out and is not followed.
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
    found = dict(progress(walk(root, follow_links=follow_links), f"listing {root.name or root}"))
    defects = {path: defect for path, defect in found.items() if defect is not None}
    return replace(Listing.of(root, found), defects=defects, follow_links=follow_links)
