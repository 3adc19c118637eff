"""A set of decoded pairs on disk: one file of entries, found by their keys, each believed only if its digest fits.

The digest covers set, key and pixels. So the order of writes does not matter, nothing is flushed, and no reader waits:
what is torn, damaged, lost in a power cut or still being written does not fit, and counts as not there. Two runs that
write one entry at once write the same bytes. Only places are given out under the lock of the folder.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import time
import weakref
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path

from unetkit.data.arrays import Image, Mask
from unetkit.data.cache.entry import Form
from unetkit.data.cache.folder import INDEX, PIXELS, CacheFolder
from unetkit.data.cache.memory import reserve
from unetkit.files import Buffer

KEY = DIGEST = 32
RECORD = KEY + DIGEST
"""Bytes of an entry in the index: its key, and its digest, which is zeros until the entry has been written."""

_NO_PLACE = -1
_UNWRITTEN = bytes(DIGEST)


def cost(form: Form) -> int:
    """Bytes that an entry takes on the disk."""
    return form.size + RECORD


class KeptSet:
    """The entries of one set that belong to some pairs.

    Args:
        name: of the set, hexadecimal.
        keys: of the pairs, 32 bytes each.
        claim: give a place to each pair that has none; else only what is there already can be read.

    Attributes:
        found: how many of the pairs somebody has written before.

    Raises:
        DiskFull: there may not be so many.
        OSError: the system refused.
    """

    def __init__(self, folder: CacheFolder, name: str, form: Form, keys: Sequence[bytes], *, claim: bool) -> None:
        self._name, self._form, self._keys = name.encode(), form, tuple(keys)
        place = folder.path / name
        with folder.locked():
            if claim:
                _claim(folder, name, form, keys)
            self._index, self._pixels = self._open(place / INDEX), self._open(place / PIXELS)
            with contextlib.suppress(OSError):  # a disk without locks: a set may be removed while it is used
                fcntl.flock(self._pixels, fcntl.LOCK_SH | fcntl.LOCK_NB)
            now = time.time_ns()  # the disk's own clock ticks slowly
            os.utime(self._index, ns=(now, now))
            slots = _slots(place / INDEX)
        self._slots = [slots.get(key, _NO_PLACE) for key in keys]
        self.found = sum(map(self.has, range(len(keys))))

    def has(self, index: int) -> bool:
        """Whether the entry of a pair was written; it may be damaged."""
        return self._slots[index] != _NO_PLACE and self._digest_of(self._slots[index]) not in (b"", _UNWRITTEN)

    def get(self, index: int) -> tuple[Image, Mask] | None:
        """The pair, read-only, if its entry is whole; verified at each call."""
        slot, size = self._slots[index], self._form.size
        if slot == _NO_PLACE:
            return None
        entry = _read(self._pixels, size, slot * size)
        whole = len(entry) == size and self._digest_of(slot) == self._digest(index, entry)
        return self._form.unpack(entry) if whole else None

    def put(self, index: int, decoded: tuple[Image, Mask]) -> None:
        """Write the entry of a pair, which has the set's form.

        Raises:
            OSError: the disk is full, or fails.
        """
        slot = self._slots[index]
        if slot != _NO_PLACE:
            entry = self._form.pack(*decoded)
            _write(self._pixels, entry, slot * self._form.size)
            _write(self._index, self._digest(index, entry), _digest_at(slot))

    def _open(self, path: Path) -> int:
        descriptor = os.open(path, os.O_RDWR)
        weakref.finalize(self, os.close, descriptor)
        return descriptor

    def _digest_of(self, slot: int) -> bytes:
        return _read(self._index, DIGEST, _digest_at(slot))

    def _digest(self, index: int, entry: Buffer) -> bytes:
        digest = hashlib.sha256(self._name + self._keys[index])
        digest.update(entry)
        return digest.digest()


def _claim(folder: CacheFolder, name: str, form: Form, keys: Iterable[bytes]) -> None:
    """Give every key a place. The space comes first, so that each key in the index has its own."""
    place = folder.path / name
    slots, count = _slots(place / INDEX), _count(place / INDEX)
    wanted = dict.fromkeys(keys)
    folder.refuse_too_large(len(wanted) * cost(form))
    missing = [key for key in wanted if key not in slots]
    if (count + len(missing)) * cost(form) > folder.bound() and folder.remove(name):
        count, missing = 0, list(wanted)  # it was too large with what nobody asks for any more
    folder.make_room(name, (count + len(missing)) * cost(form))
    place.mkdir(exist_ok=True)
    try:
        _lengthen(place / PIXELS, (count + len(missing)) * form.size)
        _append(place / INDEX, b"".join(key + _UNWRITTEN for key in missing), count * RECORD)
    except OSError:
        if not count:
            folder.remove(name)
        raise


def _lengthen(path: Path, size: int) -> None:
    with _opened(path) as descriptor:
        have = os.fstat(descriptor).st_size
        if have < size:
            with _or_as_before(descriptor, have):
                reserve(descriptor, have, size)


def _append(path: Path, records: bytes, begin: int) -> None:
    with _opened(path) as descriptor, _or_as_before(descriptor, begin):
        _write(descriptor, records, begin)


@contextlib.contextmanager
def _opened(path: Path) -> Generator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _or_as_before(descriptor: int, size: int) -> Generator[None]:
    try:
        yield
    except OSError:
        os.ftruncate(descriptor, size)  # some of it may have come true
        raise


def _read(descriptor: int, size: int, begin: int) -> bytes:
    """What there is of it; nothing where the disk fails."""
    try:
        return os.pread(descriptor, size, begin)
    except OSError:
        return b""


def _write(descriptor: int, data: Buffer, begin: int) -> None:
    if os.pwrite(descriptor, data, begin) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _count(index: Path) -> int:
    """Whole records; half a one, by somebody who was killed, is written over."""
    return index.stat().st_size // RECORD if index.exists() else 0


def _slots(index: Path) -> dict[bytes, int]:
    """Key → number of its entry."""
    records = index.read_bytes() if index.exists() else b""
    return {records[begin : begin + KEY]: begin // RECORD for begin in range(0, len(records) - RECORD + 1, RECORD)}


def _digest_at(slot: int) -> int:
    return slot * RECORD + KEY
