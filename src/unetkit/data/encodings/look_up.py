"""A table applied to every pixel."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import Image, Mask


def look_up(table: Mask, pixels: Image) -> Mask:
    """`table[pixels]` for a table of 65,536 entries; by OpenCV where pixels have 8 bits, which is ten times faster."""
    if pixels.dtype != np.uint8 or not pixels.size:
        return table[pixels]
    found: npt.NDArray[Any] = np.asarray(cv2.LUT(pixels, table[:256]))
    return found.reshape(pixels.shape)
