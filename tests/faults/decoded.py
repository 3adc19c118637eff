"""What children do with the cache folder, and what it must be after a fault.

The promise: no run ever sees a pixel that its files do not say, whatever the folder holds; no fault of the folder ends
a run; and what a fault has left is used or written over, not kept beside.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from data.written_pairs import Written, write_pairs
from faults.alone import alone
from faults.saves import Begin, Job, say
from unetkit.data.arrays import Image, Mask
from unetkit.data.cache import Cache, kept, shelf
from unetkit.data.cache.entry import Form
from unetkit.data.cache.folder import INDEX, PIXELS
from unetkit.data.cache.kept import RECORD, KeptSet
from unetkit.data.resize import Fit

COUNT = 4
SETS, LIMIT = 12, 800_000  # of a writer without end, and bytes for three or four of them: old ones go all the time


def data(root: Path) -> Path:
    """Beside `root`: to read and to hash them is none of the calls on it."""
    return root.parent / "data"


def pairs(root: Path, count: int = COUNT) -> Written:
    return write_pairs(data(root), count)


def open_cache(written: Written, folder: Path) -> Cache:
    """One that decodes when it is asked, and not ahead."""
    cache = written.cache(folder, keep="disk")
    cache.close()
    return cache


def fill(written: Written, folder: Path) -> None:
    """Read every pair by the cache, each of them right, as a run does.

    Raises:
        AssertionError: a pixel is wrong.
    """
    assert written.differing(open_cache(written, folder)) == []


# --- jobs ---------------------------------------------------------------------------------------------------------


def filling(root: Path, begin: Begin) -> None:
    """All pairs into a set that is made, or that has some already."""
    alone()
    written = pairs(root)
    begin()
    fill(written, root)
    say("filled", COUNT)


def endless(root: Path, begin: Begin) -> None:
    """Fill one set after another, within a limit that makes old ones go, until the power goes."""
    alone()
    written = large(root)
    begin()
    for number in range(10**6):
        fill_one(written, root, number % SETS)
        say("filled", number)


def large(root: Path) -> Written:
    """Pairs whose entries are of some size."""
    return write_pairs(data(root), COUNT, side=96, fit=Fit(96, 128))


def fill_one(written: Written, folder: Path, number: int) -> list[int]:
    """Read every pair by one of many sets; those that are wrong."""
    place = written.shelf(folder, {"number": number}, limit=LIMIT)
    cache = Cache(written.pairs, lambda pair: written.fitted(*written.read(pair)), keep="disk", shelf=place)
    cache.close()
    return written.differing(cache)


# --- the product with a part left out: the harness must notice ----------------------------------------------------


def ending(job: Job) -> Job:
    """A cache whose faults are everybody's."""

    def put(cache: Cache, found: KeptSet, index: int, decoded: tuple[Image, Mask]) -> None:
        del cache
        found.put(index, decoded)

    def broken(root: Path, begin: Begin) -> None:
        kept.__dict__["_read"] = os.pread
        Cache._write = put  # type: ignore[method-assign]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        job(root, begin)

    return broken


class IndexFirst(KeptSet):
    """Makes sure that it says what it holds, before it holds it."""

    def put(self, index: int, decoded: tuple[Image, Mask]) -> None:
        super().put(index, decoded)
        os.fsync(self._index)


def index_first(job: Job) -> Job:
    """A cache that only a reader who verifies can trust."""

    def broken(root: Path, begin: Begin) -> None:
        shelf.__dict__["KeptSet"] = IndexFirst
        job(root, begin)

    return broken


class Believing(KeptSet):
    """Takes what is there for what was written."""

    def get(self, index: int) -> tuple[Image, Mask] | None:
        if not self.has(index):
            return None
        entry = os.pread(self._pixels, self._form.size, self._slots[index] * self._form.size)
        return self._form.unpack(entry) if len(entry) == self._form.size else None


@contextmanager
def believed() -> Generator[None]:
    """The cache believes what it finds, in the block."""
    shelf.__dict__["KeptSet"] = Believing
    try:
        yield
    finally:
        shelf.__dict__["KeptSet"] = KeptSet


# --- verdicts -----------------------------------------------------------------------------------------------------


def fault(folder: Path, said: Mapping[str, int], written: Written) -> str:
    """What the next runs find wrong with what a fault has left."""
    del said  # nothing of a cache is promised to be there
    differing = written.differing(open_cache(written, folder))
    if differing:
        return f"wrong pixels of pairs {differing}"
    written.decoded.clear()
    again = written.differing(open_cache(written, folder))
    if again or len(written.decoded) > 1:  # the first pair is always decoded: it says how large all are
        return f"the set is not whole after another run: {written.decoded} decoded, {again} wrong"
    return ""


def places(folder: Path) -> list[Path]:
    """All that a child touches there."""
    written = pairs(folder)
    form = Form.of(*written.expected(0))
    place = folder / written.shelf(folder).name(form)
    return [folder, folder / ".lock", place, place / INDEX, place / PIXELS]


def leftovers(folder: Path) -> set[str]:
    """What is neither lock, index nor entries, or is longer than it must be."""
    files = [path for path in folder.rglob("*") if not path.is_dir()]
    unknown = {path.name for path in files} - {".lock", INDEX, PIXELS}
    long = {path.name for path in files if path.name == INDEX and path.stat().st_size > COUNT * RECORD}
    return unknown | long


def warm_up(root: Path) -> None:
    """All of it once."""
    root.mkdir()
    fill(pairs(root), root)


JOBS: dict[str, Job] = {
    "filling": filling,
    "filling or ending": ending(filling),
    "endless filling": endless,
    "endless filling, index first": index_first(endless),
}
