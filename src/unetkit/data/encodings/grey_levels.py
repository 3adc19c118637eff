"""Values that mean the nearest of a few levels: black and white with soft or JPEG-smeared edges, and more levels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np

from unetkit.data.arrays import IGNORE, Image, Mask
from unetkit.data.classes import ClassTable
from unetkit.data.encodings.base import Decoded, Found, Request, drop_ignored, listed, share
from unetkit.data.encodings.ids import strange_values
from unetkit.data.encodings.look_up import look_up
from unetkit.data.encodings.survey import Survey
from unetkit.errors import DataError

_APART = 64
_NEAR = 0.12
_SOFT = 0.2
_ONE_VALUE = 0.02
_LEAST = 5000  # pixels: in smaller masks an edge may hold as much of one value


@dataclass(frozen=True)
class GreyLevels:
    """The class whose level is nearest (half-way goes down).

    Attributes:
        levels: ascending, with the class id of each, or None for ignore.
        soft: other greys are edges and noise; else, where lossless masks held nothing but the levels, a mistake.
    """

    levels: tuple[tuple[int, int | None], ...]
    soft: bool = True

    name: ClassVar[str] = "grey-levels"
    reads_palette: ClassVar[bool] = True

    def decode(self, pixels: Image, where: str = "") -> Decoded:
        """H×W values → class ids; greys far from every level that fill an area count as unmatched.

        Raises:
            DataError: colours, or other greys where there should be none.
        """
        if pixels.ndim != 2:
            raise DataError(
                "the mask holds colours, and the others hold greys", where=where, advice="--encoding colours"
            )
        far = pixels[look_up(self._far, pixels) > 0]
        if far.size and not self.soft:
            advice = "if they are soft edges or noise: train anew, with --encoding binary"
            raise strange_values(np.unique(far).tolist(), len(self.levels), where, advice)
        return Decoded(look_up(self._table, pixels), _in_areas(far, pixels.size))

    @cached_property
    def _far(self) -> Mask:
        """1 for each value that is neither a level nor, where edges are soft, near one."""
        levels = np.array([level for level, _ in self.levels])
        reach = _NEAR * np.diff(levels).min(initial=65535) if self.soft else 0
        distance = np.abs(np.arange(65536)[:, None] - levels).min(axis=1)
        return (distance > reach).astype(np.uint8)

    @cached_property
    def _table(self) -> Mask:
        levels = np.array([level for level, _ in self.levels])
        ids = np.array([IGNORE if index is None else index for _, index in self.levels], np.uint8)
        middles = (levels[:-1] + levels[1:]) // 2
        return ids[np.searchsorted(middles, np.arange(65536), side="left")]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"name": self.name, "levels": [list(row) for row in self.levels], "soft": self.soft}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` wrote."""
        levels = tuple((int(level), None if index is None else int(index)) for level, index in document["levels"])
        return cls(levels, bool(document.get("soft", True)))

    @classmethod
    def recognises(cls, survey: Survey, request: Request) -> bool:
        """Levels that the user names, in files whose format smears them."""
        if survey.has_colours or request.classes is None or request.classes.name or not survey.lossy:
            return False
        sources = {row.source for row in request.classes.classes}
        return all(isinstance(source, int) for source in sources) and not set(survey.values) <= sources

    @classmethod
    def fit(cls, survey: Survey, request: Request) -> Found:
        """The levels that the user named.

        Raises:
            DataError: none are named.
        """
        if request.classes is None or survey.has_colours:
            raise DataError(
                "grey levels must be named, and the masks be grey",
                where=survey.names[0],
                advice="--encoding grey-levels --classes '0=NAME,128=NAME,255=NAME'",
            )
        return _fitted(cls, survey, request, request.classes)


@dataclass(frozen=True)
class Binary(GreyLevels):
    """Two levels: 0 and 255 or any two far apart, with whatever soft edges and noise lie between."""

    name: ClassVar[str] = "binary"

    @classmethod
    def recognises(cls, survey: Survey, request: Request) -> bool:
        """Nearly all pixels at or near two values, the rest between them; the user's classes, if any, are these two."""
        levels = two_levels(survey)
        if survey.has_colours or survey.palette is not None or levels is None:
            return False
        if request.ignore and any(isinstance(value, int) for value in request.ignore):
            return False
        given = request.classes
        return given is None or {row.source for row in given.classes} == set(levels)

    @classmethod
    def fit(cls, survey: Survey, request: Request) -> Found:
        """The two levels.

        Raises:
            DataError: the masks are no mixture of two values.
        """
        levels = two_levels(survey)
        if levels is None and len(survey.values) == 2:
            levels = min(survey.values), max(survey.values)
        if levels is None or survey.has_colours:
            raise DataError(
                f"the masks are no mixture of two values: they hold {listed(survey.values)}",
                where=survey.names[0],
                advice="--encoding ids\n--encoding grey-levels --classes '0=NAME,128=NAME,255=NAME'",
            )
        return _fitted(cls, survey, request, request.classes or ClassTable.of_sources(levels))


def two_levels(survey: Survey) -> tuple[int, int] | None:
    """The two values that all others are noise or a soft edge of; None where more than two mean something."""
    values = survey.values
    if set(values) == {0, 255}:
        return 0, 255
    if len(values) < 3 or survey.has_colours:
        return None
    low, high = sorted(sorted(values, key=lambda value: values[value])[-2:])
    if high - low < _APART * (257 if survey.depth == 16 and max(values) > 255 else 1):
        return None
    near_low = [value for value in values if abs(value - low) <= _NEAR * (high - low)]
    near_high = [value for value in values if abs(value - high) <= _NEAR * (high - low)]
    between = {value: count for value, count in values.items() if value not in near_low and value not in near_high}
    if any(value < low or value > high for value in between):
        return None
    noise = not between and (survey.lossy or (len(near_low) > 1 and len(near_high) > 1))
    return (low, high) if noise or _is_soft(values, between, low) else None


def _is_soft(values: Mapping[int, int], between: Mapping[int, int], low: int) -> bool:
    """Soft edges: many values between, each rare, and on no grid as the ids of a sparse table would be."""
    total = sum(values.values())
    if len(values) < 8 or not between or sum(between.values()) > _SOFT * total:
        return False
    grid = math.gcd(*(value - low for value in values if value != low))
    return grid == 1 and max(between.values()) <= _ONE_VALUE * total


def _in_areas(far: Mask, size: int) -> int:
    """Pixels of those values that fill more of a mask than an edge would."""
    counts = np.bincount(far) if far.size else np.zeros(0, np.int64)
    return int(counts[counts > _ONE_VALUE * max(size, _LEAST)].sum())


def _fitted(family: type[GreyLevels], survey: Survey, request: Request, given: ClassTable) -> Found:
    named = replace(request, classes=given)
    classes = drop_ignored(given, named.ignored(given.ignore))
    levels: dict[int, int | None] = {row.source: row.id for row in classes.classes if isinstance(row.source, int)}
    levels |= {value: None for value in classes.ignore if isinstance(value, int)}
    ordered = tuple(sorted(levels.items()))
    others = sum(count for value, count in survey.values.items() if value not in levels)
    notes = [f"mask values {listed(level for level, _ in ordered)} are class ids 0..{len(classes) - 1}, in this order"]
    if others:
        middles = listed((left + right) // 2 for (left, _), (right, _) in pairwise(ordered))
        notes.append(f"{share(others, survey.pixels)} of the mask pixels are other greys; cut at {middles}")
    return Found(family(ordered, soft=others > 0 or survey.lossy), classes, notes)
