"""The files that the values of a table name: looked up in the listing, never opened by the value itself."""

from __future__ import annotations

import os
import posixpath
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from unetkit.data.layouts.listing import Listing, folder_of, name_of
from unetkit.data.layouts.words import Role, place_of, shared_parts
from unetkit.errors import DataError


@dataclass(frozen=True)
class Names:
    """The files of a listing by path and by base name."""

    root: Path
    present: frozenset[str]
    by_name: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, listing: Listing) -> Names:
        """Index a listing."""
        by_name: dict[str, list[str]] = defaultdict(list)
        for path in listing.images:
            by_name[name_of(path)].append(path)
        return cls(listing.root, frozenset(listing.images), {name: tuple(paths) for name, paths in by_name.items()})

    def find(self, value: str, folder: str, role: Role) -> str | None:
        """The file that a table in `folder` means by `value`; None if it is not here.

        A path is taken relative to the table, then to the root; else, absolute and foreign paths too, by its base
        name, if the parts before it or the role leave only one file of that name.

        Raises:
            DataError: the value leads out of the root, and no file below it has that name.
        """
        plain = _posix(value)
        for base in dict.fromkeys((folder, "")):
            path = posixpath.normpath(posixpath.join(base, plain))
            if path in self.present:
                return path
        found = _nearest(self.by_name.get(posixpath.basename(plain), ()), plain)
        found = found if len(found) < 2 else [path for path in found if place_of(folder_of(path)).role == role]
        if len(found) == 1:
            return found[0]
        self._check_inside(plain, folder, value)
        return None

    def _check_inside(self, plain: str, folder: str, value: str) -> None:
        climbs = posixpath.normpath(posixpath.join(folder, plain)).startswith("..")
        outside = posixpath.isabs(plain) and not plain.startswith(f"{self.root}/") and os.path.lexists(plain)
        if climbs or outside:
            raise DataError(
                "a table names a file outside of the data folder, and only what lies below it is read",
                where=f"{self.root / folder}: {value}",
                advice="point at the folder above both: unetkit check FOLDER --layout table:FILE",
            )


def _posix(value: str) -> str:
    plain = value.replace("\\", "/")
    # A Windows drive is one more foreign root.
    return plain[2:] if plain[1:3] == ":/" and plain[0].isalpha() else plain


def _nearest(paths: Iterable[str], plain: str) -> list[str]:
    """Of files with the right base name, those that share the most last parts with the value."""
    wanted = plain.split("/")[::-1]
    shared = {path: shared_parts([path.split("/")[::-1], wanted]) for path in paths}
    return [path for path, number in shared.items() if number == max(shared.values())]
