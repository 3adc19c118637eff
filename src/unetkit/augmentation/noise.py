"""Noise that every device reads from the same table, so that a sample's noise is the same wherever it is made.

The table holds 2^20 normal numbers from Philox, rounded to 1/32 standard deviation and cut at four of them: a byte
each. A sample reads from its own place, `Parameters.grain`; drawing fresh numbers for each would cost more than all
other steps together.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from unetkit.augmentation.parameters import Parameters

Floats = npt.NDArray[np.float32]

LENGTH = 1 << 20
ZERO = 128
"""The byte that means no noise."""
PER_DEVIATION = 32
"""Bytes to one standard deviation."""

_KEY = 0x6E6F697365
PATTERN_AT, RAIN_AT = 333_667, 666_649  # far from where the same sample's noise begins
COLUMNS, ROWS = 0.8, 0.6  # 0.8² + 0.6² = 1: infrared read-out differs more by column than by row


@cache
def table() -> npt.NDArray[np.uint8]:
    """The noise as bytes: ZERO + PER_DEVIATION * normal number."""
    normal = np.random.Generator(np.random.Philox(key=_KEY)).standard_normal(LENGTH, np.float32)
    bytes_ = np.clip(np.rint(ZERO + PER_DEVIATION * normal), 0, 255).astype(np.uint8)
    bytes_.setflags(write=False)
    return bytes_


def bytes_from(place: int, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Bytes of the table from `place` on, begun again at its end, in the given shape."""
    start, count = place % LENGTH, int(np.prod(shape))
    if start + count <= LENGTH:
        return table()[start : start + count].reshape(shape)
    return np.take(table(), np.arange(start, start + count), mode="wrap").reshape(shape)


def normal_from(place: int, shape: tuple[int, ...]) -> Floats:
    """As `bytes_from`, as numbers of mean 0 and standard deviation 1."""
    return (bytes_from(place, shape).astype(np.float32) - np.float32(ZERO)) / np.float32(PER_DEVIATION)


def pattern(parameters: Parameters, height: int, width: int) -> Floats:
    """Height x width: the fixed pattern of rows and columns, standard deviation 1."""
    numbers = normal_from(parameters.grain + PATTERN_AT, (height + width,))
    return np.asarray(ROWS * numbers[:height, None] + COLUMNS * numbers[None, height:], np.float32)


def drops(parameters: Parameters, height: int, width: int) -> Floats:
    """Height x width normal numbers from which rain is sown."""
    return normal_from(parameters.grain + RAIN_AT, (height, width))
