"""Values that mean the nearest of a few levels, smeared by JPEG or by soft edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import IGNORE, Image, Mask
from unetkit.data.classes import ClassTable
from unetkit.data.encodings.base import Decoded, Found, Request, drop_ignored, listed, share
from unetkit.data.encodings.colours import MOST_UNMATCHED
from unetkit.data.encodings.known import CLOSE
from unetkit.data.encodings.levels import (
    APART,
    Levels,
    are_nearly_all,
    are_smeared,
    find_levels,
    main_levels,
    per_cent,
    uncertain,
    uncertainty,
)
from unetkit.data.encodings.look_up import look_up
from unetkit.data.encodings.proposal import paste, swatches
from unetkit.data.encodings.survey import Survey
from unetkit.errors import AmbiguityError, ConfigError, DataError

RADIUS = 34
"""A pixel farther than this from every level is unmatched: 60 in R G B, as for colours, is 34 levels of grey."""
_PHOTO = 0.5
"""Of a mask's pixels lie inside even areas; of a photograph's, fewer."""


@dataclass(frozen=True)
class GreyLevels:
    """The class whose level is nearest (half-way goes down).

    Attributes:
        levels: ascending, with the class id of each, or None for ignore.
    """

    levels: tuple[tuple[int, int | None], ...]

    name: ClassVar[str] = "grey-levels"
    reads_palette: ClassVar[bool] = True
    radius: ClassVar[int] = RADIUS

    def decode(self, pixels: Image, where: str = "") -> Decoded:
        """H×W values → class ids; what is farther than the radius is unmatched, and ignored.

        Raises:
            DataError: colours.
        """
        if pixels.ndim != 2:
            raise DataError(
                "the mask holds colours, and the others hold greys", where=where, advice="--encoding colours"
            )
        beyond = look_up(self._beyond, pixels)
        return Decoded(look_up(self._table, pixels), int(np.count_nonzero(beyond)))

    @cached_property
    def _table(self) -> Mask:
        ids = np.array([IGNORE if index is None else index for _, index in self.levels], np.uint8)
        table = ids[self._nearest]
        table[self._beyond > 0] = IGNORE
        return table

    @cached_property
    def _nearest(self) -> npt.NDArray[np.intp]:
        """The place of the nearest level, for each value."""
        levels = np.array([level for level, _ in self.levels])
        return np.searchsorted((levels[:-1] + levels[1:]) // 2, np.arange(65536), side="left")

    @cached_property
    def _beyond(self) -> Mask:
        """1 for each value that is too far from every level."""
        levels = np.array([level for level, _ in self.levels])
        reach = self.radius * (257 if levels.max() > 255 else 1)
        return (np.abs(np.arange(65536) - levels[self._nearest]) > reach).astype(np.uint8)

    def unmatched(self, values: Mapping[int, int]) -> int:
        """Pixels of these values that are farther than the radius from every level."""
        return sum(count for value, count in values.items() if self._beyond[value])

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"name": self.name, "levels": [list(row) for row in self.levels]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` wrote."""
        return cls(tuple((int(level), None if index is None else int(index)) for level, index in document["levels"]))

    @classmethod
    def recognises(cls, survey: Survey, request: Request) -> bool:
        """Levels that the user names, and greys that are smeared around some."""
        given = request.classes
        if survey.has_colours or (given is not None and given.name):
            return False
        if given is None:
            return are_smeared(survey)
        sources = {row.source for row in given.classes} | set(given.ignore)
        smeared = not set(survey.values) <= sources and (survey.lossy or are_smeared(survey))
        return smeared and all(isinstance(source, int) for source in sources)

    @classmethod
    def fit(cls, survey: Survey, request: Request) -> Found:
        """The levels that the user named.

        Raises:
            AmbiguityError: none are named; the advice proposes the levels that the pixels crowd around.
            DataError: they crowd around none, or more than 5 % of the pixels are farther than 34 from every level.
        """
        if survey.has_colours:
            raise DataError("the masks hold colours, not greys", where=survey.names[0], advice="--encoding colours")
        if request.classes is None:
            raise _question(survey)
        levels, classes, notes = named_levels(survey, request, request.classes)
        encoding = cls(levels)
        unmatched, total = encoding.unmatched(survey.values), sum(survey.values.values())
        if unmatched > MOST_UNMATCHED * total:
            raise _refused(survey, unmatched, classes)
        if set(survey.values) - dict(levels).keys():
            notes.append(
                f"the greys are smeared: each pixel is taken to the nearest level; {share(unmatched, total)} of the "
                f"pixels are farther than {RADIUS} from every level (they are ignored)"
            )
        near = any(high - low < APART for (low, _), (high, _) in pairwise(levels))
        return Found(encoding, classes, [*notes, *([uncertainty(survey)] if near and survey.lossy else [])])


