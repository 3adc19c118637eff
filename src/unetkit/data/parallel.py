"""Reading many files at once: OpenCV and Pillow let go of the interpreter while they decode."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from unetkit.console import progress

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 4  # tasks a thread that wait or are done but not yet taken: what bounds the memory


def each(work: Callable[[Item], Result], items: Sequence[Item], description: str) -> Iterator[Result]:
    """The results of `work` on every item, in order, computed by threads and shown as progress.

    Args:
        description: what is done, in two or three words: "reading masks".

    Raises:
        Whatever `work` raises, at the item's turn.
    """
    return progress(ordered(work, items), description, total=len(items))


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def ordered(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """As `each`, silently, for items that may be made as they are asked for."""
    threads = max(processors(), 2)
    with ThreadPoolExecutor(threads, thread_name_prefix="unetkit-read") as pool:
        yield from _taken(pool, work, items, threads * _AHEAD)


def _taken(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Iterable[Item], most: int
) -> Iterator[Result]:
    """Results in order, never more than `most` of them begun and not yet taken."""
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
