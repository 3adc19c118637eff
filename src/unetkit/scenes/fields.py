"""Endless random fields, made once: fractal clouds, and a wind sea as tiles that repeat."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from unetkit.scenes.camera import Field

SIDE = 512
"""Pixels of a tile; it continues at its edges."""

PEAK = 9.0
"""Waves a tile at the peak of the sea's spectrum."""

_KEY = 0x736561


@cache
def clouds() -> Field:
    """SIDE x SIDE: fractal noise, 0..1, evenly distributed (a threshold c covers the share 1 - c)."""
    radius = np.hypot(*_frequencies())
    field = np.fft.irfft2(_white(1) * np.maximum(radius, 1) ** -1.75 * (radius > 0), (SIDE, SIDE))
    ranks = field.ravel().argsort().argsort().reshape(SIDE, SIDE)
    return (ranks / (SIDE * SIDE - 1)).astype(np.float32)


@cache
def waves() -> Field:
    """SIDE x SIDE x 3: slope along the wind, slope across it, and height, each with standard deviation 1.

    The spectrum falls as k^-4 above a peak of PEAK waves a tile (Phillips, 1958) and as cos² of the angle to the wind.
    """
    across, down = _frequencies()
    radius = np.maximum(np.hypot(across, down), 0.1)
    amplitude = radius**-2.0 * np.exp(-0.5 * (PEAK / radius) ** 2) * (0.12 + np.abs(across) / radius)
    sea = _white(2) * amplitude
    parts = [np.fft.irfft2(sea * factor, (SIDE, SIDE)) for factor in (1j * across, 1j * down, 1.0)]
    return np.stack([part / part.std() for part in parts], axis=-1).astype(np.float32)


@cache
def grain() -> Field:
    """SIDE x SIDE: white noise, 0..1."""
    random = np.random.Generator(np.random.Philox(key=_KEY + 3))
    return random.random((SIDE, SIDE), np.float32)


def sample(tile: Field, x: Field, y: Field) -> Field:
    """The tile at positions x, y of any shape, in tiles (1 is a whole tile further), by bilinear interpolation."""
    columns, rows = (np.asarray((part - np.floor(part)) * SIDE, np.float32) for part in (x, y))
    return np.asarray(cv2.remap(tile, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.float32)


def _frequencies() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Waves a tile across and down, in the layout of `irfft2`."""
    across = np.asarray(np.fft.rfftfreq(SIDE, 1 / SIDE), np.float64)
    down = np.asarray(np.fft.fftfreq(SIDE, 1 / SIDE), np.float64)
    return across[None, :], down[:, None]


def _white(stream: int) -> npt.NDArray[np.complex128]:
    random = np.random.Generator(np.random.Philox(key=_KEY + stream))
    return np.fft.rfft2(random.standard_normal((SIDE, SIDE)))
