"""Classes: their ids, names and colours, and what stood for them in the files they came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import IGNORE, Mask, ignore_value
from unetkit.data.class_text import ClassRow, Source, parse_classes, read_class_file
from unetkit.data.colours import distinct_colours
from unetkit.data.tables import KNOWN_TABLES, Colour, KnownTable, Label
from unetkit.errors import ConfigError

Palette: TypeAlias = npt.NDArray[np.uint8]
"""n×3, one R G B row for each id."""


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """One class.

    Attributes:
        id: 0..n−1, what a mask holds.
        colour: R, G, B for pictures.
        source: what stood for it in the files: a value, a colour, or the name of a mask folder.
    """

    id: int
    name: str
    colour: Colour
    source: Source


@dataclass(frozen=True, slots=True)
class ClassTable:
    """The classes of a data set or a model, ids 0..n−1 in order.

    Attributes:
        ignore: source values or colours that are never learnt and never scored.
        name: of the known table it was made from ("cityscapes"), else empty.
    """

    classes: tuple[ClassInfo, ...]
    ignore: tuple[Source, ...] = ()
    name: str = ""

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in the order of ids."""
        return tuple(row.name for row in self.classes)

    @property
    def colours(self) -> Palette:
        """n×3 uint8, R G B."""
        return np.array([row.colour for row in self.classes], np.uint8).reshape(-1, 3)

    @property
    def sources(self) -> tuple[Source, ...]:
        """What stood for each class in the files, in the order of ids."""
        return tuple(row.source for row in self.classes)

    def palette(self) -> Palette:
        """256×3 uint8 for an indexed PNG: unused ids and ignore are black."""
        table = np.zeros((256, 3), np.uint8)
        table[: min(len(self), 256)] = self.colours[:256]
        return table

    def id_of(self, name: str) -> int:
        """The id of the class called `name`.

        Raises:
            ConfigError: no class has that name.
        """
        for row in self.classes:
            if row.name == name:
                return row.id
        raise ConfigError(f"there is no class '{name}'", advice=f"the classes are: {', '.join(self.names)}")

    def source_values(self) -> npt.NDArray[np.uint8 | np.uint16]:
        """What `--as-source` writes for each id: n values, or n×3 where the source held colours.

        A class that came from a mask folder has no value of its own and gets its id.
        """
        if any(isinstance(source, tuple) for source in self.sources):
            rows = [source if isinstance(source, tuple) else (0, 0, 0) for source in self.sources]
            return np.array(rows, np.uint8)
        values = [
            source if isinstance(source, int) else row.id
            for row, source in zip(self.classes, self.sources, strict=True)
        ]
        return np.array(values, np.uint8 if max(values, default=0) <= 255 else np.uint16)

    def as_source(self, mask: Mask) -> npt.NDArray[np.uint8 | np.uint16]:
        """The mask as the source would have written it: H×W values, or H×W×3 colours; ignore as its first ignore."""
        values = self.source_values()
        missing = self._ignore_as_source(colours=values.ndim == 2)
        depth = np.uint16 if values.dtype == np.uint16 or int(missing.max()) > 255 else np.uint8
        table = np.concatenate([values.astype(depth), missing.astype(depth)[None]])
        return table[np.where(mask == ignore_value(mask), len(self), mask)]

    def _ignore_as_source(self, *, colours: bool) -> npt.NDArray[np.int64]:
        """The first ignored value or colour; 255 or black where the source has none."""
        for source in self.ignore:
            if not isinstance(source, str) and isinstance(source, tuple) == colours:
                return np.array(source, np.int64)
        return np.array((0, 0, 0) if colours else 255, np.int64)

    def to_json(self) -> dict[str, Any]:
        """Plain values for JSON and YAML."""
        rows = [
            {"id": row.id, "name": row.name, "colour": list(row.colour), "source": _plain(row.source)}
            for row in self.classes
        ]
        return {"name": self.name, "classes": rows, "ignore": [_plain(value) for value in self.ignore]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ClassTable:
        """What `to_json` wrote."""
        classes = tuple(
            ClassInfo(int(row["id"]), str(row["name"]), _colour(row["colour"]), _source(row["source"]))
            for row in document["classes"]
        )
        return cls(
            classes, tuple(_source(value) for value in document.get("ignore", ())), str(document.get("name", ""))
        )

    @classmethod
    def from_text(cls, text: str) -> ClassTable:
        """What `--classes` takes: '0=sea,255=sky', the name of a known table, or the path of a file.

        Raises:
            ConfigError: it is none of the three, or a part of it cannot be read.
        """
        if text.strip() in KNOWN_TABLES:
            return cls.known(text.strip())
        if (file := class_file(text)) is not None:
            return cls.from_file(file)
        return cls.from_rows(parse_classes(text, known=KNOWN_TABLES))

    @classmethod
    def from_file(cls, path: Path) -> ClassTable:
        """Read a class file: `label_colors.txt`, `class_dict.csv`, VOC's `labelmap.txt`, JSON, or lines of text.

        Raises:
            ConfigError: the file holds no classes, or a line cannot be read; the message names the line.
        """
        return cls.from_rows(read_class_file(path))

    @classmethod
    def from_rows(cls, rows: Iterable[ClassRow]) -> ClassTable:
        """Number the rows in the order of source values (or colours, or folder names).

        Rows named `ignore` name no class; what they stand for is ignored.
        """
        rows = tuple(rows)
        kept = sorted((row for row in rows if row.name != "ignore"), key=lambda row: source_order(row.source))
        ignore = tuple(row.source for row in rows if row.name == "ignore")
        colours = distinct_colours([row.name for row in kept])
        classes = tuple(
            ClassInfo(index, row.name, row.colour or colours[index], row.source) for index, row in enumerate(kept)
        )
        return cls(classes, ignore)

    @classmethod
    def of_sources(cls, sources: Iterable[Source], colours: Mapping[Source, Colour] | None = None) -> ClassTable:
        """Classes without names, `class 0`, `class 1`, ..., one for each source value, in its order.

        Args:
            colours: what the source showed for a value (a palette), kept as the class's colour.
        """
        ordered = sorted(set(sources), key=source_order)
        shown = colours or {}
        rows = [
            ClassRow(source, f"class {index}", source if isinstance(source, tuple) else shown.get(source))
            for index, source in enumerate(ordered)
        ]
        return cls.from_rows(rows)

    @classmethod
    def known(cls, name: str) -> ClassTable:
        """A known table, its ids kept as they are published; each class's source is its value in an id image."""
        table = KNOWN_TABLES[name]
        classes = tuple(
            ClassInfo(index, row[0], row[1], _first_value(table, index)) for index, row in enumerate(table.classes)
        )
        ignored = [label.value for label in table.labels if table.is_ignored(label)]
        return cls(classes, tuple(dict.fromkeys((*ignored, *table.ignored_values))), name)

    def with_sources(self, sources: Sequence[Source], ignore: Sequence[Source]) -> ClassTable:
        """The same classes, as other files say them (a known table met in colours)."""
        rows = tuple(replace(row, source=source) for row, source in zip(self.classes, sources, strict=True))
        return replace(self, classes=rows, ignore=tuple(ignore))


def class_file(text: str) -> Path | None:
    """The file that `--classes` names; None where it says the classes itself, or a known table."""
    if text.strip() in KNOWN_TABLES or ("=" in text and not Path(text).is_absolute()):
        return None
    return Path(text) if Path(text).is_file() else None


def source_order(source: Source) -> tuple[int, tuple[int, ...], str]:
    """The order in which sources become ids: values, then colours by (R, G, B), then folder names."""
    if isinstance(source, int):
        return 0, (source,), ""
    if isinstance(source, tuple):
        return 1, source, ""
    return 2, (), source


def _first_value(table: KnownTable, index: int) -> int:
    owners: list[Label] = [label for label in table.labels if label.id == index]
    return owners[0].value if owners else IGNORE


def _plain(source: Source) -> int | str | list[int]:
    return list(source) if isinstance(source, tuple) else source


def _source(value: int | str | Sequence[int]) -> Source:
    return value if isinstance(value, int | str) else _colour(value)


def _colour(value: Sequence[int]) -> Colour:
    red, green, blue = value
    return int(red), int(green), int(blue)
