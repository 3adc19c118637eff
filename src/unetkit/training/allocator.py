"""Main memory that is given back by a step is kept for the next one, and not cleared by the system once more."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Generator

# Options of glibc's mallopt(3), and what they are by default.
TRIM_THRESHOLD, TOP_PAD, MMAP_MAX = -1, -2, -4
NEVER = 2**31 - 1
STEADY = {TRIM_THRESHOLD: NEVER, TOP_PAD: 64 * 2**20, MMAP_MAX: 0}
DEFAULT = {TRIM_THRESHOLD: 128 * 2**10, TOP_PAD: 128 * 2**10, MMAP_MAX: 65536}


@contextlib.contextmanager
def kept_memory() -> Generator[None]:
    """Inside, freed blocks stay with the process; afterwards what is free goes back to the system.

    By default glibc maps every large tensor anew, and the system clears each of its pages: a tenth of a step of large
    networks, little of small ones (benchmarks/step_parts.py). Other C libraries are left as they are.
    """
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt") or not hasattr(library, "malloc_trim"):
        yield
        return
    _set(library, STEADY)
    try:
        yield
    finally:
        _set(library, DEFAULT)
        library.malloc_trim(0)


def _set(library: ctypes.CDLL, options: dict[int, int]) -> None:
    for option, value in options.items():
        library.mallopt(option, value)
