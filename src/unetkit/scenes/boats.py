"""Vessels and far coasts, drawn as flat silhouettes where they stand in the world.

They do not change the mask: what a boat covers above the horizon line stays sky, what it covers below stays sea.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from unetkit.scenes.camera import Camera, Field
from unetkit.scenes.conditions import Boat, Conditions, numbers

_FINER = 4
"""Silhouettes are drawn at this many times the resolution, then averaged."""

Outline = Sequence[tuple[float, float]]
"""Points (along, up) in shares of the vessel's length; the bow is at along = 0.5, the waterline at up = 0."""


@dataclass(frozen=True, slots=True)
class Part:
    """One patch of a silhouette."""

    outline: Outline
    paint: tuple[float, float, float] | None
    """Linear RGB; None takes the boat's own."""
    heat: float
    """0 is as cold as the sea, 1 as hot as a funnel."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A silhouette in the picture."""

    corner: tuple[int, int]
    """Row and column of its upper left pixel."""
    paint: Field
    """h x w x 4: linear RGB and heat, each times the share of the pixel that is covered."""
    cover: Field
    """h x w, 0..1."""
    distance: float
    """Metres."""

    def part_of(self, scene: Field) -> Field:
        """The part of a picture on which it lies, as a view."""
        (top, left), (height, width) = self.corner, self.cover.shape
        return scene[top : top + height, left : left + width]


_WHITE, _DARK, _CREAM = (0.80, 0.80, 0.77), (0.03, 0.035, 0.045), (0.82, 0.78, 0.68)
_RED, _GREY = (0.32, 0.05, 0.035), (0.35, 0.36, 0.38)


def _box(left: float, right: float, low: float, high: float) -> Outline:
    return ((left, low), (left, high), (right, high), (right, low))


KINDS: dict[str, tuple[Part, ...]] = {
    "motor": (
        Part(((-0.5, -0.02), (-0.5, 0.11), (-0.1, 0.115), (0.5, 0.17), (0.40, -0.02)), None, 0.35),
        Part(((-0.26, 0.11), (-0.22, 0.24), (0.08, 0.24), (0.20, 0.13)), _WHITE, 0.55),
        Part(((-0.18, 0.165), (-0.16, 0.215), (0.07, 0.215), (0.13, 0.165)), _DARK, 0.5),
        Part(_box(-0.09, -0.075, 0.24, 0.42), _WHITE, 0.4),
        Part(_box(-0.5, -0.36, 0.0, 0.10), _DARK, 1.0),
    ),
    "sail": (
        Part(((-0.5, -0.02), (-0.48, 0.075), (0.5, 0.10), (0.38, -0.02)), None, 0.3),
        Part(((-0.2, 0.08), (-0.15, 0.13), (0.12, 0.13), (0.18, 0.09)), _WHITE, 0.4),
        Part(((0.035, 0.15), (-0.40, 0.16), (0.02, 1.22)), _CREAM, 0.15),
        Part(((0.06, 1.08), (0.47, 0.11), (0.09, 0.14)), _CREAM, 0.15),
        Part(_box(0.035, 0.055, 0.08, 1.26), _GREY, 0.25),
    ),
    "freighter": (
        Part(((-0.49, -0.01), (-0.5, 0.075), (0.42, 0.075), (0.5, 0.10), (0.47, -0.01)), None, 0.35),
        Part(((-0.49, -0.01), (-0.495, 0.016), (0.475, 0.016), (0.47, -0.01)), _RED, 0.3),
        Part(_box(-0.46, -0.36, 0.07, 0.20), _WHITE, 0.55),
        Part(_box(-0.48, -0.34, 0.165, 0.18), _DARK, 0.5),
        Part(_box(-0.445, -0.41, 0.20, 0.235), _DARK, 1.0),
        Part(_box(-0.32, -0.10, 0.07, 0.13), (0.35, 0.12, 0.04), 0.3),
        Part(_box(-0.09, 0.12, 0.07, 0.145), (0.08, 0.16, 0.26), 0.3),
        Part(_box(0.13, 0.36, 0.07, 0.12), (0.28, 0.28, 0.24), 0.3),
        Part(_box(0.40, 0.408, 0.08, 0.19), _GREY, 0.3),
    ),
    "ferry": (
        Part(((-0.5, -0.01), (-0.5, 0.08), (0.5, 0.10), (0.45, -0.01)), None, 0.4),
        Part(((-0.48, 0.08), (-0.47, 0.17), (0.33, 0.17), (0.42, 0.09)), _WHITE, 0.5),
        Part(((-0.40, 0.17), (-0.39, 0.215), (0.24, 0.215), (0.30, 0.17)), _WHITE, 0.55),
        Part(_box(-0.44, 0.33, 0.115, 0.128), _DARK, 0.5),
        Part(_box(-0.42, 0.28, 0.145, 0.157), _DARK, 0.5),
        Part(((-0.24, 0.215), (-0.22, 0.275), (-0.13, 0.275), (-0.12, 0.215)), _RED, 1.0),
        Part(_box(0.17, 0.176, 0.2, 0.29), _GREY, 0.4),
    ),
}


