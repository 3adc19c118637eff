"""Reading many files at once: OpenCV and Pillow let go of the interpreter while they decode.

The one place that counts processors and says how many threads read files.
"""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TypeVar

import cv2

from unetkit.console import progress
from unetkit.data.control_groups import MOUNT, PROCESS, folders_of, text_of

Item = TypeVar("Item")
Result = TypeVar("Result")

_limit: ContextVar[int] = ContextVar("limit", default=0)  # of `limited_to`; 0 is none
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
    """Processors that this process may use: those it is bound to, or fewer where a control group's quota is less."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([bound, *map(math.ceil, allowed_by_groups(text_of(PROCESS), MOUNT))])


@contextmanager
def limited_to(threads: int) -> Generator[None]:
    """Let no reader that is started in the block use more than so many threads, OpenCV's own included; 0: no limit."""
    before = cv2.getNumThreads()
    token = _limit.set(threads)
    try:
        if threads:
            cv2.setNumThreads(threads)
        yield
    finally:
        cv2.setNumThreads(before)
        _limit.reset(token)


def reading_threads() -> int:
    """Threads that read and decode: as many as `limited_to` says, else one a processor, and two for a single one."""
    return _limit.get() or max(processors(), 2)


def ordered(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """As `each`, silently, for items that may be made as they are asked for."""
    threads = reading_threads()
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


def allowed_by_groups(memberships: str, mount: Path) -> Generator[float]:
    """Processors that each limited control group of a process allows, a fraction where it says so.

    Args:
        memberships, mount: as `folders_of` takes them.
    """
    for version, folder in folders_of("cpu", memberships, mount):
        try:
            quota, period = " ".join((folder / name).read_text() for name in _QUOTAS[version]).split()
            allowed = int(quota) / int(period)
        except (OSError, ValueError):  # "max", or another system
            continue
        if allowed > 0:  # version 1 says -1 for no limit
            yield allowed


_QUOTAS = {1: ("cpu.cfs_quota_us", "cpu.cfs_period_us"), 2: ("cpu.max",)}
