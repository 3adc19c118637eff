"""The one resize of the house, and the size rule `fit` that is made of it.

Images and scores: area when shrinking, bilinear when growing, for each axis by itself; masks: nearest, and nothing
else, because class ids have no in-between. Pixel centres lie at (i + 0.5) / n of the side throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import Floats, Image, Mask, ignore_value

_Pixels = npt.NDArray[Any]  # uint8, uint16 or float32, and the same out as in


def resize_image(image: Image, height: int, width: int) -> Image:
    """H×W×C → height×width×C of the same depth: area when shrinking, bilinear when growing."""
    return _resize(image, height, width)


def resize_mask(mask: Mask, height: int, width: int) -> Mask:
    """H×W → height×width, each pixel the one whose centre is nearest: no value that was not there before."""
    if mask.shape == (height, width):
        return mask
    return _opencv(mask, height, width, cv2.INTER_NEAREST_EXACT)


def resize_scores(scores: Floats, height: int, width: int) -> Floats:
    """C×H×W → C×height×width, float32: area when shrinking, bilinear when growing."""
    if scores.shape[1:] == (height, width):
        return scores
    grown = np.empty((scores.shape[0], height, width), np.float32)
    for index, plane in enumerate(scores):
        grown[index] = _resize(np.ascontiguousarray(plane), height, width)
    return grown


def labels(scores: Floats) -> Mask:
    """C×H×W scores → H×W ids of the highest; the lower id where two are equal (as arg-max).

    uint8 up to 255 classes, else uint16. A running maximum over the planes is several times faster than NumPy's
    arg-max over the first axis.
    """
    best = scores[0].copy()
    kind = np.uint8 if scores.shape[0] <= 255 else np.uint16
    winner = np.zeros(best.shape, kind)
    for index in range(1, scores.shape[0]):
        ahead = (scores[index] > best).astype(kind)
        np.maximum(winner, ahead * kind(index), out=winner)  # ids rise, so the latest to be ahead is the highest
        np.maximum(best, scores[index], out=best)
    return winner


@dataclass(frozen=True, slots=True)
class Fit:
    """Size rule `fit`: the whole image inside height×width, aspect kept, at the top left; the rest is padding."""

    height: int
    width: int

    def box(self, height: int, width: int) -> tuple[int, int]:
        """Height and width that an image of this native size gets inside; one of them fills its side."""
        if self.height * width <= self.width * height:
            return self.height, min(self.width, _rounded(width * self.height, height))
        return min(self.height, _rounded(height * self.width, width)), self.width

    def image(self, image: Image, fill: tuple[int, ...]) -> Image:
        """H×W×C → height×width×C; padding has the colour `fill` (one value a channel)."""
        inside = resize_image(image, *self.box(*image.shape[:2]))
        if inside.shape[:2] == (self.height, self.width):
            return inside
        canvas = np.empty((self.height, self.width, image.shape[2]), image.dtype)
        canvas[:] = np.array(fill, image.dtype)
        canvas[: inside.shape[0], : inside.shape[1]] = inside
        return canvas

    def mask(self, mask: Mask) -> Mask:
        """H×W → height×width; padding is ignore."""
        inside = resize_mask(mask, *self.box(*mask.shape))
        if inside.shape == (self.height, self.width):
            return inside
        canvas = np.full((self.height, self.width), ignore_value(mask), mask.dtype)
        canvas[: inside.shape[0], : inside.shape[1]] = inside
        return canvas

    def scores_to_native(self, scores: Floats, height: int, width: int) -> Floats:
        """C×h×w scores at working size → C×height×width: the padding cut off, the rest brought to native size."""
        rows, columns = self.box(height, width)
        return resize_scores(scores[:, :rows, :columns], height, width)


def _resize(pixels: _Pixels, height: int, width: int) -> _Pixels:
    """Both axes at once where they go the same way; else one after the other, the shrinking one first."""
    have_height, have_width = pixels.shape[:2]
    if (have_height, have_width) == (height, width):
        return pixels
    if (height < have_height and width > have_width) or (height > have_height and width < have_width):
        pixels = _one_way(pixels, min(height, have_height), min(width, have_width))
    return _one_way(pixels, height, width)


def _one_way(pixels: _Pixels, height: int, width: int) -> _Pixels:
    shrinking = height < pixels.shape[0] or width < pixels.shape[1]
    return _opencv(pixels, height, width, cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)


def _opencv(pixels: _Pixels, height: int, width: int, method: int) -> _Pixels:
    resized: _Pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=method))
    return resized.reshape(height, width, *pixels.shape[2:])  # cv2 drops an axis of length one


def _rounded(numerator: int, denominator: int) -> int:
    return max(1, (2 * numerator + denominator) // (2 * denominator))
