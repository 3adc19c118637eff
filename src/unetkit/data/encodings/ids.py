"""Values that are ids: 8 or 16 bits, from 0 or not, with gaps or not, indices of palette files among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from unetkit.data.arrays import IGNORE_16, Image, Mask, ignore_id
from unetkit.data.class_text import write_classes
from unetkit.data.classes import ClassTable
from unetkit.data.encodings import known
from unetkit.data.encodings.base import Decoded, Found, Request, drop_ignored, listed
from unetkit.data.encodings.levels import filling, uncertainty
from unetkit.data.encodings.look_up import look_up
from unetkit.data.encodings.survey import Survey
from unetkit.data.tables import KNOWN_TABLES, Colour, voc_colour
from unetkit.errors import AmbiguityError, DataError

_FEW = 64
_TOO_MANY = 200
_MOST_OF_VOC = 15


@dataclass(frozen=True)
class Ids:
    """A class or ignore for each value, looked up.

    Attributes:
        meaning: value → class id, or None for ignore.
        classes: their number; it decides between masks of 8 and 16 bits.
    """

    meaning: tuple[tuple[int, int | None], ...]
    classes: int

    name: ClassVar[str] = "ids"
    reads_palette: ClassVar[bool] = False

    def decode(self, pixels: Image, where: str = "") -> Decoded:
        """H×W values → class ids.

        Raises:
            DataError: colours, or a value that is neither a class nor ignored; names file, values and the flag.
        """
        if pixels.ndim != 2:
            raise DataError(
                "the mask holds colours, and the others hold values", where=where, advice="--encoding colours"
            )
        table, known_values = self._tables
        if not look_up(known_values, pixels).all():
            strange = np.unique(pixels[known_values[pixels] == 0]).tolist()
            raise strange_values(strange, self.classes, where)
        return Decoded(look_up(table, pixels))

    @cached_property
    def _tables(self) -> tuple[Mask, Mask]:
        ignore = ignore_id(self.classes)
        table = np.full(65536, ignore, np.uint8 if self.classes <= 255 else np.uint16)
        known_values = np.zeros(65536, np.uint8)
        for value, index in self.meaning:
            table[value] = ignore if index is None else index
            known_values[value] = 1
        return table, known_values

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"name": self.name, "meaning": [list(row) for row in self.meaning], "classes": self.classes}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` wrote."""
        rows = document["meaning"]
        meaning = tuple((int(value), None if index is None else int(index)) for value, index in rows)
        return cls(meaning, int(document["classes"]))

    @classmethod
    def recognises(cls, survey: Survey, request: Request) -> bool:
        """Values, and no colours."""
        return not survey.has_colours and not _wants_colours(request)

    @classmethod
    def fit(cls, survey: Survey, request: Request) -> Found:
        """Classes by the order of values; a known or given table as it says.

        Raises:
            DataError: values that no class has, or too many to be classes.
        """
        if survey.has_colours:
            raise DataError("the masks hold colours, not ids", where=survey.names[0], advice="--encoding colours")
        return fit_values(cls, survey, survey.values, request)


def fit_values(family: type[Ids], survey: Survey, values: Mapping[int, int], request: Request) -> Found:
    """The lookup for these values (pixels of each), whichever channel they came from."""
    if request.classes is not None and request.classes.name in KNOWN_TABLES:
        found = _by_table(family, survey, values, request, request.classes.name)
    elif request.classes is not None:
        found = _as_given(family, survey, values, request, request.classes)
    else:
        found = _by_order(family, survey, values, request)
    if survey.lossy and not survey.has_colours and len(values) > 2:
        return replace(found, notes=[*found.notes, uncertainty(survey)])
    return found


def strange_values(strange: Sequence[int], classes: int, where: str, advice: str = "") -> DataError:
    """The error for a mask with more values than classes; `advice` comes before the flag that ignores them."""
    ignore = f"--ignore {','.join(str(value) for value in strange[:40])}  # never learnt, never scored"
    return DataError(
        f"the mask holds values that are none of the {classes} classes: {listed(strange)}",
        where=where,
        advice="\n".join(filter(None, (advice, ignore))),
    )


def _by_table(family: type[Ids], survey: Survey, values: Mapping[int, int], request: Request, name: str) -> Found:
    meaning, numbering = known.values_of(KNOWN_TABLES[name], survey)
    if request.ignore and "none" in request.ignore:
        meaning |= {label.value: label.id for label in KNOWN_TABLES[name].labels}
    classes = known.with_values(KNOWN_TABLES[name], meaning, request)
    meaning |= {value: None for value in classes.ignore if isinstance(value, int)}
    _refuse_strange(survey, values, meaning, classes)
    notes = [f"classes of {name}, {numbering}"] if name == "cityscapes" else [f"classes of {name}"]
    return Found(family(tuple(sorted(meaning.items())), len(classes)), classes, notes)


