"""Black and white, or any two levels far apart, with soft or JPEG-smeared edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np

from unetkit.data.arrays import Image, Mask
from unetkit.data.classes import ClassTable
from unetkit.data.encodings.base import Decoded, Found, Request, listed, share
from unetkit.data.encodings.grey_levels import GreyLevels, named_levels
from unetkit.data.encodings.ids import strange_values
from unetkit.data.encodings.levels import NEAR, are_nearly_all, main_levels, rare_third, two_levels
from unetkit.data.encodings.look_up import look_up
from unetkit.data.encodings.survey import Survey
from unetkit.errors import AmbiguityError, DataError

_ONE_VALUE = 0.02
_LEAST = 5000  # pixels: in smaller masks an edge may hold as much of one value


@dataclass(frozen=True)
class Binary(GreyLevels):
    """Two levels: 0 and 255 or any two far apart, with whatever soft edges and noise lie between; cut half-way.

    Attributes:
        soft: other greys are edges and noise; else, where lossless masks held nothing but the levels, a mistake.
    """

    soft: bool = True

    name: ClassVar[str] = "binary"
    radius: ClassVar[int] = 65535

    def decode(self, pixels: Image, where: str = "") -> Decoded:
        """H×W values → class ids; greys far from every level that fill an area count as unmatched.

        Raises:
            DataError: colours, or other greys where there should be none.
        """
        mask = super().decode(pixels, where).mask
        far = pixels[look_up(self._far, pixels) > 0]
        if far.size and not self.soft:
            advice = "if they are soft edges or noise: train anew, with --encoding binary"
            raise strange_values(np.unique(far).tolist(), len(self.levels), where, advice)
        return Decoded(mask, _in_areas(far, pixels.size))

    @cached_property
    def _far(self) -> Mask:
        """1 for each value that is neither a level nor, where edges are soft, near one."""
        levels = np.array([level for level, _ in self.levels])
        reach = NEAR * np.diff(levels).min(initial=65535) if self.soft else 0
        distance = np.abs(np.arange(65536)[:, None] - levels).min(axis=1)
        return (distance > reach).astype(np.uint8)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return super().to_json() | {"soft": self.soft}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` wrote."""
        return replace(super().from_json(document), soft=bool(document.get("soft", True)))

    @classmethod
    def recognises(cls, survey: Survey, request: Request) -> bool:
        """Nearly all pixels at or near two values, the rest between them; the user's classes, if any, are these two."""
        levels = two_levels(survey) or (main_levels(survey) if rare_third(survey) else None)
        if survey.has_colours or survey.palette is not None or levels is None:
            return False
        if request.ignore and any(isinstance(value, int) for value in request.ignore):
            return False
        return request.classes is None or _are_these(request.classes, levels)

    @classmethod
    def fit(cls, survey: Survey, request: Request) -> Found:
        """The two levels.

        Raises:
            AmbiguityError: a rare third value may be a soft edge or a class.
            DataError: the masks are no mixture of two values.
        """
        levels, rare = two_levels(survey) or _said(survey, request), rare_third(survey)
        if levels is None and len(survey.values) == 2:
            levels = min(survey.values), max(survey.values)
        if levels is None and rare and request.classes is None:
            raise _edge_or_class(survey, rare)
        given = request.classes or (ClassTable.of_sources(levels) if levels else None)
        if given is None or survey.has_colours:
            raise DataError(
                f"the masks are no mixture of two values: they hold {listed(survey.values)}",
                where=survey.names[0],
                advice="--encoding ids\n--encoding binary --classes '0=NAME,255=NAME'  # cut half-way between these",
            )
        ordered, classes, notes = named_levels(survey, request, given)
        others = sum(count for value, count in survey.values.items() if value not in dict(ordered))
        if others:
            middles = listed((left + right) // 2 for (left, _), (right, _) in pairwise(ordered))
            edges = "other greys" if survey.lossy else "other greys, the soft edges of the two"
            notes.append(f"{share(others, survey.pixels)} of the mask pixels are {edges}; cut at {middles}")
        return Found(cls(ordered, others > 0 or survey.lossy), classes, notes)


def _said(survey: Survey, request: Request) -> tuple[int, int] | None:
    """The two most frequent values, if the user says that two are meant and most pixels hold them."""
    ends = main_levels(survey) if request.said else None
    return ends if ends is not None and are_nearly_all(survey, ends) else None


def _are_these(given: ClassTable, levels: tuple[int, int]) -> bool:
    """Whether the classes are said by these two levels, or by values that are as near to them as noise."""
    sources = [row.source for row in given.classes]
    off = NEAR * (levels[1] - levels[0])
    return len(sources) == 2 and all(
        isinstance(source, int) and abs(source - level) <= off for source, level in zip(sources, levels, strict=True)
    )


def _edge_or_class(survey: Survey, rare: Sequence[int]) -> AmbiguityError:
    part = share(sum(survey.values[value] for value in rare), survey.pixels)
    return AmbiguityError(
        f"{part} of the mask pixels are {listed(rare)}, some along the border of the two other values, some not: "
        "soft edges, or a class",
        where=survey.example(rare[0]) or survey.names[0],
        advice="--encoding binary  # soft edges: two classes, cut half-way\n"
        f"--encoding ids  # {len(survey.values)} classes",
    )


def _in_areas(far: Mask, size: int) -> int:
    """Pixels of those values that fill more of a mask than an edge would."""
    counts = np.bincount(far) if far.size else np.zeros(0, np.int64)
    return int(counts[counts > _ONE_VALUE * max(size, _LEAST)].sum())
