"""A table of pairs: CSV or JSON lines with a column of images and one of masks, or lists of two paths a line.

A table that names only images is a side-car label and no reading. `train.txt` and `val.txt` of one folder are one
table, whose splits are the files' names.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from unetkit.data.layouts.columns import Roles, column_roles
from unetkit.data.layouts.combining import join_flags
from unetkit.data.layouts.listing import Listing, folder_of, stem_of
from unetkit.data.layouts.naming import Names
from unetkit.data.layouts.reading import Reading, Request
from unetkit.data.layouts.rows import Rows, read_rows
from unetkit.data.layouts.words import normalise_split, place_of, words_of
from unetkit.data.pair import Pair
from unetkit.errors import DataError

# So many tables in one folder are labels, one an image (YOLO's), and are not opened.
_CROWD = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of a table: the files it names (None where one is missing or blank) and its further values."""

    image: str | None
    mask: str | None
    split: str | None
    group: str | None
    extra: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """Every table of pairs in the listing is a reading; tables that say the same are one, as all readings are."""

    covers: tuple[str, ...] = ()
    last_resort: bool = False

    def propose(self, listing: Listing, request: Request) -> list[Reading]:
        """The readings of the tables; those named after `table:` only, where the request names some."""
        if request.images or request.masks:
            return []
        names = Names.of(listing)
        readings: list[Reading] = []
        for tables in _sets(_chosen(listing, request)):
            entries = [entry for path in tables for entry in _entries(listing, names, path, strict=request.forced)]
            if request.forced:
                _check_agreement(listing, tables, entries)
            if reading := _reading(listing, tables, entries):
                readings.append(reading)
        return readings


def _chosen(listing: Listing, request: Request) -> list[str]:
    if not request.argument:
        crowds = Counter(map(folder_of, listing.tables))
        return [path for path in listing.sound(listing.tables) if crowds[folder_of(path)] <= _CROWD]
    wanted = [request.argument] if request.argument in listing.tables else request.argument.split(",")
    missing = [path for path in wanted if path not in listing.tables]
    if missing:
        raise DataError("there is no such table", where=f"{listing.root / missing[0]}")
    return wanted


def _sets(tables: Iterable[str]) -> list[tuple[str, ...]]:
    """Tables of one folder whose names differ by the split are one set."""
    sets: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for path in sorted(tables):
        rest = tuple(word for word in words_of(stem_of(path)) if normalise_split(word) is None)
        sets[(folder_of(path), *rest) if _split_of(path) else (path,)].append(path)
    return [tuple(paths) for paths in sets.values()]


def _split_of(path: str) -> str | None:
    found = {split for word in words_of(stem_of(path)) if (split := normalise_split(word))}
    return found.pop() if len(found) == 1 else None


def _entries(listing: Listing, names: Names, path: str, *, strict: bool) -> Iterator[Entry]:
    try:
        rows = read_rows(listing.root / path)
    except DataError:
        # A file that nobody called a table need not be one.
        if strict:
            raise
        return
    roles = column_roles(rows)
    if roles is not None:
        yield from _named(rows, roles, names, path)
    elif strict:
        raise DataError(
            "this table has no column of images and one of masks",
            where=f"{listing.root / path}: columns {', '.join(rows.columns)}",
            advice="call the two columns image and mask",
        )


def _named(rows: Rows, roles: Roles, names: Names, path: str) -> Iterator[Entry]:
    folder, of_file = folder_of(path), _split_of(path)
    for row in rows.rows:
        image = names.find(row[roles.image], folder, "image") if row[roles.image] else None
        split = normalise_split(row[roles.split]) if roles.split is not None else of_file
        group = row[roles.group] or None if roles.group is not None else None
        extra = {rows.columns[number]: row[number] for number in roles.extra}
        yield Entry(image, _masks(row[roles.mask], names, folder), split, group, extra)


def _masks(value: str, names: Names, folder: str) -> str | None:
    """The mask file; several, one a class, stand with `|` between them, as unetkit's own manifest has them."""
    found = [names.find(part, folder, "mask") for part in value.split("|")] if value else [None]
    return "|".join(path for path in found if path) if all(found) else None


def _check_agreement(listing: Listing, tables: tuple[str, ...], entries: list[Entry]) -> None:
    masks = {entry.image: entry.mask for entry in entries if entry.mask}
    torn = next(
        (entry.image for entry in entries if entry.image and entry.mask not in (None, masks[entry.image])), None
    )
    if torn is not None:
        raise DataError(
            "a table gives one image two masks",
            where=f"{listing.root / tables[0]}: {torn}",
            advice="leave one row for each image",
        )


def _reading(listing: Listing, tables: tuple[str, ...], entries: list[Entry]) -> Reading | None:
    whole = {entry.image: entry for entry in entries if entry.image and entry.mask}
    chosen = [whole[image] for image in sorted(whole)]
    if not chosen or any(whole[entry.image].mask != entry.mask for entry in entries if entry.image and entry.mask):
        return None
    halves = [entry for entry in entries if not (entry.image and entry.mask)]
    lost = sum(not entry.image and not entry.mask for entry in halves)
    return Reading(
        "table",
        listing.root,
        tuple(_pair(entry) for entry in chosen),
        orphan_images=tuple(sorted({entry.image for entry in halves if entry.image} - set(whole))),
        orphan_masks=tuple(sorted({entry.mask for entry in halves if entry.mask})),
        side_by_side=all(entry.image == entry.mask for entry in chosen),
        evidence=f"{' and '.join(tables)}: a row a pair"
        + (f" ({lost} rows name files that are not here)" if lost else ""),
        flags=join_flags("table:" + ",".join(tables)),
        columns=_columns(chosen),
    )


def _pair(entry: Entry) -> Pair:
    image = entry.image or ""
    split = entry.split or place_of(folder_of(image)).split
    return Pair(image, entry.mask or "", split=split, group=entry.group)


def _columns(chosen: list[Entry]) -> dict[str, tuple[str, ...]]:
    names = dict.fromkeys(name for entry in chosen for name in entry.extra)
    return {name: tuple(entry.extra.get(name, "") for entry in chosen) for name in names}
