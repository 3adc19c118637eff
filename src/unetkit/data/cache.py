"""The training images at working size, decoded once: ahead of the first epoch, and kept where they fit.

In memory when they take no more than a stated share of what is free, else in a temporary file that is mapped into
memory, else they are decoded each time. The file has no name and its space is reserved beforehand, so it neither
stays behind nor fails half-way.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import Image, Mask
from unetkit.data.pair import Pair
from unetkit.data.parallel import reading_threads
from unetkit.data.resize import Fit
from unetkit.errors import DataError

MEMORY_SHARE = 0.4
"""Of the memory that is free when the cache is made; the network, its gradients and the batches need the rest."""

Place = Literal["memory", "disk", "nowhere"]
Read = Callable[[Pair], tuple[Image, Mask]]


class Cache:
    """Image and mask of each pair at working size.

    Args:
        read: an image, H×W×C, and its mask, H×W, at native size; raises DataError that names the file.
        fit: the size rule; padding of an image gets `fill`, of a mask ignore.
        share: of the free memory that may be taken.
        threads: that decode ahead; 0 takes as many as read files elsewhere.

    Attributes:
        place: where the decoded images are kept.
        waited: seconds that `get` had to wait for decoding, in all.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        read: Read,
        fit: Fit,
        fill: tuple[int, ...],
        *,
        share: float = MEMORY_SHARE,
        threads: int = 0,
    ) -> None:
        self._pairs = tuple(pairs)
        self._read, self._fit, self._fill = read, fit, fill
        first = self._decode(0)
        self._like = tuple((array.shape, array.dtype) for array in first)
        self._bytes = len(self._pairs) * (first[0].nbytes + first[1].nbytes)
        self._free = free_memory()
        self.place: Place = "memory" if self._bytes <= share * self._free else "disk"
        self._images, self._masks = self._storage(first)
        self._threads = threads or reading_threads()
        self._news = threading.Condition()
        self._queue: deque[int] | None = None
        self._taken = bytearray(len(self._pairs))
        self._ready = bytearray(len(self._pairs))
        self._failed: dict[int, BaseException] = {}
        self.waited = 0.0
        if self._images is not None:
            self._taken[0] = 1
            self._keep(0, first)

    def __len__(self) -> int:
        return len(self._pairs)

    @property
    def bytes_to_come(self) -> int:
        """Memory that the images not yet decoded will take."""
        return self._bytes * self._ready.count(0) // len(self) if self.place == "memory" else 0

    def start(self, order: Iterable[int] = ()) -> None:
        """Decode all in threads, in the order in which they will be asked for; returns at once.

        The first `get` does this too. What is asked for before its turn has come is decoded there and then.
        """
        with self._news:
            if self._images is None or self._queue is not None:
                return
            self._queue = deque(dict.fromkeys([*order, *range(len(self))]))
        numbers = range(self._threads)
        threads = [threading.Thread(target=self._decode_ahead, name=f"decode-{n}", daemon=True) for n in numbers]
        # A thread that still decodes while the interpreter ends aborts the process: it is waited for.
        weakref.finalize(self, _stop, self._queue, threads)
        for thread in threads:
            thread.start()

    def get(self, index: int) -> tuple[Image, Mask]:
        """The image, height×width×C, and the mask, height×width, at working size; they must not be written to.

        Raises:
            DataError: the file cannot be decoded, or is not like the others; names it.
        """
        if self._images is None or self._masks is None:
            with self._timed():
                return self._decode(index)
        if not self._ready[index]:
            self.start()
            with self._timed():
                self._make_ready(index)
        return self._images[index], self._masks[index]

    def describe(self) -> str:
        """One sentence with figures, to print."""
        size = f"{len(self)} images at {self._fit.width}×{self._fit.height}: {_megabytes(self._bytes)}"
        free = f"{_megabytes(self._free)} free"
        if self.place == "memory":
            return f"{size}, kept in memory ({free})"
        if self.place == "disk":
            return f"{size}, kept in a temporary file (too much for memory: {free})"
        return f"{size}, decoded each time (too much for memory, {free}, and for the disk)"

    def close(self) -> None:
        """Stop decoding ahead."""
        with self._news:
            self._queue = deque()

    def _decode(self, index: int) -> tuple[Image, Mask]:
        image, mask = self._read(self._pairs[index])
        return self._fit.image(image, self._fill), self._fit.mask(mask)

    def _decode_ahead(self) -> None:
        while self._queue:
            try:
                self._fill_in(self._queue.popleft())
            except IndexError:  # another thread took the last
                return

    def _make_ready(self, index: int) -> None:
        self._fill_in(index)
        with self._news:
            self._news.wait_for(lambda: self._ready[index] or index in self._failed)
        if index in self._failed:
            raise self._failed[index]

    def _fill_in(self, index: int) -> None:
        """Decode and keep, unless a thread did or does; a failure waits for whoever asks for this image."""
        with self._news:
            if self._taken[index]:
                return
            self._taken[index] = 1
        try:
            self._keep(index, self._decode(index))
        except BaseException as error:  # whatever it is (no memory): who asks for the image must not wait for ever
            with self._news:
                self._failed[index] = error
                self._news.notify_all()
            if not isinstance(error, DataError | MemoryError):
                raise

    def _keep(self, index: int, decoded: tuple[Image, Mask]) -> None:
        if self._images is None or self._masks is None:
            return
        self._check(index, decoded)
        self._images[index], self._masks[index] = decoded
        with self._news:
            self._ready[index] = 1
            self._news.notify_all()

    def _check(self, index: int, decoded: tuple[Image, Mask]) -> None:
        """Assigning would quietly cut 16 bits to 8."""
        if tuple((array.shape, array.dtype) for array in decoded) == self._like:
            return
        shape, kind = self._like[0]
        raise DataError(
            f"the image has {decoded[0].shape[2]} channel(s) of {decoded[0].dtype}, the first one {shape[2]} of {kind}",
            where=self._pairs[index].image,
            advice="--channels 1 or --channels 3 makes channels alike; 8 and 16 bits cannot be mixed",
        )

    @contextmanager
    def _timed(self) -> Generator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            with self._news:
                self.waited += time.perf_counter() - started

    def _storage(self, first: tuple[Image, Mask]) -> tuple[npt.NDArray[Any] | None, npt.NDArray[Any] | None]:
        shapes = [(len(self._pairs), *array.shape) for array in first]
        if self.place == "memory":
            images, masks = (np.empty(shape, array.dtype) for shape, array in zip(shapes, first, strict=True))
            return images, masks
        try:
            images, masks = (_mapped(shape, array.dtype) for shape, array in zip(shapes, first, strict=True))
        except OSError:
            self.place = "nowhere"
            return None, None
        return images, masks


def free_memory() -> int:
    """Bytes of memory that can be taken: what the system has available, or less where a container's limit is nearer."""
    free = _available()
    for limit, used in _CGROUPS:
        try:
            free = min(free, int(Path(limit).read_text()) - int(Path(used).read_text()))
        except (OSError, ValueError):  # no such limit: "max", or another system
            continue
    return max(free, 0)


_CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
_UNKNOWN_MEMORY = 2 * 2**30


def _available() -> int:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        return _UNKNOWN_MEMORY


def _mapped(shape: tuple[int, ...], kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """An array in a nameless temporary file. Its space is reserved: a full disk would kill the process later."""
    size = int(np.prod(shape)) * kind.itemsize
    with tempfile.TemporaryFile(prefix="unetkit-") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)
        return np.memmap(file, kind, "r+", shape=shape)


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB" if count < 10e9 else f"{count / 1e9:,.1f} GB"


def _stop(queue: deque[int], threads: Sequence[threading.Thread]) -> None:
    queue.clear()
    for thread in threads:
        if thread.is_alive() and thread is not threading.current_thread():
            thread.join()
