"""Masks that follow a published table: in which numbering, in which colours, and which table it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from unetkit.data.classes import ClassTable
from unetkit.data.encodings.base import Request
from unetkit.data.encodings.palette import Points, unpack
from unetkit.data.encodings.survey import Survey, code_of
from unetkit.data.tables import KNOWN_TABLES, Colour, KnownTable

CLOSE = 12
"""JPEG leaves most pixels this near to their colour; chance does not."""
_ENOUGH = 0.6
_SAMPLE = 30_000
"""The most frequent colours decide."""
_FEWEST = 4
"""Colours that must be met, black apart: two or three are shared by too many tables."""


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
    """The known table whose colours these masks have, exactly or smeared by JPEG; None where no table fits well."""
    codes, counts = survey.colours
    if len(codes) > _SAMPLE:
        frequent = np.argpartition(counts, -_SAMPLE)[-_SAMPLE:]
        codes, counts = codes[frequent], counts[frequent]
    pixels, present = unpack(codes), set(codes.tolist())
    best: tuple[float, KnownTable] | None = None
    for table in KNOWN_TABLES.values():
        palette = np.array(list(table.palette), np.float32)
        near = _nearest_squared(pixels, palette) <= CLOSE**2
        met = {code_of(colour) for colour in table.palette if colour != (0, 0, 0)} & present
        covered = float(counts[near].sum() / counts.sum())
        if len(met) >= _FEWEST and covered >= _ENOUGH and (best is None or covered > best[0] + 0.002):
            best = covered, table
    return best[1] if best else None


def table_of_red(survey: Survey, highest: int, distinct: int) -> str | None:
    """The CARLA table of ids in the red channel: its folders say so, or ids beyond the first table's."""
    if highest > 22:
        return None
    camera = any(word in name.lower() for name in survey.names for word in ("cameramask", "cameraseg", "carla"))
    if camera or distinct >= 8:
        return "carla" if highest > 12 else "carla-13"
    return None


def _nearest_squared(pixels: Points, palette: Points) -> npt.NDArray[np.float32]:
    """Squared distance of each pixel to its nearest colour; exact, since float32 holds these integers."""
    nearest = ((palette**2).sum(axis=1) - 2 * (pixels @ palette.T)).min(axis=1)
    return nearest + (pixels**2).sum(axis=1)
