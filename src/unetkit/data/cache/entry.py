"""One decoded pair as bytes: image, then mask, each beginning at a multiple of 64."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import Image, Mask

ALIGNED = 64  # so that numbers of two bytes never lie across


@dataclass(frozen=True, slots=True)
class Form:
    """What all decoded pairs of a set have in common.

    Attributes:
        image: height, width, channels; `image_kind` uint8 or uint16.
        mask: height, width; `mask_kind` likewise.
    """

    image: tuple[int, ...]
    image_kind: np.dtype[Any]
    mask: tuple[int, ...]
    mask_kind: np.dtype[Any]

    @classmethod
    def of(cls, image: Image, mask: Mask) -> Form:
        """The form of a pair."""
        return cls(image.shape, image.dtype, mask.shape, mask.dtype)

    @property
    def nbytes(self) -> int:
        """Bytes of the two arrays."""
        return sum(_nbytes(*part) for part in self._parts())

    @property
    def size(self) -> int:
        """Bytes of an entry."""
        return sum(_padded(_nbytes(*part)) for part in self._parts())

    def to_json(self) -> list[Any]:
        """Plain values."""
        return [[list(shape), kind.str] for shape, kind in self._parts()]

    def pack(self, image: Image, mask: Mask) -> bytearray:
        """The entry of a pair of this form."""
        entry = bytearray(self.size)
        for place, pixels in zip(self.unpack(entry), (image, mask), strict=True):
            place[...] = pixels
        return entry

    def unpack(self, entry: bytes | bytearray) -> tuple[Image, Mask]:
        """The pair of an entry of this form, as views of it; those of `bytes` cannot be written to."""
        image = _view(entry, 0, self.image, self.image_kind)
        return image, _view(entry, _padded(image.nbytes), self.mask, self.mask_kind)

    def _parts(self) -> tuple[tuple[tuple[int, ...], np.dtype[Any]], ...]:
        return (self.image, self.image_kind), (self.mask, self.mask_kind)


def _view(entry: bytes | bytearray, begin: int, shape: tuple[int, ...], kind: np.dtype[Any]) -> npt.NDArray[Any]:
    return np.frombuffer(entry, kind, math.prod(shape), begin).reshape(shape)


def _nbytes(shape: tuple[int, ...], kind: np.dtype[Any]) -> int:
    return math.prod(shape) * kind.itemsize


def _padded(size: int) -> int:
    return -(-size // ALIGNED) * ALIGNED
