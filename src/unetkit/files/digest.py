"""Checksums, and the error of a reader whose file does not fit its own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from unetkit.errors import FormatError

Buffer = bytes | bytearray | memoryview


def sha256_bytes(data: Buffer) -> str:
    """SHA-256 of `data`, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's content, 64 hexadecimal digits; an OSError names the file."""
    with path.open("rb") as file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:  # `read` does not know the name
            error.filename = str(path)
            raise


def sha256_parts(parts: Iterable[Buffer]) -> str:
    """As `sha256_bytes`, for content that lies in several buffers."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def without(data: bytearray, seal: re.Match[bytes]) -> bytearray:
    """`data` less the 64 digits that `seal` found as its first group: what a digest in a file is taken over."""
    return data[: seal.start(1)] + data[seal.end(1) :]


def damaged(path: Path) -> FormatError:
    """The error for a file whose checksum is missing or does not fit."""
    return FormatError(
        "the file is damaged or was not written by unetkit: its checksum does not fit its content",
        where=str(path),
        advice="use another copy, or make it again",
    )