def named_levels(
    survey: Survey, request: Request, given: ClassTable
) -> tuple[tuple[tuple[int, int | None], ...], ClassTable, list[str]]:
    """Levels with their ids, the classes, and the note that says the order."""
    named = replace(request, classes=given)
    classes = drop_ignored(given, named.ignored(given.ignore))
    levels: dict[int, int | None] = {row.source: row.id for row in classes.classes if isinstance(row.source, int)}
    if len(levels) < len(classes):
        raise ConfigError(
            "the masks hold greys, and the classes are said by colours or folders",
            where=survey.names[0],
            advice="--classes '0=NAME,255=NAME'",
        )
    levels |= {value: None for value in classes.ignore if isinstance(value, int)}
    ordered = tuple(sorted(levels.items()))
    values = listed(level for level, _ in ordered)
    return ordered, classes, [f"mask values {values} are class ids 0..{len(classes) - 1}, in this order"]


def _question(survey: Survey) -> AmbiguityError | DataError:
    """The levels found, as swatches and as a line to paste; or that there are none to be found."""
    levels, total = find_levels(survey), sum(survey.values.values())
    count = f"the masks hold {len(survey.values)} greys"
    if levels.clear:
        frequent = sorted(levels.found, key=lambda row: -row[1])
        ends = main_levels(survey)
        outer = len(levels.found) == 3 and ends == (levels.found[0][0], levels.found[-1][0])
        two = outer and ends is not None and are_nearly_all(survey, ends)
        binary = "\n--encoding binary  # two classes, cut half-way" if two else ""
        ids = "" if survey.lossy else f"\n--encoding ids  # {len(survey.values)} classes, soft edges among them"
        return AmbiguityError(
            f"{count}, and nobody says which are classes; they crowd around {len(levels.found)}:\n"
            + swatches(frequent, total),
            where=survey.names[0],
            advice=paste(levels.found) + binary + ids,
        )
    if not survey.lossy:
        return DataError(
            "grey levels must be named",
            where=survey.names[0],
            advice="--encoding grey-levels --classes '0=NAME,128=NAME,255=NAME'",
        )
    if uncertain(survey) > _PHOTO:
        return AmbiguityError(
            f"{count} that crowd nowhere: they look like photographs",
            where=survey.names[0],
            advice="--masks DIR  # the folder that holds the masks",
        )
    return _unreadable(survey, levels, count)


def _unreadable(survey: Survey, levels: Levels, count: str) -> DataError:
    apart = [level for level, _ in levels.found if all(abs(level - value) >= APART for value in levels.close)]
    filled = sorted({*levels.close, *apart})
    line = paste([(value, 0) for value in filled]) + "  # the nearest of the values that fill areas"
    return DataError(
        f"{count}, and those that fill areas ({listed(filled)}) are too near for JPEG to keep them apart: these masks "
        "cannot be read reliably",
        where=survey.names[0],
        advice="save the masks as PNG where they were made; or take them as they are, where "
        f"{per_cent(uncertain(survey))} of the pixels are uncertain:\n{line}\n--encoding ids  # each value is a class",
    )


def _refused(survey: Survey, unmatched: int, classes: ClassTable) -> DataError:
    levels, total = find_levels(survey), sum(survey.values.values())
    named = [source for source in classes.sources if isinstance(source, int)]
    same = all(min(abs(level - source) for source in named) <= CLOSE for level, _ in levels.found)
    return DataError(
        f"{share(unmatched, total)} of the mask pixels are farther than {RADIUS} from every one of the {len(classes)} "
        f"classes' levels ({100 * MOST_UNMATCHED:.0f} % may be); the masks' levels are:\n"
        + swatches(levels.found, total),
        where=survey.names[0],
        advice="save the masks as PNG, with hard edges: too many of their pixels are smeared"
        if same
        else paste(levels.found),
    )
