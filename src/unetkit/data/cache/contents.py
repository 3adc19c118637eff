"""What the files of pairs held when they were hashed, and whether they hold it still when they are read."""

from __future__ import annotations

import hashlib
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from unetkit.data.arrays import Image, Mask
from unetkit.data.pair import Pair
from unetkit.data.parallel import each
from unetkit.errors import DataError
from unetkit.files import sha256_file

TRIES = 3
SETTLED = 2 * 10**9
"""Nanoseconds. The clock of file times ticks slowly: a file that changed just now may change unseen."""

_STAMP = struct.Struct("<qqqQ")


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was hashed: digest, stamp, and whether any later change must change the stamp."""

    digest: bytes
    stamp: bytes
    settled: bool


class Contents:
    """The contents of the pairs' files, by SHA-256.

    Args:
        root: the folder that the pairs' paths are relative to.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: dict[str, Seen] = {}

    def keys(self, pairs: Sequence[Pair]) -> list[bytes]:
        """32 bytes for each pair, made of nothing but the contents of its files.

        Raises:
            DataError: a file cannot be read, or changes all the while; names it.
        """
        return list(each(self._key, pairs, "hashing images and masks"))

    def read(self, pair: Pair, decode: Callable[[Pair], tuple[Image, Mask]]) -> tuple[Image, Mask]:
        """What `decode` makes of a pair, from the very bytes that its key was made of.

        Raises:
            DataError: a file has changed since; names it.
        """
        for _ in range(TRIES):
            before = [_stamp(self._root / path) for path in files_of(pair)]
            decoded = decode(pair)
            if all(map(self._is_same, files_of(pair), before)):
                return decoded
        raise _restless(self._root / pair.image)

    def _key(self, pair: Pair) -> bytes:
        for path in files_of(pair):
            self._seen[path] = _see(self._root / path)
        return hashlib.sha256(b"".join(self._seen[path].digest for path in files_of(pair))).digest()

    def _is_same(self, path: str, before: bytes) -> bool:
        """Whether a file was what was hashed from `before` until now; False when it was touched meanwhile."""
        known = self._seen[path]
        if known.settled and known.stamp == before == _stamp(self._root / path):
            return True
        now = _see(self._root / path)
        if now.digest != known.digest:
            raise DataError(
                "the file has changed while this run was reading the data",
                where=str(self._root / path),
                advice="let nothing write to the data meanwhile, and start again",
            )
        self._seen[path] = now
        return now.stamp == before


def files_of(pair: Pair) -> tuple[str, ...]:
    """The files of a pair, each once: image and mask may be two halves of one."""
    return tuple(dict.fromkeys((pair.image, *pair.masks)))


def _see(path: Path) -> Seen:
    for _ in range(TRIES):
        before = _stamp(path)
        digest = _hash(path)
        if _stamp(path) == before:
            _, modified, changed, _ = _STAMP.unpack(before)
            return Seen(digest, before, max(modified, changed) < time.time_ns() - SETTLED)
    raise _restless(path)


def _hash(path: Path) -> bytes:
    try:
        return bytes.fromhex(sha256_file(path))
    except OSError as error:
        raise _unreadable(path, error) from error


def _stamp(path: Path) -> bytes:
    """Size, times and inode: what is bound to change with the content; never what the content is known by."""
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    return _STAMP.pack(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(f"the file cannot be read: {error.strerror or error}", where=str(path))


def _restless(path: Path) -> DataError:
    return DataError(
        "the file changes all the while it is being read",
        where=str(path),
        advice="let nothing write to the data meanwhile, and start again",
    )
