"""What a thermal camera sees: a cold sky that warms towards the horizon, the sea that mirrors it, hot vessels."""

from __future__ import annotations

import math

import numpy as np

from unetkit.scenes import fields
from unetkit.scenes.boats import Layer
from unetkit.scenes.camera import Field
from unetkit.scenes.conditions import Conditions
from unetkit.scenes.view import View

LOW, HIGH = 74.0, 204.0
"""Grey values in use: real sets of 8-bit infrared use as little of the range."""


def warmth_of(conditions: Conditions, view: View, layers: list[Layer]) -> Field:
    """H x W: apparent temperature, about 0 (zenith) to 1 (a warm sea or a funnel)."""
    sky = _sky(conditions, np.maximum(view.z, 0))
    sky = sky + _clouds(conditions, view)
    sea = _sea(conditions, view)
    haze = 1 - np.exp(-view.distance / (3 * conditions.visibility))
    sea = sea + haze * (_sky(conditions, np.float32(0.0)) - sea)
    scene = sea + view.sky_share * (sky - sea)
    for layer in layers:
        below = layer.part_of(scene)
        seen = math.exp(-layer.distance / (3 * conditions.visibility))
        heat = (0.35 * layer.cover + 0.9 * layer.paint[..., 3]) * seen + 0.5 * layer.cover * (1 - seen)
        below[:] = below * (1 - layer.cover) + heat
    return np.asarray(scene, np.float32)


def to_grey(warmth: Field) -> Field:
    """The camera's own gain: the coldest and warmest of the scene to the ends of the range in use."""
    low, high = np.percentile(warmth, (0.5, 99.5))
    shares = (warmth - low) / max(float(high - low), 0.05)
    return np.asarray(LOW + (HIGH - LOW) * np.clip(shares, -0.05, 1.05), np.float32)


def _sky(conditions: Conditions, up: Field | np.float32) -> Field:
    """Thin dry air is cold; the long way through the air at the horizon is as warm as the air."""
    cold = 0.45 * conditions.cover
    return np.asarray(cold + (0.55 - cold) * np.exp(-up / 0.16), np.float32)


def _clouds(conditions: Conditions, view: View) -> Field:
    up = np.maximum(view.z, 0.02)
    tile = fields.sample(fields.clouds(), view.x / up / 11 + conditions.place[0] / 977, view.y / up / 11)
    return np.asarray(0.10 * (tile - 0.5) * (1 - np.exp(-up / 0.05)), np.float32)


def _sea(conditions: Conditions, view: View) -> Field:
    """Steep facets show the water's own warmth, flat ones the cold sky: waves look like bright and dark bands."""
    level = np.maximum(np.hypot(view.x, view.y), 1e-6)
    towards = (view.slope_x * view.x + view.slope_y * view.y) / level + 0.9 * np.sqrt(view.rough)
    facing = np.clip(np.maximum(-view.z, 0.002) + towards, 0.02, 1)
    mirrored = 0.02 + 0.98 * (1 - facing) ** 4
    own = 0.55 + 0.42 * conditions.warm_sea
    up = np.clip(np.abs(view.z + 2 * facing), 0.01, 1)
    return np.asarray(own + mirrored * (_sky(conditions, up) - own) + 0.05 * np.clip(view.crest, -2, 2), np.float32)
