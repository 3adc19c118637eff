"""What lies in each pixel's direction: sky, or a piece of the sea at some distance; for every kind of camera."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from unetkit.data.arrays import Mask
from unetkit.scenes import fields
from unetkit.scenes.camera import Camera, Field
from unetkit.scenes.conditions import SECONDS_PER_FRAME, Conditions, camera

_BANDS = ((210.0, 0.35), (47.0, 0.65), (11.0, 0.67))  # metres a tile, share of the resolved slope
_MICRO = 0.35  # share of the slope's variance in ripples too small to see one by one


@dataclass(frozen=True, slots=True)
class View:
    """H x W arrays (float32) of one frame. Beyond the horizon the sea's arrays go on, so that edges can be blended."""

    camera: Camera
    heading: float
    mask: Mask
    sky_share: Field
    """How much of the pixel is sky: 1, 0, or between on the horizon."""
    x: Field
    y: Field
    z: Field
    """Unit vector of the ray; x and y are turned to the clip's mean heading."""
    distance: Field
    """Metres to the sea along the ray."""
    slope_x: Field
    slope_y: Field
    """Slopes of the sea's surface that the picture resolves."""
    rough: Field
    """Variance of the slopes within a pixel."""
    crest: Field
    """Height of the surface in its standard deviations, fading with the distance."""


def look(conditions: Conditions, frame: int, height: int, width: int) -> View:
    """The view of one frame of a clip."""
    eye, heading = camera(conditions, frame, height, width)
    x, y, z = eye.directions()
    x, y = (
        np.asarray(x * math.cos(heading) + y * math.sin(heading), np.float32),
        np.asarray(y * math.cos(heading) - x * math.sin(heading), np.float32),
    )
    down = np.maximum(-z, 0.25 / eye.focal)
    distance = eye.above_sea / down
    slope_x, slope_y, rough, crest = _surface(
        conditions, frame, (x * distance, y * distance), distance / (eye.focal * down)
    )
    share = np.clip(eye.sky_distance() + 0.5, 0, 1).astype(np.float32)
    return View(eye, heading, eye.mask(), share, x, y, z, distance, slope_x, slope_y, rough, crest)


def _surface(
    conditions: Conditions, frame: int, ground: tuple[Field, Field], footprint: Field
) -> tuple[Field, Field, Field, Field]:
    """Slopes, unresolved variance and crests at points of the sea, of which a pixel covers `footprint` metres."""
    cosine, sine = math.cos(conditions.wind_bearing), math.sin(conditions.wind_bearing)
    east, north = ground[0] + conditions.place[0], ground[1] + conditions.place[1]
    along, across = east * sine + north * cosine, east * cosine - north * sine
    variance = 0.003 + 0.00512 * conditions.wind  # mean square slope of a wind sea: Cox and Munk, 1954
    slope_along = slope_across = crest = np.zeros_like(footprint)
    rough = np.full_like(footprint, variance * _MICRO)
    for number, (metres, share) in enumerate(_BANDS):
        drift = frame * SECONDS_PER_FRAME * math.sqrt(9.81 * metres / fields.PEAK / (2 * math.pi))
        tile = fields.sample(fields.waves(), (along - drift) / metres, across / metres + 0.37 * number)
        kept = 1 / (1 + (footprint * fields.PEAK / metres) ** 2) ** 0.5
        deviation = math.sqrt(variance * (1 - _MICRO)) * share
        slope_along = slope_along + deviation * 0.8 * kept * tile[..., 0]
        slope_across = slope_across + deviation * 0.6 * kept * tile[..., 1]
        crest = crest + share * kept * tile[..., 2]
        rough += (1 - kept * kept) * deviation * deviation
    slope_x, slope_y = slope_along * sine + slope_across * cosine, slope_along * cosine - slope_across * sine
    return slope_x, slope_y, rough, crest