def _as_given(
    family: type[Ids], survey: Survey, values: Mapping[int, int], request: Request, given: ClassTable
) -> Found:
    named = {row.source for row in given.classes}
    usual, notes = list(given.ignore), list[str]()
    if [value for value in values if value not in (*named, *usual)] == [255] and _is_odd_one_out(named & set(values)):
        usual.append(255)
        notes.append(_ODD_NOTE)
    classes = drop_ignored(given, request.ignored(usual))
    meaning: dict[int, int | None] = {row.source: row.id for row in classes.classes if isinstance(row.source, int)}
    meaning |= {value: None for value in classes.ignore if isinstance(value, int)}
    meaning |= _noise(survey, meaning)
    _refuse_strange(survey, values, meaning, given)
    return Found(family(tuple(sorted(meaning.items())), len(classes)), classes, notes)


def _by_order(family: type[Ids], survey: Survey, values: Mapping[int, int], request: Request) -> Found:
    usual, notes = list[int](), list[str]()
    voc = _has_voc_palette(survey)
    if voc and request.ignore is None and len(values) >= _MOST_OF_VOC and max(set(values) - {255}) <= 20:
        return _by_table(family, survey, values, request, "pascal-voc")
    if voc:
        notes.append("the palette is Pascal VOC's: --classes pascal-voc where the classes are, too")
    if 255 in values and (voc or _is_odd_one_out(set(values) - {255})):
        usual.append(255)
        notes.append(_ODD_NOTE)
    ignored = request.ignored(usual)
    kept = [value for value in values if value not in ignored]
    if survey.lossy and not survey.has_colours:
        kept = [value for value in kept if value in filling(survey)] or kept
    _check_count(kept, survey, said=request.said)
    classes = ClassTable.of_sources(kept, _palette_colours(survey, kept))
    classes = replace(classes, ignore=ignored)
    if kept != list(range(len(kept))):
        notes.append(f"mask values {listed(kept)} are class ids 0..{len(kept) - 1}, in this order")
    meaning: dict[int, int | None] = {value: index for index, value in enumerate(kept)}
    meaning |= {value: None for value in ignored if isinstance(value, int)}
    meaning |= _noise(survey, meaning)
    return Found(family(tuple(sorted(meaning.items())), len(kept)), classes, notes)


def _noise(survey: Survey, meaning: Mapping[int, int | None]) -> dict[int, int | None]:
    """What JPEG makes of values, besides those that fill areas: each means what the nearest of them means."""
    if not survey.lossy or survey.has_colours or not meaning:
        return {}
    areas = {*filling(survey), *meaning}
    return {value: meaning[min(meaning, key=lambda one: abs(one - value))] for value in set(range(256)) - areas}


_ODD_NOTE = "value 255 stands apart from the few ids below it and is ignored (--ignore none makes it a class)"


def _is_odd_one_out(others: set[Any]) -> bool:
    """Whether 255 stands beside these few ids 0..n−1 only to be ignored: two at least occur, most of them do."""
    low = [value for value in others if isinstance(value, int)]
    return len(low) >= 2 and max(low) < _FEW and max(low) + 1 < 2 * len(low)


def _has_voc_palette(survey: Survey) -> bool:
    """Whether every index has the colour that Pascal VOC gives it; label tools use it for classes of their own."""
    used = [value for value in survey.values if value > 0]
    return (
        survey.palette is not None
        and bool(used)
        and all(tuple(survey.palette[value].tolist()) == voc_colour(value) for value in used)
    )


def _refuse_strange(
    survey: Survey, values: Mapping[int, int], meaning: Mapping[int, int | None], classes: ClassTable
) -> None:
    strange = [value for value in values if value not in meaning]
    if not strange:
        return
    rows = [(row.source, row.name) for row in classes.classes] + [(value, f"class {value}") for value in strange]
    line = "" if classes.name or len(rows) > 40 else write_classes(rows) + "  # more classes"
    raise strange_values(strange, len(classes), survey.example(strange[0]), line)


def _check_count(kept: Sequence[int], survey: Survey, *, said: bool) -> None:
    if not kept:
        raise DataError("every pixel of the masks is ignored", where=survey.names[0], advice="--ignore none")
    if len(kept) > IGNORE_16:
        raise DataError(
            f"the masks hold {len(kept):,} different values, and a mask may hold {IGNORE_16:,} classes",
            where=survey.names[0],
            advice="--ignore VALUE  # for those that are no class",
        )
    if len(kept) > _TOO_MANY and not said:
        raise AmbiguityError(
            f"the masks hold {len(kept):,} different values: are they classes, or is this a picture?",
            where=survey.names[0],
            advice="--encoding ids  # each value is a class\n"
            "--encoding binary --classes '0=NAME,255=NAME'  # cut half-way between these two",
        )


def _palette_colours(survey: Survey, kept: Sequence[int]) -> dict[Any, Colour]:
    """The palette's colour of each value, unless the palette says nothing (all grey, or one colour twice)."""
    if survey.palette is None:
        return {}
    rows = {value: survey.palette[value] for value in kept if value < len(survey.palette)}
    colours: dict[Any, Colour] = {value: (int(row[0]), int(row[1]), int(row[2])) for value, row in rows.items()}
    grey = all(red == green == blue for red, green, blue in colours.values())
    return {} if grey or len(set(colours.values())) < len(kept) else colours


def _wants_colours(request: Request) -> bool:
    """Whether the user's classes are colours (greys in files that look like values)."""
    given = request.classes
    return given is not None and not given.name and all(isinstance(row.source, tuple) for row in given.classes)
