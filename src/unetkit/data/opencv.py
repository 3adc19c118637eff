"""Decoding by OpenCV, whose one exception means two things: a damaged file, and too little memory for a sound one."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from unetkit.errors import OutOfMemory
from unetkit.refusals import lacks_memory


def decoded(data: bytes, where: str) -> npt.NDArray[Any] | None:
    """The image as it is stored, blue before red, H×W or H×W×C, of 8 or 16 bits; None where it cannot be decoded.

    Raises:
        OutOfMemory: there is not enough for its pixels.
    """
    try:
        pixels: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        if lacks_memory(error):
            advice = "close other programs, or leave this image out"
            raise OutOfMemory("there is not enough memory to decode this image", where=where, advice=advice) from error
        return None
    return None if pixels is None else np.asarray(pixels)
