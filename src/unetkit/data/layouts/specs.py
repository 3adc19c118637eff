"""What `--images` and `--masks` take: a folder, a pattern, or several with commas between; read, and written.

`masks`, `*/masks`, `train/labels,val/labels` and `*_mask.*` are such specs. A pattern is compared with the path of
each folder and file and, without a slash, with the bare name; `*` crosses slashes.
"""

from __future__ import annotations

import fnmatch
import glob
import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from unetkit.data.layouts.listing import Listing, extension_of, folder_of, name_of
from unetkit.data.layouts.words import parts_of

# More folders than this are written as one pattern, where one pattern means the same.
_MANY = 3


@dataclass(frozen=True, slots=True)
class Spec:
    """One or several folders or patterns."""

    parts: tuple[str, ...]
    patterns: tuple[re.Pattern[str] | None, ...]

    def claims(self, path: str) -> int:
        """How many characters of the spec mean this file; 0 if it is not meant."""
        return max((self._claim(number, path) for number in range(len(self.parts))), default=0)

    def anchor(self, folder: str) -> str | None:
        """The folder of the spec that `folder` is or lies in; None if the spec means files by name."""
        above = ancestors(folder)
        return next((path for path in above if any(self._is(number, path) for number in range(len(self.parts)))), None)

    def _claim(self, number: int, path: str) -> int:
        part, pattern = self.parts[number], self.patterns[number]
        if pattern is None:
            return len(part) + 1 if not part or path.startswith(part + "/") else 0
        names = (name_of(path), path, *ancestors(folder_of(path)))
        hit = any(pattern.match(name) for name in names)
        return len(part) + 2 if hit else 0

    def _is(self, number: int, folder: str) -> bool:
        pattern = self.patterns[number]
        return folder == self.parts[number] if pattern is None else bool(pattern.match(folder))


def parse_spec(text: str, listing: Listing) -> Spec:
    """Read a spec; what is literally the name of a folder is that folder, whatever signs it holds."""
    folders = {above for folder in listing.folders for above in ancestors(folder)} | {""}
    whole = _tidy(text)
    parts = (whole,) if whole in folders else tuple(_tidy(part) for part in text.split(",") if part.strip())
    patterns = (None if part in folders else re.compile(fnmatch.translate(part)) for part in parts)
    return Spec(parts, tuple(patterns))


def ancestors(folder: str) -> list[str]:
    """The folder and those above it, from the top; the root itself is not among them."""
    parts = parts_of(folder)
    return ["/".join(parts[: number + 1]) for number in range(len(parts))]


def _tidy(text: str) -> str:
    plain = text.rstrip("/")
    while plain.startswith("./"):
        plain = plain[2:]
    return "" if plain in (".", "") else plain


# --- writing ----------------------------------------------------------------------------------------------------


def write_spec(paths: Collection[str], listing: Listing, words: Iterable[str] = ()) -> str | None:
    """A spec that means just these files of the listing; None if no simple one does.

    Args:
        words: words that only the names of these files have.
    """
    folders = _whole_folders(paths, listing)
    if folders is None:
        return _name_pattern(paths, listing, words)
    text = ",".join(folder or "." for folder in folders)
    shorter = _wildcard(folders) if len(folders) > _MANY else None
    candidates = [shorter, text] if shorter else [text]
    return next((spec for spec in candidates if _means(spec, paths, listing)), None)


def _whole_folders(paths: Iterable[str], listing: Listing) -> list[str] | None:
    """The topmost folders that hold these files and no others."""
    wanted, present = Counter[str](), Counter[str]()
    for path in paths:
        wanted[folder_of(path)] += 1
    for folder, inside in listing.folders.items():
        if wanted[folder] not in (0, len(inside)):
            return None
        present.update(dict.fromkeys(["", *ancestors(folder)], len(inside)))
    below = Counter[str]()
    for folder, number in wanted.items():
        below.update(dict.fromkeys(["", *ancestors(folder)], number))
    tops = {_top(folder, below, present) for folder in wanted if wanted[folder]}
    return None if None in tops else sorted(top for top in tops if top is not None)


def _top(folder: str, below: Counter[str], present: Counter[str]) -> str | None:
    return next((above for above in ["", *ancestors(folder)] if below[above] == present[above]), None)


def _wildcard(folders: list[str]) -> str | None:
    rows = [folder.split("/") for folder in folders]
    if len({len(row) for row in rows}) != 1:
        return None
    columns = (set(column) for column in zip(*rows, strict=True))
    return "/".join(glob.escape(column.pop()) if len(column) == 1 else "*" for column in columns)


def _name_pattern(paths: Collection[str], listing: Listing, words: Iterable[str]) -> str | None:
    sample = name_of(min(paths))
    spoken = [found[0] for word in words if (found := re.search(re.escape(word), sample, re.IGNORECASE))]
    shapes = ("*_{}.*", "*-{}.*", "{}_*", "{}-*", "*_{}_*", "*-{}-*", "*{}*")
    patterns = [shape.format(glob.escape(word)) for word in spoken for shape in shapes]
    patterns.append("*" + extension_of(sample))
    common = folder_of(min(paths))
    patterns += [f"{glob.escape(common)}/{pattern}" for pattern in patterns if common]
    return next((pattern for pattern in patterns if _means(pattern, paths, listing)), None)


def _means(text: str, paths: Collection[str], listing: Listing) -> bool:
    spec = parse_spec(text, listing)
    wanted = paths if isinstance(paths, (set, frozenset)) else set(paths)
    return all(bool(spec.claims(path)) == (path in wanted) for path in listing.images)
