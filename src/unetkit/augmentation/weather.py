"""Fog, glare and rain: light that comes between the scene and the camera.

Each is a veil of some opacity and brightness, so all of them together are one gain and one light per pixel.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from unetkit.augmentation import noise
from unetkit.augmentation.geometry import source_from_result
from unetkit.augmentation.parameters import Parameters

Floats = npt.NDArray[np.float32]

FOG_BELOW, FOG_ABOVE = 0.25, 0.5  # share of the height at which the fog is half as dense as at the horizon
RAIN_LEVEL, RAIN_HAZE = 0.85, 0.25
SEEDS = 2.2  # a streak lies where the noise exceeds this many standard deviations: 1.4 % of the pixels
GLINTS = 1.2


def veil(parameters: Parameters, height: int, width: int) -> tuple[Floats, Floats] | None:
    """The gain and the light (both height x width) of: new value = gain * value + light, values in shares of the range.

    None when the air is clear.
    """
    if not (parameters.fog or parameters.glare or parameters.rain):
        return None
    gain, light = np.ones((height, width), np.float32), np.zeros((height, width), np.float32)
    for opacity, level in _veils(parameters, height, width):
        gain *= 1 - opacity
        light += opacity * (level - light)
    return gain, light


def _veils(parameters: Parameters, height: int, width: int) -> list[tuple[Floats, float]]:
    """Opacity and brightness, the farthest first."""
    veils: list[tuple[Floats, float]] = []
    if parameters.fog:
        veils.append((_fog(parameters, height, width), parameters.fog_level))
    if parameters.glare:
        veils.append((_glare(parameters, height, width), 1.0))
    if parameters.rain:
        veils.append((_rain(parameters, height, width), RAIN_LEVEL))
    return veils


def _fog(parameters: Parameters, height: int, width: int) -> Floats:
    """Densest at the horizon, thinning out quickly towards the camera and slowly towards the zenith."""
    across, down, start, length = horizon_terms(parameters, height, width)
    x, y = np.arange(width)[None, :], np.arange(height)[:, None]
    below = ((across * x + down * y + start) / length).astype(np.float32) / height
    depth = np.where(below > 0, below / FOG_BELOW, -below / FOG_ABOVE)
    return (parameters.fog / (1 + depth * depth)).astype(np.float32)


def horizon_terms(parameters: Parameters, height: int, width: int) -> tuple[float, float, float, float]:
    """(a, b, c, d): (a x + b y + c) / d is the distance of a pixel of the result to the horizon, positive below it."""
    angle, offset = parameters.horizon or (0.0, (parameters.fog_height - 0.5) * height)
    normal = np.array([-math.sin(math.radians(angle)), math.cos(math.radians(angle))])
    centre = (np.array([width, height], np.float64) - 1) / 2
    matrix = source_from_result(parameters, height, width)
    across, down = normal @ matrix[:, :2]
    start = float(normal @ (matrix[:, 2] - centre)) - offset
    return float(across), float(down), start, math.hypot(across, down)


def _glare(parameters: Parameters, height: int, width: int) -> Floats:
    """A sun with its halo, and glints on whatever lies below it."""
    x = np.arange(width, dtype=np.float32)[None, :] - parameters.glare_x * width
    y = np.arange(height, dtype=np.float32)[:, None] - parameters.glare_y * height
    radius = parameters.glare_radius * math.hypot(height, width)
    distance = np.hypot(x, y) / radius
    halo = 0.75 * np.exp(-2 * distance * distance) + 0.25 / (1 + 4 * distance * distance)
    path = np.exp(-np.square(x / (0.5 * radius + 0.15 * np.maximum(y, 0))))
    glints = np.clip(noise.drops(parameters, height, width) - GLINTS, 0, 1) * (y > 0.5 * radius) * path
    return np.asarray(parameters.glare * np.maximum(halo, glints), np.float32)


def _rain(parameters: Parameters, height: int, width: int) -> Floats:
    """Bright streaks, all in one direction, in a thin haze."""
    sown = np.clip(2 * (noise.drops(parameters, height, width) - SEEDS), 0, 1)
    fallen = cv2.filter2D(sown, -1, streak(parameters.rain_angle, height), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(parameters.rain * (RAIN_HAZE + (1 - RAIN_HAZE) * np.clip(fallen, 0, 1)), np.float32)


def streak(degrees: float, height: int) -> Floats:
    """A line through the middle of a square kernel, brightest in its middle; odd, at least 5, for images so high."""
    length = max(5, height // 9) | 1
    kernel = np.zeros((length, length), np.float32)
    middle = length // 2
    lean = math.tan(math.radians(degrees))
    for step in range(-middle, middle + 1):
        x = middle + step * lean
        left = math.floor(x)
        weight = 1 - abs(step) / (middle + 1)
        kernel[middle + step, max(left, 0)] += weight * (left + 1 - x)
        kernel[middle + step, min(left + 1, 2 * middle)] += weight * (x - left)
    return kernel
