"""The training images at working size, decoded once: ahead of the first epoch, and kept where they fit.

In memory when they take no more than a stated share of what is free; else in the user's cache folder, where later runs
find them; else in a temporary file that is mapped into memory; else they are decoded each time. The space of both files
is reserved beforehand, so that nothing fails half-way.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager

from unetkit.console import warn
from unetkit.data.arrays import Image, Mask
from unetkit.data.cache.entry import Form
from unetkit.data.cache.kept import KeptSet
from unetkit.data.cache.memory import megabytes
from unetkit.data.cache.places import Home, Keep, find_home
from unetkit.data.cache.shelf import Shelf
from unetkit.data.pair import Pair
from unetkit.data.parallel import reading_threads
from unetkit.errors import DataError

MEMORY_SHARE = 0.4
"""Of the memory that is free when the cache is made; the network, its gradients and the batches need the rest."""

Decode = Callable[[Pair], tuple[Image, Mask]]


class Cache:
    """Image and mask of each pair at working size. As many threads decode ahead as read files elsewhere.

    Args:
        decode: an image, H×W×C, and its mask, H×W, at working size, from files that hold what they held at first;
            raises DataError that names the file.
        keep: "ram", "disk" (the cache folder) or "off"; "auto" is memory, else the folder, else a temporary file, and
            takes from the folder what an earlier run has left there.
        shelf: the place in the cache folder; None keeps nothing beyond the run.
        share: of the free memory that may be taken.

    Attributes:
        place: where the decoded images are kept: memory, the cache folder, a temporary file ("disk"), or nowhere.
        faster: what would spare a run the waiting for them, in words; empty where nothing would.
        waited: seconds that `get` had to wait for decoding, or for the cache folder, in all.

    Raises:
        DataError: the first pair cannot be decoded, or a file cannot be hashed for the shelf.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        decode: Decode,
        *,
        keep: Keep = "auto",
        shelf: Shelf | None = None,
        share: float = MEMORY_SHARE,
    ) -> None:
        self._pairs = tuple(pairs)
        self._decode = decode
        self._news = threading.Condition()
        first = decode(self._pairs[0])
        self._form = Form.of(*first)
        self._bytes = len(self._pairs) * self._form.nbytes
        self._home: Home = find_home(keep, self._pairs, self._form, shelf, share)
        self.place, self.faster = self._home.place, self._home.faster
        self._threads = reading_threads()
        self._queue: deque[int] | None = None
        self._taken = bytearray(len(self._pairs))
        self._ready = bytearray(len(self._pairs))
        self._failed: dict[int, BaseException] = {}
        self._unwritten = False
        self.waited = 0.0
        if self._home.arrays is not None:
            self._home.arrays.put(0, first)
            self._taken[0] = self._ready[0] = 1

    def __len__(self) -> int:
        return len(self._pairs)

    @property
    def bytes_to_come(self) -> int:
        """Memory that the images not yet decoded will take."""
        return self._bytes * self._ready.count(0) // len(self) if self.place == "memory" else 0

    def holds(self, index: int) -> bool:
        """Whether a pair need not be decoded to be had, unless what is kept of it turns out to be damaged."""
        return bool(self._ready[index])

    def start(self, order: Iterable[int] = ()) -> None:
        """Decode all in threads, in the order in which they will be asked for; returns at once.

        The first `get` does this too. What is asked for before its turn has come is decoded there and then.
        """
        with self._news:
            if self.place == "nowhere" or self._queue is not None:
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
        if self.place == "nowhere":
            with self._timed():
                return self._decode(self._pairs[index])
        if not self._ready[index]:
            self.start()
            with self._timed():
                self._make_ready(index)
        if self._home.arrays is not None:
            return self._home.arrays.get(index)
        with self._timed():
            return self._from_folder(index) or self._decoded_and_kept(index)

    def describe(self) -> str:
        """One sentence with figures, to print: how much, and where."""
        height, width, _ = self._form.image
        return f"{len(self)} images at {width}×{height}: {megabytes(self._bytes)}, {self._home.told}"

    def close(self) -> None:
        """Stop decoding ahead."""
        with self._news:
            self._queue = deque()

    # --- one pair ---------------------------------------------------------------------------------------------------

    def _from_folder(self, index: int) -> tuple[Image, Mask] | None:
        return None if self._home.kept is None else self._home.kept.get(index)

    def _bring(self, index: int) -> None:
        """See to it that the pair is kept. What stands in the folder is verified when it is asked for."""
        kept, arrays = self._home.kept, self._home.arrays
        if arrays is None and kept is not None and kept.has(index):
            return
        found = None if arrays is None else self._from_folder(index)
        if arrays is not None and found is not None:
            arrays.put(index, found)
        else:
            self._decoded_and_kept(index)

    def _decoded_and_kept(self, index: int) -> tuple[Image, Mask]:
        decoded = self._decode(self._pairs[index])
        self._check(index, decoded)
        if self._home.arrays is not None:
            self._home.arrays.put(index, decoded)
        elif self._home.kept is not None:
            self._write(self._home.kept, index, decoded)
        return decoded

    def _write(self, kept: KeptSet, index: int, decoded: tuple[Image, Mask]) -> None:
        try:
            kept.put(index, decoded)
        except OSError as error:
            if not self._unwritten:
                self._unwritten = True
                warn(f"decoded images cannot be kept any more, and are decoded each time: {error.strerror or error}")

    def _check(self, index: int, decoded: tuple[Image, Mask]) -> None:
        """Assigning would quietly cut 16 bits to 8."""
        if Form.of(*decoded) == self._form:
            return
        shape, kind = self._form.image, self._form.image_kind
        raise DataError(
            f"the image has {decoded[0].shape[2]} channel(s) of {decoded[0].dtype}, the first one {shape[2]} of {kind}",
            where=self._pairs[index].image,
            advice="--channels 1 or --channels 3 makes channels alike; 8 and 16 bits cannot be mixed",
        )

    # --- ahead of need ----------------------------------------------------------------------------------------------

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
            self._bring(index)
            with self._news:
                self._ready[index] = 1
                self._news.notify_all()
        except BaseException as error:  # whatever it is (no memory): who asks for the image must not wait for ever
            with self._news:
                self._failed[index] = error
                self._news.notify_all()
            if not isinstance(error, Exception):
                raise

    @contextmanager
    def _timed(self) -> Generator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            with self._news:
                self.waited += time.perf_counter() - started


def _stop(queue: deque[int], threads: Sequence[threading.Thread]) -> None:
    queue.clear()
    for thread in threads:
        if thread.is_alive() and thread is not threading.current_thread():
            thread.join()
