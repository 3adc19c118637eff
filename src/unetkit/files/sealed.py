"""Text, JSON and JSON lines that carry their own checksum, and reading that verifies it first."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from unetkit.files.atomic import read_bytes, write_bytes, write_parts
from unetkit.files.digest import damaged, sha256_bytes, without

_SEALS = {".yaml": "# sha256: {}", ".csv": "# sha256: {}", ".html": "<!-- sha256: {} -->"}
_SEAL_LINE = re.compile(rb"(?:# |<!-- )sha256: ([0-9a-f]{64})(?: -->)?\n\Z")
_JSON_SEAL = re.compile(rb'"digest": "([0-9a-f]{64})"\n?\}\n\Z')


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, without a seal (for files that people edit)."""
    write_bytes(path, text.encode())


def write_sealed_text(path: Path, text: str) -> None:
    """Write `text` with its checksum as a comment in the last line (YAML, CSV, HTML)."""
    body = (text if text.endswith("\n") else text + "\n").encode(errors="surrogateescape")
    seal = _SEALS[path.suffix].format(sha256_bytes(body))
    write_bytes(path, body + f"{seal}\n".encode())


def read_sealed_text(path: Path) -> str:
    """The text without its seal.

    Raises:
        FormatError: the seal is missing or does not fit the content.
    """
    data = read_bytes(path)
    seal = _SEAL_LINE.search(data)
    if seal is None or seal[1].decode() != sha256_bytes(memoryview(data)[: seal.start()]):
        raise damaged(path)
    return data[: seal.start()].decode(errors="surrogateescape")


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write one JSON document and, as its last key, a `digest` over the file without these 64 digits.

    NumPy numbers become plain ones; NaN and infinity, which JSON has no word for, become null.
    """
    write_bytes(path, _sealed(document, indent=1))


def read_json(path: Path) -> dict[str, Any]:
    """The document without its digest.

    Raises:
        FormatError: not one of ours, or any bit of it changed.
    """
    return _unsealed(path, read_bytes(path))


def write_jsonl(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write one JSON document a line, at least one; the file is replaced whole.

    The digest of a line covers its place, too ("3 of 12"), so that a lost, swapped or added line is seen.
    """
    if not rows:
        raise ValueError("a file of JSON lines has at least one line")
    write_parts(path, [_sealed(row, place=f"{n} of {len(rows)}") for n, row in enumerate(rows, start=1)])


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """The rows without their digests.

    Raises:
        FormatError: a line is damaged, missing or in another place.
    """
    lines = read_bytes(path).split(b"\n")
    if lines.pop() or not lines:
        raise damaged(path)
    return [_unsealed(path, line + b"\n", place=f"{n} of {len(lines)}") for n, line in enumerate(lines, start=1)]


def plain(value: Any) -> Any:
    """`value` in the types of JSON: NumPy numbers and arrays, paths and tuples turned, NaN and infinity as None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in cast("Mapping[object, Any]", value).items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in cast("Iterable[Any]", value)]
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def _sealed(document: Mapping[str, Any], *, indent: int | None = None, place: str = "") -> bytes:
    sealed = plain({**document, "digest": ""})
    # A file name that is no UTF-8 holds lone surrogates: their escapes are JSON, too, and come back.
    text = json.dumps(sealed, ensure_ascii=False, allow_nan=False, indent=indent)
    empty = text.encode(errors="backslashreplace") + b"\n"
    at = empty.rindex(b'"')
    return empty[:at] + sha256_bytes(empty + place.encode()).encode() + empty[at:]


def _unsealed(path: Path, data: bytearray, *, place: str = "") -> dict[str, Any]:
    seal = _JSON_SEAL.search(data)
    if seal is None or seal[1].decode() != sha256_bytes(without(data, seal) + place.encode()):
        raise damaged(path)
    document: dict[str, Any] = json.loads(data)
    del document["digest"]
    return document
