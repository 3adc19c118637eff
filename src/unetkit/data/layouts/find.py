"""From a folder to the one reading of it: every layout proposes, equal readings are one, and two are a question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from unetkit.data.layouts.asking import question
from unetkit.data.layouts.listing import TABLE_EXTENSIONS, Listing, list_folder
from unetkit.data.layouts.nothing import half_named, nothing_found
from unetkit.data.layouts.reading import Layout, Reading, Request
from unetkit.data.pair import Pair
from unetkit.data.soundness import FOLLOW
from unetkit.errors import DataError
from unetkit.extras import resolve, unknown_choice


def find(
    source: Path,
    rows: Mapping[str, str],
    *,
    images: str | None,
    masks: str | None,
    layout: str | None,
    follow_links: bool,
) -> Reading:
    """As `unetkit.data.layouts.find_pairs`, with the table of layouts to ask."""
    root, layout = _root(source, layout)
    name, _, argument = (layout or "").partition(":")
    if name and name not in rows:
        raise unknown_choice("layout", name, rows)
    request = Request(images, masks, argument, forced=bool(name))
    listing = list_folder(root, follow_links=follow_links)
    _refuse_all_links(listing)
    reading = decide(listing, request, rows, name)
    return replace(reading, defects=listing.defects, follow_links=follow_links)


def decide(listing: Listing, request: Request, rows: Mapping[str, str], layout: str = "") -> Reading:
    """The one reading of a listing.

    Args:
        rows: the table of layouts.
        layout: the only one to ask; all of them if empty.

    Raises:
        DataError: there is none, or its names cannot be kept in a table.
        AmbiguityError: there are several, or the names leave it open.
    """
    found = readings(listing, request, rows, layout)
    if not found or (_is_open(found[0], request) and half_named(listing)):
        raise nothing_found(listing, request)
    if len(found) > 1 or _is_open(found[0], request):
        raise question(listing, found, lambda said, name: readings(listing, said, rows, name))
    _check_names(found[0])
    return found[0]


def readings(listing: Listing, request: Request, rows: Mapping[str, str], layout: str = "") -> list[Reading]:
    """Every reading that is left when equal ones are merged and weaker ones have given way."""
    layouts: list[Layout] = [resolve(row)() for name, row in rows.items() if layout in ("", name)]
    first = _propose((each for each in layouts if not each.last_resort), listing, request)
    named = [reading for reading in first if not _is_open(reading, request)]
    if named:
        return _merged(named)
    last = _propose((each for each in layouts if each.last_resort), listing, request)
    return _merged(last or first)


def _is_open(reading: Reading, request: Request) -> bool:
    return reading.standing == "question" and not request.forced


def _propose(layouts: Iterable[Layout], listing: Listing, request: Request) -> list[Reading]:
    proposals = [(layout, reading) for layout in layouts for reading in layout.propose(listing, request)]
    covered = {name for layout, reading in proposals if reading.standing == "confirmed" for name in layout.covers}
    return [reading for _, reading in proposals if reading.layout not in covered]


def _root(source: Path, layout: str | None) -> tuple[Path, str | None]:
    """The data folder; a table given in its place is read as one, relative to its own folder."""
    if source.suffix.lower() in TABLE_EXTENSIONS and source.is_file():
        return source.parent, f"table:{source.name}"
    return source, layout


def _refuse_all_links(listing: Listing) -> None:
    """Where nothing but links leads out, no pair could be used: the flag is asked for at once."""
    links = [path for path in listing.images if listing.defects.get(path, ("",))[0] == "outside-link"]
    if links and len(links) == len(listing.images):
        number = f"all {len(links):,} image files are links that lead" if len(links) > 1 else "the one image file leads"
        raise DataError(
            f"{number} out of the data folder, and such links are followed only if you say so",
            where=f"{listing.root / links[0]}: {listing.defects[links[0]][1]}",
            advice=FOLLOW,
        )


# --- merging ----------------------------------------------------------------------------------------------------


def _merged(found: Sequence[Reading]) -> list[Reading]:
    """Readings that give the same pairs are one: the first, with the splits and columns that others know."""
    kept: list[Reading] = []
    for reading in found:
        same = next((number for number, other in enumerate(kept) if _agree(other, reading)), None)
        if same is None:
            kept.append(reading)
        else:
            kept[same] = _joined(kept[same], reading)
    return kept


def _agree(first: Reading, second: Reading) -> bool:
    if {(pair.image, pair.mask) for pair in first.pairs} != {(pair.image, pair.mask) for pair in second.pairs}:
        return False
    splits = {pair.image: pair.split for pair in first.pairs}
    return all(pair.split in (splits[pair.image], None) or splits[pair.image] is None for pair in second.pairs)


def _joined(first: Reading, second: Reading) -> Reading:
    more = {pair.image: pair for pair in second.pairs}
    pairs = tuple(_filled(pair, more[pair.image]) for pair in first.pairs)
    evidence = (
        first.evidence if second.evidence in first.evidence else f"{first.evidence}; the same in {second.evidence}"
    )
    flags = first.flags if pairs == first.pairs and not second.columns else second.flags
    return replace(first, pairs=pairs, evidence=evidence, flags=flags, columns={**second.columns, **first.columns})


def _filled(pair: Pair, other: Pair) -> Pair:
    return replace(pair, split=pair.split or other.split, group=pair.group or other.group)


def _check_names(reading: Reading) -> None:
    parts = max(1, len(reading.class_folders))
    bad = next((pair for pair in reading.pairs if not reading.columns and len(pair.masks) != parts), None)
    if bad is not None:
        raise DataError(
            "the sign | stands between the mask files of one image, and cannot stand in the name of one",
            where=str(reading.root / bad.mask),
            advice="rename the file",
        )
