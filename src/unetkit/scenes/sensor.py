"""From light to the pixels of a real camera: lens, noise, rain on the way, and the faults of infrared sensors."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from unetkit.scenes.camera import Field


def through_lens(picture: Field, blur: float, vignette: float) -> Field:
    """A slight blur (standard deviation in pixels) and darker corners (share of light lost there)."""
    height, width = picture.shape[:2]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    fall = 1 - vignette * 0.5 * (x * x + y * y)
    soft = cv2.GaussianBlur(picture, (5, 5), blur, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(soft.reshape(picture.shape) * (fall[..., None] if picture.ndim == 3 else fall), np.float32)


def with_noise(picture: Field, random: np.random.Generator, floor: float, shot: float) -> Field:
    """Noise in grey levels: a floor, and a part that grows with the square root of the brightness."""
    deviation = np.sqrt(floor * floor + shot * shot * np.maximum(picture, 0) / 255)
    return picture + deviation * random.standard_normal(picture.shape, np.float32)


def with_rain(picture: Field, random: np.random.Generator, opacity: float) -> Field:
    """Streaks of motion-blurred drops, all at one slant."""
    height, width = picture.shape[:2]
    sown = (random.random((height, width), np.float32) > 0.99).astype(np.float32)
    length = max(5, height // 12) | 1
    slant = math.radians(random.normal(0, 12))
    kernel = np.zeros((length, length), np.float32)
    middle = length // 2
    end = (round(middle + middle * math.sin(slant)), round(middle - middle * math.cos(slant)))
    cv2.line(kernel, (2 * middle - end[0], 2 * middle - end[1]), end, 1.0)
    streaks = np.clip(cv2.filter2D(sown, -1, kernel), 0, 1) * opacity * 0.35
    return np.asarray(picture + streaks[..., None] * (205 - picture), np.float32)


def with_fixed_pattern(picture: Field, random: np.random.Generator, columns: float, rows: float) -> Field:
    """Offsets of whole columns and rows, standard deviations in grey levels."""
    height, width = picture.shape
    return (
        picture
        + columns * random.standard_normal((1, width), np.float32)
        + rows * random.standard_normal((height, 1), np.float32)
    )


def digitised(picture: Field) -> npt.NDArray[np.uint8]:
    """To 8 bits."""
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
