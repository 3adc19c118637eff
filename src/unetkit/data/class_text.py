"""Classes as people write them: `0=sea,255=sky` on the command line, and the files that label tools leave behind."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, cast

from unetkit.data.arrays import IGNORE_16
from unetkit.data.tables import Colour
from unetkit.errors import ConfigError

Source: TypeAlias = int | Colour | str
"""What stands for a class in the files: a value, a colour, or the name of a mask folder."""

_HEX = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")
_TRIPLE = re.compile(r"(\d{1,3})[/ ](\d{1,3})[/ ](\d{1,3})")
_IGNORED = {"ignore", "void", "__ignore__"}
_EXAMPLE = "write '0=sea,255=sky', '#8040c0=road,#46822b=sky', the name of a known table, or the path of a file"


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class as it was written; the name `ignore` marks what is never learnt and never scored."""

    source: Source
    name: str
    colour: Colour | None = None


def parse_classes(text: str, known: Iterable[str] = ()) -> tuple[ClassRow, ...]:
    """Read `source=name,...`; a source is a value, a colour `#rrggbb`, or the name of a mask folder.

    Args:
        known: names of the known tables, for the message.

    Raises:
        ConfigError: a part has no `=`, or a source or a name stands twice.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or any("=" not in part for part in parts):
        raise _not_classes(text, list(known))
    rows: list[ClassRow] = []
    for part in parts:
        source, _, name = part.partition("=")
        rows.append(_row(parse_source(source), name.strip(), f"--classes {text}"))
    return checked(rows, f"--classes {text}")


def parse_source(text: str) -> Source:
    """A value, a colour (`#8040c0` or `128/64/192`), or else the name of a mask folder.

    Raises:
        ConfigError: no mask holds such a value or colour.
    """
    text = text.strip()
    if re.fullmatch(r"\d{1,5}", text):
        if int(text) > IGNORE_16:
            raise ConfigError(f"no mask holds a value above {IGNORE_16:,}", where=text)
        return int(text)
    if match := _HEX.fullmatch(text):
        return int(match[1], 16), int(match[2], 16), int(match[3], 16)
    if match := _TRIPLE.fullmatch(text):
        colour = int(match[1]), int(match[2]), int(match[3])
        if max(colour) > 255:
            raise ConfigError("a colour is of values up to 255", where=text, advice="say it as 128/64/192 or #8040c0")
        return colour
    return text


def parse_ignore(text: str | None) -> tuple[Source, ...] | None:
    """What `--ignore` takes: '255', '0,255', '#000000', the name of a class, or 'none'.

    Returns:
        None where nothing was said. "none" stays in the answer: it lifts what a table or a rule ignores by itself,
        to which the others are added.
    """
    if text is None or not text.strip():
        return None
    return tuple(parse_source(part) for part in text.split(",") if part.strip())


def write_source(source: Source) -> str:
    """A source as `--classes` takes it: 255, #8040c0 or a folder's name."""
    if isinstance(source, tuple):
        return "#{:02x}{:02x}{:02x}".format(*source)
    return str(source)


def write_classes(rows: Iterable[tuple[Source, str]]) -> str:
    """`--classes '0=sea,255=sky'`, ready to paste."""
    return "--classes '" + ",".join(f"{write_source(source)}={name}" for source, name in rows) + "'"


