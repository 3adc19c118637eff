"""What a run keeps for itself: decoded pairs in memory, or in a nameless temporary file that is mapped into it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import Image, Mask
from unetkit.data.cache.entry import Form

Make = Callable[[tuple[int, ...], np.dtype[Any]], npt.NDArray[Any]]


class Arrays:
    """All images in one array, all masks in another.

    Args:
        make: an array of a shape and kind of numbers: `np.empty`, or `mapped`.

    Raises:
        OSError: of `make`.
    """

    def __init__(self, count: int, form: Form, make: Make) -> None:
        self._images = make((count, *form.image), form.image_kind)
        self._masks = make((count, *form.mask), form.mask_kind)

    def get(self, index: int) -> tuple[Image, Mask]:
        """The pair, as views."""
        return self._images[index], self._masks[index]

    def put(self, index: int, decoded: tuple[Image, Mask]) -> None:
        """Keep the pair, which has the form."""
        self._images[index], self._masks[index] = decoded


def mapped(shape: tuple[int, ...], kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """An array in a nameless temporary file. Its space is reserved: a full disk would kill the process later."""
    size = int(np.prod(shape)) * kind.itemsize
    with tempfile.TemporaryFile(prefix="unetkit-") as file:
        reserve(file.fileno(), 0, size)
        return np.memmap(file, kind, "r+", shape=shape)


def reserve(descriptor: int, begin: int, end: int) -> None:
    """Make a file `end` bytes long, and reserve what lies behind `begin` where the system can."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, begin, end - begin)
    else:
        os.ftruncate(descriptor, end)


def megabytes(count: int) -> str:
    """A number of bytes, for people: "0.4 MB", "24 MB", "12.3 GB"."""
    if count < 1e6:
        return f"{count / 1e6:.1f} MB"
    return f"{count / 1e6:,.0f} MB" if count < 10e9 else f"{count / 1e9:,.1f} GB"
