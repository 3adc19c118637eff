"""Tables as rows of text, whatever wrote them: CSV with any delimiter, JSON lines, lists of two paths a line."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unetkit.data.layouts.listing import IMAGE_EXTENSIONS, extension_of
from unetkit.errors import DataError

_DELIMITERS = ",;\t|"
_SNIFFED = 8192
_EXTENSIONS = "|".join(re.escape(extension) for extension in sorted(IMAGE_EXTENSIONS))
# Blanks stand inside names as well as between them: a path ends with its extension.
_PATH = re.compile(rf"\s*(.+?(?:{_EXTENSIONS}))(?=[\s,;]|$)[\s,;]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rows:
    """A table: a name for each column ("" where the file gives none) and the rows, each as long as the names."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, number: int) -> list[str]:
        """The values of one column."""
        return [row[number] for row in self.rows]


def read_rows(path: Path) -> Rows:
    """Read a `.csv`, `.tsv`, `.jsonl` or `.txt` table; values come without blanks at their ends.

    Raises:
        DataError: it cannot be read as a table.
    """
    readers = {".jsonl": _json_lines, ".txt": _list}
    try:
        text = path.read_text(encoding="utf-8-sig")
        return readers.get(path.suffix.lower(), _separated)(text)
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"this cannot be read as a table: {error}", where=str(path)) from error


def _separated(text: str) -> Rows:
    delimiter = _delimiter(text)
    rows = [row for row in csv.reader(text.splitlines(keepends=True), delimiter=delimiter) if any(row)]
    return _with_header(rows)


def _delimiter(text: str) -> str:
    """The sign that the first lines have most often, in equal number a line if possible."""
    lines = text[:_SNIFFED].splitlines()[:20]
    counts = {sign: [line.count(sign) for line in lines if line.strip()] for sign in _DELIMITERS}
    return max(counts, key=lambda sign: (len(set(counts[sign])) == 1 and counts[sign][0] > 0, sum(counts[sign])))


def _list(text: str) -> Rows:
    lines = [_PATH.findall(line) for line in text.splitlines() if line.strip()]
    # Prose, class names and lists of stems have lines without any path.
    if not lines or not all(lines):
        raise ValueError("some lines hold no path of an image")
    return _evened([""] * max(map(len, lines)), lines)


def _json_lines(text: str) -> Rows:
    documents: list[Any] = [json.loads(line) for line in text.splitlines() if line.strip()]
    objects: list[dict[str, Any]] = [document for document in documents if isinstance(document, dict)]
    if len(objects) != len(documents):
        raise ValueError("a line is no object")
    names = list(dict.fromkeys(name for document in objects for name in document))
    return _evened(names, [[_plain(document.get(name, "")) for name in names] for document in objects])


def _plain(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def _with_header(rows: list[list[str]]) -> Rows:
    if not rows:
        raise ValueError("it is empty")
    headless = any(extension_of(value.strip()) in IMAGE_EXTENSIONS for value in rows[0])
    names = [""] * len(rows[0]) if headless else [name.strip() for name in rows[0]]
    return _evened(names, rows if headless else rows[1:])


def _evened(names: list[str], rows: Iterable[list[str]]) -> Rows:
    width = len(names)
    padded = (row[:width] + [""] * (width - len(row)) for row in rows)
    return Rows(tuple(names), tuple(tuple(value.strip() for value in row) for row in padded))
