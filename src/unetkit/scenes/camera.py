"""A pinhole camera above a flat sea, and what it sees at each pixel."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import Mask

Field: TypeAlias = npt.NDArray[np.floating]
"""One number (or colour) for each pixel; float32 throughout, for speed."""


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the camera is and how it looks.

    World axes in metres: x to the right of the heading, y along it, z up, the sea at z = 0, the camera above the
    origin. Roll is positive with the right side down, pitch with the nose up, both in radians.
    """

    height: int
    width: int
    focal: float
    """Pixels."""
    above_sea: float
    """Metres."""
    roll: float
    pitch: float

    def sky_distance(self) -> npt.NDArray[np.float64]:
        """H x W: signed distance of each pixel's centre to the horizon in pixels, positive in the sky. Exact."""
        across, down = self._pixels()
        below = across * math.sin(self.roll) + down * math.cos(self.roll)
        return self.focal * math.tan(self.pitch) - below

    def mask(self) -> Mask:
        """H x W: 0 is sea, 1 is sky, by the side of the horizon on which a pixel's centre lies."""
        return (self.sky_distance() > 0).astype(np.uint8)

    def directions(self) -> tuple[Field, Field, Field]:
        """Unit vectors x, y, z of the ray through each pixel, H x W each."""
        across, down = self._pixels()
        right = (across * math.cos(self.roll) - down * math.sin(self.roll)) / self.focal
        below = (across * math.sin(self.roll) + down * math.cos(self.roll)) / self.focal
        forward = math.cos(self.pitch) + below * math.sin(self.pitch)
        up = math.sin(self.pitch) - below * math.cos(self.pitch)
        length = np.sqrt(right * right + forward * forward + up * up)
        x, y, z = (np.asarray(part / length, np.float32) for part in (right, forward, up))
        return x, y, z

    def project(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """World points, n x 3 and in front of the camera, to pixels x, y, n x 2."""
        x, y, z = points.T
        z = z - self.above_sea
        depth = y * math.cos(self.pitch) + z * math.sin(self.pitch)
        right = x / depth
        below = (y * math.sin(self.pitch) - z * math.cos(self.pitch)) / depth
        across = right * math.cos(self.roll) + below * math.sin(self.roll)
        down = below * math.cos(self.roll) - right * math.sin(self.roll)
        return np.column_stack([across, down]) * self.focal + ((self.width - 1) / 2, (self.height - 1) / 2)

    def _pixels(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Pixel centres relative to the centre of the image: 1 x W and H x 1."""
        across = np.arange(self.width, dtype=np.float64) - (self.width - 1) / 2
        down = np.arange(self.height, dtype=np.float64) - (self.height - 1) / 2
        return across[None, :], down[:, None]
