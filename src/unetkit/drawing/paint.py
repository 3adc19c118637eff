"""Masks as colours, masks over images, and any image as 8-bit RGB for the eye."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import Image, Mask

RGB: TypeAlias = npt.NDArray[np.uint8]
"""H x W x 3, uint8, sRGB."""

_LONG_SIDE_PER_LINE = 640  # an outline is one pixel wide up to this long side, two up to twice it, ...
_NARROW = 128  # an 8-bit grey image whose values span less than this is stretched


def colourise(mask: Mask, colours: npt.NDArray[np.uint8]) -> RGB:
    """Paint each class id in its colour (`colours`: n x 3); ignore and any id beyond n are black."""
    table = np.zeros((65536 if mask.dtype == np.uint16 else 256, 3), np.uint8)
    table[: len(colours)] = colours[: len(table)]
    return table[mask]


def overlay(image: Image, mask: Mask, colours: npt.NDArray[np.uint8], opacity: float = 0.5) -> RGB:
    """The image with the classes laid over it; ignore stays untouched, and borders of classes are drawn solid.

    Args:
        image: H x W x C of any depth; shown through `to_rgb8`.
        mask: H x W class ids, the image's size.
        colours: n x 3 RGB.
        opacity: 0 shows only the image, 1 only the colours.
    """
    base, paint = to_rgb8(image), colourise(mask, colours)
    known = (mask < len(colours)).astype(np.float32)[..., None]
    weight = known * np.maximum(np.float32(opacity), borders(mask)[..., None])
    return np.rint(base + weight * (paint.astype(np.float32) - base)).astype(np.uint8)


def borders(mask: Mask) -> npt.NDArray[np.bool_]:
    """H x W: true at pixels next to another class; wider on larger masks, so that it shows when scaled down."""
    border = np.zeros(mask.shape, np.bool_)
    across, down = mask[:, 1:] != mask[:, :-1], mask[1:] != mask[:-1]
    border[:, 1:] |= across
    border[:, :-1] |= across
    border[1:] |= down
    border[:-1] |= down
    extra = max(mask.shape) // _LONG_SIDE_PER_LINE
    if extra:
        kernel = np.ones((2 * extra + 1, 2 * extra + 1), np.uint8)
        border = cv2.dilate(border.astype(np.uint8), kernel).astype(np.bool_)
    return border


def to_rgb8(image: Image) -> RGB:
    """Any image as 8-bit RGB for display.

    One channel becomes grey, the first three of many are taken as R, G, B. 16-bit images, and grey ones that use less
    than half of their range (infrared), are stretched between their 0.5 and 99.5 percentiles. Never used for
    the network's input.
    """
    pixels = image[..., None] if image.ndim == 2 else image
    pixels = pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., :1]
    low, high = (float(v) for v in np.percentile(pixels, (0.5, 99.5)))
    grey_and_narrow = pixels.shape[2] == 1 and high - low < _NARROW
    if pixels.dtype == np.uint16 or grey_and_narrow:
        stretched = (pixels.astype(np.float32) - low) * (255.0 / max(high - low, 1.0))
        pixels = np.clip(np.rint(stretched), 0, 255)
    return np.ascontiguousarray(np.broadcast_to(pixels.astype(np.uint8), (*pixels.shape[:2], 3)))