def layers(conditions: Conditions, eye: Camera, heading: float, clip: int, seed: int) -> list[Layer]:
    """Everything that stands out of the water, the farthest first."""
    fleet = sorted(conditions.boats, key=lambda boat: -boat.distance)
    found = [_coast(conditions, eye, heading, seed, clip)] if conditions.coast else []
    found += [_boat(boat, eye, heading) for boat in fleet]
    return [layer for layer in found if layer is not None]


def _boat(boat: Boat, eye: Camera, heading: float) -> Layer | None:
    shapes = [_in_world(part.outline, boat, heading) for part in KINDS[boat.kind]]
    paints = [(*(part.paint or boat.paint), part.heat) for part in KINDS[boat.kind]]
    hull = KINDS[boat.kind][0].outline
    shadow = _in_world([(along, -0.45 * max(up, 0)) for along, up in hull], boat, heading)
    wake = _in_world([(-0.9, 0.0), (-0.9, 0.012), (0.48, 0.02), (0.52, 0.0)], boat, heading)
    pieces = [(shadow, (0.02, 0.03, 0.035, 0.0), 0.5), (wake, (0.75, 0.78, 0.8, 0.1), 0.7)]
    pieces += [(shape, paint, 1.0) for shape, paint in zip(shapes, paints, strict=True)]
    return _drawn([(eye.project(shape), paint, opacity) for shape, paint, opacity in pieces], eye, boat.distance)


def _in_world(outline: Outline, boat: Boat, heading: float) -> npt.NDArray[np.float64]:
    bearing = boat.bearing - heading
    along, up = np.array(outline).T * boat.length
    middle = boat.distance * math.sin(bearing)
    ahead = np.full_like(along, boat.distance * math.cos(bearing))
    return np.column_stack([middle + along * boat.squeeze, ahead, up])


def _coast(conditions: Conditions, eye: Camera, heading: float, seed: int, clip: int) -> Layer | None:
    """A far range of hills over a part of the horizon."""
    random = numbers(seed, clip, 1)
    distance = 2.2 * conditions.visibility if conditions.visibility > 4000 else 1.3 * conditions.visibility
    middle, half = random.uniform(-0.5, 0.5), random.uniform(0.15, 0.5)
    bearing = np.linspace(-1, 1, 160)
    ridge = sum(random.normal() / k * np.sin(k * (3 * bearing + random.uniform(0, 6.3))) for k in range(1, 24))
    height = conditions.coast * np.clip(0.75 + 0.4 * np.asarray(ridge), 0.05, 2) * (1 - np.abs(bearing) ** 3)
    height *= distance / 20_000
    angle = middle + half * bearing - heading
    top = np.column_stack([distance * np.sin(angle), distance * np.cos(angle), eye.above_sea + height])
    foot = top[::-1] * (1, 1, 0) + (0, 0, eye.above_sea)
    outline = eye.project(np.concatenate([top, foot]))
    return _drawn([(outline, (0.06, 0.085, 0.06, 0.35), 1.0)], eye, distance)


_Piece = tuple[npt.NDArray[np.float64], tuple[float, float, float, float], float]


def _drawn(pieces: list[_Piece], eye: Camera, distance: float) -> Layer | None:
    """Fill the pieces one over the other; None when all lie outside the picture."""
    points = np.concatenate([outline for outline, _, _ in pieces])
    left, top = np.maximum(np.floor(points.min(0)).astype(int) - 1, 0)
    right, bottom = np.minimum(np.ceil(points.max(0)).astype(int) + 2, (eye.width, eye.height))
    if right <= left or bottom <= top:
        return None
    size = ((bottom - top) * _FINER, (right - left) * _FINER)
    paint, cover = np.zeros((*size, 4), np.float32), np.zeros(size, np.float32)
    for outline, colour, opacity in pieces:
        # Pixel centres are integers: the centre of a fine pixel i lies at (i + 0.5) / finer - 0.5.
        fine = (outline - (left, top) + 0.5) * _FINER - 0.5
        corners = np.rint(fine * 16).astype(np.int32)
        inside = cv2.fillPoly(np.zeros(size, np.uint8), [corners], 1, shift=4).astype(np.bool_)
        paint[inside] += opacity * (np.array(colour, np.float32) - paint[inside])
        cover[inside] += opacity * (1 - cover[inside])
    shape = (int(right - left), int(bottom - top))
    small = cv2.resize(paint, shape, interpolation=cv2.INTER_AREA)
    share = cv2.resize(cover, shape, interpolation=cv2.INTER_AREA)
    return Layer((int(top), int(left)), np.asarray(small, np.float32), np.asarray(share, np.float32), distance)