def read_class_file(path: Path) -> tuple[ClassRow, ...]:
    """Read classes from a file.

    Known are: `R G B name` (CamVid's label_colors.txt), `name,r,g,b` with or without a header (class_dict.csv),
    `name:r,g,b:parts:actions` (VOC's labelmap.txt), `value name` or `value=name`, one bare name a line (ids 0, 1, ...),
    and JSON: a mapping of value to name, or the `classes` of a model or data file of unetkit.

    Raises:
        ConfigError: unreadable, empty, or a line that is none of these; the message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("the class file cannot be read as text", where=str(path), advice=_EXAMPLE) from error
    if path.suffix.lower() == ".json":
        return checked(_json_rows(text, path), str(path))
    lines = [line.strip() for line in text.splitlines()]
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line and not line.startswith("# ")]
    if numbered and re.fullmatch(r"name\s*,\s*r\s*,\s*g\s*,\s*b", numbered[0][1].lower()):
        numbered = numbered[1:]
    if numbered and not any(re.search(r"[\d=:#]", line) for _, line in numbered):
        return checked([_row(index, line, str(path)) for index, (_, line) in enumerate(numbered)], str(path))
    return checked([_line_row(line, f"{path}, line {number}") for number, line in numbered], str(path))


def checked(rows: Sequence[ClassRow], where: str) -> tuple[ClassRow, ...]:
    """The rows, after looking for sources and names that stand twice.

    Raises:
        ConfigError: names both.
    """
    if not any(row.name != "ignore" for row in rows):
        raise ConfigError("no class is named here", where=where, advice=_EXAMPLE)
    seen: dict[Source, str] = {}
    for row in rows:
        if row.source in seen:
            raise ConfigError(
                f"{write_source(row.source)} is both '{seen[row.source]}' and '{row.name}'",
                where=where,
                advice="give each value one name",
            )
        if row.name != "ignore" and row.name in seen.values():
            raise ConfigError(
                f"two classes are called '{row.name}'", where=where, advice="give each class a name of its own"
            )
        seen[row.source] = row.name
    return tuple(rows)


def _row(source: Source, name: str, where: str) -> ClassRow:
    if not name:
        raise ConfigError(f"{write_source(source)} has no name", where=where, advice=_EXAMPLE)
    if name.lower() in _IGNORED:
        name = "ignore"
    return ClassRow(source, name, source if isinstance(source, tuple) else None)


def _line_row(line: str, where: str) -> ClassRow:
    """One line: colour first, colour last, VOC's colons, or a value and a name."""
    if match := re.fullmatch(r"(\d+)[\s,]+(\d+)[\s,]+(\d+)[\s,]+(\D.*)", line):
        return _row(_checked_colour(match, where), match[4].strip(), where)
    if match := re.fullmatch(r"\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*", line.partition(":")[2].partition(":")[0]):
        return _row(_checked_colour(match, where), line.partition(":")[0].strip(), where)
    if match := re.fullmatch(r"(.*?)\s*,\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)", line):
        return _row(_checked_colour(match, where, first=2), match[1].strip(), where)
    if match := re.fullmatch(r"(#[0-9a-fA-F]{6}|\d+)\s*[=:,\s]\s*(.+)", line):
        return _row(parse_source(match[1]), match[2].strip(), where)
    raise ConfigError(
        f"'{line}' is no class", where=where, advice="write 'R G B name', 'name,R,G,B' or 'value name' on each line"
    )


def _checked_colour(match: re.Match[str], where: str, first: int = 1) -> Colour:
    red, green, blue = (int(match[first + offset]) for offset in range(3))
    if max(red, green, blue) > 255:
        raise ConfigError(
            f"({red}, {green}, {blue}) is no colour", where=where, advice="red, green and blue are 0..255"
        )
    return red, green, blue


def _json_rows(text: str, path: Path) -> list[ClassRow]:
    try:
        document = json.loads(text)
        if isinstance(document, list):
            names = cast("list[object]", document)
            return [_row(index, str(name), str(path)) for index, name in enumerate(names)]
        mapping = cast("dict[str, Any]", document)
        if "classes" in mapping:
            return [_stored_row(row, path) for row in mapping["classes"]]
        return [_row(parse_source(key), str(name), str(path)) for key, name in mapping.items()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            "no classes in this JSON file", where=str(path), advice='write {"0": "sea", "255": "sky"}'
        ) from error


def _stored_row(row: Any, path: Path) -> ClassRow:
    source: Any = row.get("source", row["id"])
    colour: Any = row.get("colour")
    plain: Source = source if isinstance(source, int | str) else (source[0], source[1], source[2])
    read = _row(plain, str(row["name"]), str(path))
    return read if colour is None else ClassRow(read.source, read.name, (colour[0], colour[1], colour[2]))


def _not_classes(text: str, known: list[str]) -> ConfigError:
    near = difflib.get_close_matches(text.strip(), known, n=1, cutoff=0.5)
    guess = f"did you mean '{near[0]}'? " if near else ""
    tables = f" (known tables: {', '.join(known)})" if known else ""
    return ConfigError("these are no classes", where=f"--classes {text}", advice=guess + _EXAMPLE + tables)
