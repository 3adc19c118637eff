"""What the files of pairs held when they were first looked at, and whether they hold it still when they are read."""

from __future__ import annotations

import hashlib
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from unetkit.data.pair import Pair
from unetkit.data.parallel import each
from unetkit.errors import DataError
from unetkit.files import sha256_file

Decoded = TypeVar("Decoded")

TRIES = 3
LOCKS = 64  # many more than threads that read, so that two files seldom wait for one
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
    """The contents of the pairs' files, by SHA-256. Each file is hashed once, before anything is made of it.

    Args:
        root: the folder that the pairs' paths are relative to.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: dict[str, Seen] = {}
        self._locks = [threading.Lock() for _ in range(LOCKS)]

    def hash_images(self, pairs: Sequence[Pair]) -> dict[str, str]:
        """Image → SHA-256 of its file; a column `sha256` that a table brought may be older.

        Raises:
            DataError: a file cannot be read, or changes all the while; names it.
        """
        hashes = each(lambda pair: self._digest(pair.image).hex(), pairs, "hashing images")
        return {pair.image: sha256 for pair, sha256 in zip(pairs, hashes, strict=True)}

    def hash_masks(self, pairs: Sequence[Pair]) -> dict[str, str]:
        """Mask → SHA-256 of its file; of several files, joined by `|` as their names are. DataError as above."""
        hashes = each(lambda pair: "|".join(self._digest(mask).hex() for mask in pair.masks), pairs, "hashing masks")
        return {pair.mask: sha256 for pair, sha256 in zip(pairs, hashes, strict=True)}

    def keys(self, pairs: Sequence[Pair]) -> list[bytes]:
        """32 bytes for each pair, made of nothing but the contents of its files. DataError as above."""
        return list(each(self._key, pairs, "hashing images and masks"))

    def read(self, pair: Pair, decode: Callable[[Pair], Decoded]) -> Decoded:
        """What `decode` makes of a pair, from the very bytes that were hashed.

        Raises:
            DataError: a file has changed since; names it.
        """
        for path in files_of(pair):
            self._digest(path)
        for _ in range(TRIES):
            before = [_stamp(self._root / path) for path in files_of(pair)]
            decoded = decode(pair)
            if all(map(self._is_same, files_of(pair), before)):
                return decoded
        raise _restless(self._root / pair.image)

    @property
    def digests(self) -> dict[str, bytes]:
        """File → its SHA-256, of all that were looked at so far."""
        return {path: seen.digest for path, seen in self._seen.copy().items()}  # threads add to it

    def agree(self, digests: Mapping[str, bytes]) -> None:
        """From now on a file is what another process has found in it.

        Raises:
            DataError: this one has found something else; names the file.
        """
        for path, digest in digests.items():
            if self._seen.setdefault(path, Seen(digest, b"", settled=False)).digest != digest:
                raise _changed(self._root / path)

    def _key(self, pair: Pair) -> bytes:
        return hashlib.sha256(b"".join(map(self._digest, files_of(pair)))).digest()

    def _digest(self, path: str) -> bytes:
        """Of the file as it was first seen; two threads that want it at once hash it once."""
        with self._locks[hash(path) % len(self._locks)]:
            known = self._seen.get(path) or self._seen.setdefault(path, _see(self._root / path))
        return known.digest

    def _is_same(self, path: str, before: bytes) -> bool:
        """Whether a file was what was hashed from `before` until now; False when it was touched meanwhile."""
        known = self._seen[path]
        if known.settled and known.stamp == before == _stamp(self._root / path):
            return True
        now = _see(self._root / path)
        if now.digest != known.digest:
            raise _changed(self._root / path)
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


def _changed(path: Path) -> DataError:
    return DataError(
        "the file has changed since this run began",
        where=str(path),
        advice="put back what it was; or let nothing write to the data meanwhile, and start again",
    )


def _restless(path: Path) -> DataError:
    return DataError(
        "the file changes all the while it is being read",
        where=str(path),
        advice="let nothing write to the data meanwhile, and start again",
    )
