"""PNG bytes of masks and pictures."""

from __future__ import annotations

import io

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from unetkit.errors import FormatError

Pixels = npt.NDArray[np.uint8 | np.uint16]


def encode_png(image: Pixels, palette: npt.NDArray[np.uint8] | None = None) -> bytes:
    """PNG bytes: RGB, grey of 8 or 16 bits, or with `palette` an 8-bit palette image whose index is the class id.

    Args:
        image: H x W or H x W x 1 or H x W x 3; uint8 or uint16.
        palette: n x 3 RGB, n at most 256, for a uint8 mask; indices beyond n are black. A uint16 mask has no palette
            in PNG and is written as 16-bit grey.

    Raises:
        FormatError: a number of channels that PNG does not have here.
    """
    pixels = image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image
    if palette is not None and pixels.ndim == 2 and pixels.dtype == np.uint8:
        return _palette_png(np.ascontiguousarray(pixels, np.uint8), palette)
    if pixels.ndim == 3 and pixels.shape[2] != 3:
        raise FormatError(f"a PNG of {pixels.shape[2]} channels cannot be written", advice="give 1 or 3 channels")
    stored = pixels[..., ::-1] if pixels.ndim == 3 else pixels  # OpenCV stores B G R
    done, data = cv2.imencode(".png", np.ascontiguousarray(stored))
    if not done:
        raise FormatError(f"a PNG of shape {image.shape} cannot be written")
    return data.tobytes()


def _palette_png(mask: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8]) -> bytes:
    full = np.zeros((256, 3), np.uint8)  # all 256 entries: with fewer, Pillow packs several pixels in a byte
    full[: len(palette)] = palette[:256]
    picture = Pillow.fromarray(mask)
    picture.putpalette(full.tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
