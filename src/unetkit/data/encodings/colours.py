"""Colours that are classes: exact ones, and colours smeared by JPEG, each pixel taken to its nearest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import Counts, Image, Mask, ignore_id
from unetkit.data.class_text import write_classes, write_source
from unetkit.data.classes import ClassTable
from unetkit.data.encodings import known
from unetkit.data.encodings.base import Decoded, Found, Request, drop_ignored, listed, share
from unetkit.data.encodings.mixtures import are_mixed, drawn_palette
from unetkit.data.encodings.nearest import NearestColour
from unetkit.data.encodings.proposal import paste, swatches
from unetkit.data.encodings.survey import Codes, Survey, code_of, codes_of, colour_of
from unetkit.data.tables import KNOWN_TABLES, Colour
from unetkit.errors import AmbiguityError, ConfigError, DataError

RADIUS = 60
"""A pixel farther than this from every colour (in R G B, 0..255) is unmatched."""
MOST_UNMATCHED = 0.05
"""A set with a larger share of unmatched pixels is refused: its palette is another."""
_SMALL_PALETTE = 32
_LARGE_PALETTE = 256
_SUBSTANTIAL = 50
_CROWD = 0.5
"""Of a mask's pixels lie around a few colours; of a photograph's, less."""


@dataclass(frozen=True)
class Colours:
    """A class or ignore for each colour.

    Attributes:
        meaning: colour → class id, or None for ignore.
        classes: their number.
        far: what becomes of a pixel farther than the radius: "nearest" is its nearest colour's class (right where the
            palette is complete and only smeared), "ignore". Both count it as unmatched.
    """

    meaning: tuple[tuple[Colour, int | None], ...]
    classes: int
    far: str = "ignore"

    name: ClassVar[str] = "colours"
    reads_palette: ClassVar[bool] = True
    radius: ClassVar[float] = 0

    def decode(self, pixels: Image, where: str = "") -> Decoded:
        """H×W×3 colours, or H×W greys → class ids.

        Raises:
            DataError: a colour that is neither a class nor ignored (exact colours only); names file and colours.
        """
        codes = codes_of(pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2))
        place, beyond = self._nearest(codes)
        unmatched = int(np.count_nonzero(beyond))
        if unmatched and self.radius == 0:
            raise _strange_colours(np.unique(codes[beyond]), self.classes, where)
        mask = self._ids[place]
        if unmatched and self.far == "ignore":
            mask[beyond] = ignore_id(self.classes)
        return Decoded(mask, unmatched)

    @cached_property
    def _nearest(self) -> NearestColour:
        return NearestColour([colour for colour, _ in self.meaning], self.radius)

    @cached_property
    def _ids(self) -> Mask:
        ids = [ignore_id(self.classes) if index is None else index for _, index in self.meaning]
        return np.array(ids, np.uint8 if self.classes <= 255 else np.uint16)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        rows = [[list(colour), index] for colour, index in self.meaning]
        return {"name": self.name, "meaning": rows, "classes": self.classes, "far": self.far}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` wrote."""
        rows = tuple(
            ((int(colour[0]), int(colour[1]), int(colour[2])), None if index is None else int(index))
            for colour, index in document["meaning"]
        )
        return cls(rows, int(document["classes"]), str(document["far"]))

    @classmethod
    def recognises(cls, survey: Survey, request: Request) -> bool:
        """Only colours that were said or stand in one known table; or few colours, each of them more than an edge."""
        codes, counts = survey.colours
        expected = _expected(survey, request)
        if expected is not None:
            return len(codes) <= len(expected[1]) and {code_of(colour) for colour in expected[1]} >= set(codes.tolist())
        few = len(codes) <= (_SMALL_PALETTE // 2 if survey.lossy else _SMALL_PALETTE)
        substantial = bool((counts >= _SUBSTANTIAL * survey.files).mean() >= 0.9)
        exact = few or (not survey.lossy and len(codes) <= _LARGE_PALETTE and substantial)
        return exact and not are_mixed(survey)

    @classmethod
    def fit(cls, survey: Survey, request: Request) -> Found:
        """A known or given table as it says; else classes in the order of (R, G, B).

        Raises:
            DataError: colours that no class has.
        """
        codes, _ = survey.colours
        expected = _expected(survey, request)
        if expected is None:
            return _by_order(cls, [colour_of(code) for code in codes.tolist()], request)
        classes, meaning, notes = expected
        strange = [code for code in codes.tolist() if colour_of(code) not in meaning]
        if strange:
            where = survey.example(colour_of(strange[0]))
            raise _strange_colours(np.array(strange, np.uint32), len(classes), where)
        return Found(cls(tuple(meaning.items()), len(classes)), classes, notes)


@dataclass(frozen=True)
class SmearedColours(Colours):
    """A class or ignore for the nearest colour."""

    far: str = "nearest"

    name: ClassVar[str] = "smeared-colours"
    radius: ClassVar[float] = RADIUS

    @classmethod
    def recognises(cls, survey: Survey, request: Request) -> bool:
        """Colours of any kind; the last row of the table."""
        return survey.has_colours or request.classes is not None

    @classmethod
    def fit(cls, survey: Survey, request: Request) -> Found:
        """A known or given palette.

        Raises:
            AmbiguityError: neither; the advice proposes the palette that the pixels crowd around.
            DataError: more than 5 % of the pixels are farther than 60 from every colour.
        """
        codes, counts = survey.colours
        expected = _expected(survey, request)
        if expected is None:
            raise _proposal(survey, codes, counts)
        classes, meaning, notes = expected
        encoding = cls(tuple(meaning.items()), len(classes), "nearest" if classes.name else "ignore")
        unmatched = encoding.unmatched(codes, counts)
        if unmatched > MOST_UNMATCHED * counts.sum():
            raise _refused(survey, counts, unmatched, classes)
        fate = "they count as their nearest colour" if encoding.far == "nearest" else "they are ignored"
        notes.append(
            f"the colours are smeared: each pixel is taken to the nearest; {share(unmatched, int(counts.sum()))} "
            f"of the pixels are farther than {RADIUS} from every colour ({fate})"
        )
        return Found(encoding, classes, notes)

    def unmatched(self, codes: Codes, counts: Counts) -> int:
        """Pixels of these colours that are farther than the radius from every class and every ignored colour."""
        _, beyond = self._nearest(codes)
        return int(counts[beyond].sum())


def _expected(survey: Survey, request: Request) -> tuple[ClassTable, dict[Colour, int | None], list[str]] | None:
    """The classes and colours that are said or recognised; None where the colours are nobody's."""
    given = request.classes
    if given is not None and not given.name:
        return (*_as_given(given, request), [])
    table = KNOWN_TABLES[given.name] if given is not None else known.table_of_colours(survey)
    if table is None:
        return None
    classes, meaning = known.with_colours(table, request)
    said = "" if given is not None else " (recognised by their colours; --classes says others)"
    return classes, meaning, [f"classes of {table.name}{said}"]


def _as_given(given: ClassTable, request: Request) -> tuple[ClassTable, dict[Colour, int | None]]:
    classes = drop_ignored(given, request.ignored(given.ignore))
    meaning: dict[Colour, int | None] = {row.source: row.id for row in classes.classes if isinstance(row.source, tuple)}
    if len(meaning) < len(classes):
        raise ConfigError(
            "the masks hold colours, and the classes are said by values",
            where=write_classes((row.source, row.name) for row in given.classes),
            advice="--classes '#rrggbb=NAME,#rrggbb=NAME'",
        )
    return classes, meaning | {colour: None for colour in classes.ignore if isinstance(colour, tuple)}


def _by_order(family: type[Colours], colours: Iterable[Colour], request: Request) -> Found:
    ignored = request.ignored()
    kept = sorted(colour for colour in colours if colour not in ignored)
    if not kept:
        raise DataError("every pixel of the masks is ignored", advice="--ignore none")
    classes = replace(ClassTable.of_sources(kept), ignore=ignored)
    meaning: list[tuple[Colour, int | None]] = [(colour, index) for index, colour in enumerate(kept)]
    meaning += [(colour, None) for colour in ignored if isinstance(colour, tuple)]
    notes = [f"the colours {listed(kept)} are class ids 0..{len(kept) - 1}, in the order of (R, G, B)"]
    return Found(family(tuple(meaning), len(kept)), classes, notes)


def _strange_colours(codes: npt.NDArray[np.uint32], classes: int, where: str) -> DataError:
    colours = [colour_of(code) for code in codes.tolist()]
    few = ",".join(write_source(colour) for colour in colours[:12])
    return DataError(
        f"the mask holds colours that are none of the {classes} classes: {listed(colours)}",
        where=where,
        advice=f"--encoding smeared-colours  # the nearest colour\n--ignore '{few}'  # never learnt, never scored",
    )


def _proposal(survey: Survey, codes: Codes, counts: Counts) -> AmbiguityError:
    """The palette found, as swatches and as a line to paste."""
    found = drawn_palette(survey)
    if sum(mass for _, mass in found) < _CROWD * counts.sum():
        return AmbiguityError(
            f"the masks hold {len(codes):,} colours that crowd nowhere: they look like photographs",
            where=survey.names[0],
            advice="--masks DIR  # the folder that holds the masks",
        )
    return AmbiguityError(
        f"the masks hold {len(codes):,} colours, and nobody says which are classes; they crowd around {len(found)}:\n"
        + swatches(found, int(counts.sum())),
        where=survey.names[0],
        advice=paste(found),
    )


def _refused(survey: Survey, counts: Counts, unmatched: int, classes: ClassTable) -> DataError:
    found = drawn_palette(survey)
    total = int(counts.sum())
    given = np.array(classes.sources, np.float64)
    same = all(np.linalg.norm(given - colour, axis=1).min() <= known.CLOSE for colour, _ in found)
    return DataError(
        f"{share(unmatched, total)} of the mask pixels are farther than {RADIUS} from every one of the {len(classes)} "
        f"classes' colours ({100 * MOST_UNMATCHED:.0f} % may be); the masks' colours are:\n" + swatches(found, total),
        where=survey.names[0],
        advice="save the masks as PNG: JPEG has smeared too many of their pixels" if same else paste(found),
    )
