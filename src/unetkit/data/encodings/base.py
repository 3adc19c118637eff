"""What an encoding is, what it is asked for, and what finding one gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol, Self

from unetkit.data.arrays import Image, Mask
from unetkit.data.class_text import Source, write_source
from unetkit.data.classes import ClassTable
from unetkit.data.encodings.survey import Survey
from unetkit.errors import ConfigError, DataError


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A mask as class ids, and how many of its pixels no class claims."""

    mask: Mask
    unmatched: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """What the user said about the masks.

    Attributes:
        classes: from `--classes`.
        ignore: from `--ignore`: further sources, or names, to ignore; "none" among them lifts the usual ones.
        class_folders: the folders' names where there is one mask for each class.
        said: the encoding was named by the user, so that doubts are no reason to ask.
    """

    classes: ClassTable | None = None
    ignore: tuple[Source, ...] | None = None
    class_folders: tuple[str, ...] = ()
    said: bool = False

    def ignored(self, usual: Iterable[Source] = ()) -> tuple[Source, ...]:
        """The sources to ignore: the usual ones, and those that were asked for, by value, colour or class name."""
        asked = self.ignore or ()
        first = () if "none" in asked else tuple(usual)
        named = {row.name: row.source for row in self.classes.classes} if self.classes else {}
        sources = [self._source(value, named) for value in asked if value != "none"]
        return tuple(dict.fromkeys((*first, *sources)))

    def _source(self, value: Source, named: Mapping[str, Source]) -> Source:
        if not isinstance(value, str) or value in self.class_folders:
            return value
        if value not in named:
            raise ConfigError(
                f"'{value}' is neither a value, a colour nor the name of a class",
                where="--ignore",
                advice=f"the classes are: {', '.join(named) or 'not named; say a value such as 255'}",
            )
        return named[value]


@dataclass(frozen=True, slots=True)
class Found:
    """An encoding, the classes that it gives, and what was concluded on the way."""

    encoding: Encoding
    classes: ClassTable
    notes: list[str] = field(default_factory=list[str])


class Encoding(Protocol):
    """One way in which pixels say the class.

    Attributes:
        name: its row in `MASK_ENCODINGS`.
        reads_palette: an indexed file is read as its palette's colours, not as indices.
    """

    name: ClassVar[str]
    reads_palette: ClassVar[bool]

    def decode(self, pixels: Image, where: str = "") -> Decoded:
        """Class ids of what `decode_mask_pixels` gave; DataError where a pixel is neither a class nor ignored."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Plain values, its `name` among them."""
        ...

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` wrote."""
        ...

    @classmethod
    def recognises(cls, survey: Survey, request: Request) -> bool:
        """Whether the masks look like this, without being told."""
        ...

    @classmethod
    def fit(cls, survey: Survey, request: Request) -> Found:
        """The encoding for these masks; DataError or AmbiguityError, with the flag that helps, where there is none."""
        ...


def drop_ignored(classes: ClassTable, ignored: Sequence[Source]) -> ClassTable:
    """A user's table without the classes that are ignored; a known table keeps its ids and its count."""
    if classes.name:
        return classes.with_sources(classes.sources, ignored)
    kept = [row for row in classes.classes if row.source not in ignored]
    if not kept:
        raise DataError("every class is ignored", advice="--ignore none")
    return ClassTable(tuple(replace(row, id=index) for index, row in enumerate(kept)), tuple(ignored))


_MOST_LISTED = 12


def listed(values: Iterable[Source]) -> str:
    """A few sources for a message: 0, 1, 2, … 33."""
    texts = [write_source(value) for value in values]
    if len(texts) <= _MOST_LISTED:
        return ", ".join(texts)
    return f"{', '.join(texts[: _MOST_LISTED - 2])}, … {texts[-1]} ({len(texts)} in all)"


def share(part: int, whole: int) -> str:
    """A share in per cent, precise enough to tell a little from nothing."""
    percent = 100 * part / max(whole, 1)
    return f"{percent:.1f} %" if percent >= 0.1 or percent == 0 else f"{percent:.2g} %"
