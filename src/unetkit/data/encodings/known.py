"""Masks that follow a published table: in which numbering, in which colours, and which table it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from unetkit.data.arrays import Counts
from unetkit.data.classes import ClassTable
from unetkit.data.encodings.base import Request
from unetkit.data.encodings.palette import Points, discover_palette, unpack
from unetkit.data.encodings.survey import Codes, Survey
from unetkit.data.tables import KNOWN_TABLES, Colour, KnownTable

CLOSE = 12
"""JPEG leaves most pixels this near to their colour; chance does not."""
_OFF = 3
"""Levels a channel by which JPEG shifts the colour of an area drawn in one."""
_SAMPLE = 30_000
"""The most frequent colours decide."""
_FEW = 64
"""So few colours of lossless files are drawn, not smeared: each of them is meant."""
_FEWEST = 4
"""Colours that must be met, black apart: two or three are shared by too many tables."""
_RARE = 0.01
"""Of the pixels crowd around a colour that JPEG makes along borders, at most; what holds more is drawn."""
_ENOUGH = 0.6
"""Of the pixels must crowd around the table's colours."""


def values_of(table: KnownTable, survey: Survey) -> tuple[dict[int, int | None], str]:
    """What each value means under this table, None for ignore; and the name of the numbering.

    Cityscapes has two: label ids 0..33 and train ids 0..18. File names tell, else the values do.
    """
    labels: dict[int, int | None] = dict.fromkeys(table.ignored_values)
    labels |= {label.value: None if table.is_ignored(label) else label.id for label in table.labels}
    if table.name != "cityscapes" or not _are_train_ids(survey):
        return labels, "label ids"
    return {index: index for index in range(len(table.classes))} | {255: None}, "train ids"


def _are_train_ids(survey: Survey) -> bool:
    names = " ".join(survey.names).lower()
    if "trainid" in names or "labelid" in names:
        return "trainid" in names
    return all(value <= 18 or value == 255 for value in survey.values)


def with_values(table: KnownTable, meaning: Mapping[int, int | None], request: Request) -> ClassTable:
    """The classes of a table, each with the first value that means it as its source."""
    first: dict[int, int] = {}
    for value, index in meaning.items():
        if index is not None:
            first.setdefault(index, value)
    plain = ClassTable.known(table.name)
    sources = [first.get(row.id, row.source) for row in plain.classes]
    usual = [value for value, index in meaning.items() if index is None]
    return plain.with_sources(sources, request.ignored(sorted(usual)))


def with_colours(table: KnownTable, request: Request) -> tuple[ClassTable, dict[Colour, int | None]]:
    """The classes of a table, each with its first colour as its source; and what each colour means, None for ignore."""
    meaning = {colour: None if table.is_ignored(label) else label.id for colour, label in table.palette.items()}
    plain = ClassTable.known(table.name)
    owners = {index: colour for colour, index in reversed(meaning.items()) if index is not None}
    sources = [owners.get(row.id, row.colour) for row in plain.classes]
    if request.ignore and "none" in request.ignore:
        meaning |= {colour: table.palette[colour].id for colour in meaning}
    usual = [colour for colour, index in meaning.items() if index is None]
    named = replace(request, classes=plain.with_sources(sources, ()))
    ignored = named.ignored(usual)
    meaning |= {colour: None for colour in ignored if isinstance(colour, tuple)}
    return plain.with_sources(sources, ignored), meaning


def table_of_colours(survey: Survey) -> KnownTable | None:
    """The known table whose colours these masks have, exactly or smeared by JPEG.

    Four of its colours, black apart, must be met, up to a few levels; and no other colour may be drawn. Of several
    such tables the one is meant of which most is met. None where no table fits.
    """
    codes, counts = survey.colours
    met = _drawn_exactly if len(codes) <= _FEW and not survey.lossy else _drawn_and_smeared
    found = {name: met(codes, counts, _points(table.palette)) for name, table in KNOWN_TABLES.items()}
    best = max(found, key=lambda name: found[name])
    return KNOWN_TABLES[best] if found[best] >= _FEWEST else None


def _drawn_exactly(codes: Codes, _: Counts, palette: Points) -> int:
    """How many colours of the palette, black apart, are there; 0 if another colour is."""
    apart = _apart(unpack(codes), palette)
    return _met(apart, palette) if (apart.min(axis=1) <= _OFF).all() else 0


def _drawn_and_smeared(codes: Codes, counts: Counts, palette: Points) -> int:
    """How many colours of the palette, black apart, pixels crowd around; 0 if they crowd around another one."""
    crowds = _crowds(codes, counts)
    drawn, shares = _points(crowds), np.array(list(crowds.values()))
    if not crowds:
        return 0
    ours = np.sqrt(((drawn[:, None] - palette) ** 2).sum(axis=2)).min(axis=1) <= CLOSE
    if shares[ours].sum() < _ENOUGH or shares[~ours].max(initial=0) > _RARE:
        return 0
    return _met(_apart(drawn, palette), palette)


def _crowds(codes: Codes, counts: Counts) -> dict[Colour, float]:
    """The colours that pixels crowd around, and the share of the pixels around each."""
    if len(codes) > _SAMPLE:
        frequent = np.argpartition(counts, -_SAMPLE)[-_SAMPLE:]
        codes, counts = codes[frequent], counts[frequent]
    total = float(counts.sum())
    return {colour: mass / total for colour, mass in discover_palette(codes, counts)}


def _points(colours: Iterable[Colour]) -> Points:
    return np.array(list(colours), np.float32).reshape(-1, 3)


def _apart(drawn: Points, palette: Points) -> Points:
    """Levels, in the channel that differs most, between each colour drawn and each of the palette."""
    return np.abs(drawn[:, None] - palette).max(axis=2)


def _met(apart: Points, palette: Points) -> int:
    return int(((apart <= _OFF).any(axis=0) & palette.any(axis=1)).sum())


def table_of_red(survey: Survey, highest: int, distinct: int) -> str | None:
    """The CARLA table of ids in the red channel: its folders say so, or ids beyond the first table's."""
    if highest > 22:
        return None
    camera = any(word in name.lower() for name in survey.names for word in ("cameramask", "cameraseg", "carla"))
    if camera or distinct >= 8:
        return "carla" if highest > 12 else "carla-13"
    return None
