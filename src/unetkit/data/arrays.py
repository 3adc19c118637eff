"""The arrays that travel through the house, by name."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Image: TypeAlias = npt.NDArray[np.uint8 | np.uint16]
"""H×W×C, uint8 or uint16, as decoded: one channel for grey, R G B in this order for colour."""

Mask: TypeAlias = npt.NDArray[np.uint8 | np.uint16]
"""H×W class ids 0..n−1; ignore is 255, or 65535 in a uint16 mask."""

Floats: TypeAlias = npt.NDArray[np.float32]
"""Any float32 array; the docstring where it stands gives its shape."""

Counts: TypeAlias = npt.NDArray[np.int64]
"""Numbers of pixels."""

IGNORE = 255
IGNORE_16 = 65535


def ignore_id(classes: int) -> int:
    """The id of ignore pixels in masks of so many classes."""
    return IGNORE if classes <= IGNORE else IGNORE_16


def ignore_value(mask: Mask) -> int:
    """The id that is never scored and never learnt in a mask of this depth."""
    return IGNORE_16 if mask.dtype == np.uint16 else IGNORE
