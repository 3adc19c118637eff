"""What a colour camera sees: sky with clouds and sun, the sky's reflection in the waves, glitter, foam and haze.

Everything is computed in linear light and only at the end brought to the 8 bits of sRGB.
"""

from __future__ import annotations

import math

import numpy as np

from unetkit.scenes import fields
from unetkit.scenes.boats import Layer
from unetkit.scenes.camera import Field
from unetkit.scenes.conditions import WEATHERS, Conditions, Weather
from unetkit.scenes.view import View

_TILT = 0.9  # facets leaning towards the viewer are seen more than others, by about this many deviations of slope
_CEILING = 700.0  # metres; how far a cloud is, is this over the sine of its elevation
_SUN_BROADENING = 2.5e-3  # variance of slope that stands for the sun's own disc and the pixel


def develop(linear: Field, exposure: float) -> Field:
    """Linear light to grey values 0..255: the filmic curve of Narkowicz (2016), then the encoding of sRGB."""
    light = np.maximum(linear * exposure, 0)
    filmic = np.clip(light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14), 0, 1)
    return np.asarray(255 * filmic ** (1 / 2.2), np.float32)


def light_of(conditions: Conditions, view: View, layers: list[Layer]) -> Field:
    """H x W x 3: linear light of the whole scene."""
    weather = WEATHERS[conditions.weather]
    sun = _sun_direction(conditions)
    towards_sun = view.x * sun[0] + view.y * sun[1] + np.maximum(view.z, 0) * sun[2]
    sky = _clouded(_clear_sky(weather, conditions, np.maximum(view.z, 0), towards_sun), conditions, view, towards_sun)
    sea = _sea(weather, conditions, view, sun)
    haze = 1 - np.exp(-view.distance / conditions.visibility)[..., None]
    at_horizon = _clear_sky(weather, conditions, np.zeros((1, 1), np.float32), towards_sun)
    sea += haze * (at_horizon - sea)
    scene = sea + view.sky_share[..., None] * (sky - sea)
    for layer in layers:
        scene = _with_layer(scene, layer, weather, conditions)
    return np.asarray(scene, np.float32)


def exposure_of(conditions: Conditions, random: np.random.Generator) -> float:
    """What brings the horizon's sky to a usual brightness, give or take."""
    light = float(np.mean(WEATHERS[conditions.weather].horizon))
    return float(0.62 / light**0.3 * np.exp(random.normal(0, 0.12)))


def _sun_direction(conditions: Conditions) -> tuple[float, float, float]:
    level = math.cos(conditions.sun_elevation)
    return (
        level * math.sin(conditions.sun_bearing),
        level * math.cos(conditions.sun_bearing),
        math.sin(conditions.sun_elevation),
    )


def _sun_colour(conditions: Conditions) -> Field:
    """White when high, orange at the horizon."""
    low = math.exp(-conditions.sun_elevation / 0.16)
    return np.array([1.0, 0.93 - 0.50 * low, 0.82 - 0.72 * low], np.float32)


def _clear_sky(weather: Weather, conditions: Conditions, up: Field, towards_sun: Field) -> Field:
    """The sky without clouds for the sine of the elevation: gradient, brighter rim, and the sun with its glow."""
    zenith, horizon = np.array(weather.zenith, np.float32), np.array(weather.horizon, np.float32)
    sky = zenith + np.exp(-up / 0.22)[..., None] * (horizon - zenith)
    if weather.sun:
        low = math.exp(-conditions.sun_elevation / 0.25)
        past = towards_sun - 1
        disc = 30 * (towards_sun > 0.99996)
        glow = 0.2 * np.exp(6 * past) + (0.45 + 0.8 * low) * np.exp(48 * past) + 1.2 * np.exp(700 * past) + disc
        sky = sky + (weather.sun * glow)[..., None] * _sun_colour(conditions)
        sky *= (1 + 0.45 * low * np.maximum(past, -1))[..., None]  # a low sun leaves the other side of the sky dark
    return np.asarray(sky, np.float32)


def _clouded(sky: Field, conditions: Conditions, view: View, towards_sun: Field) -> Field:
    """Clouds on a level ceiling, seen in perspective: dense and flat near the horizon, where haze takes them."""
    if conditions.cover < 0.02:
        return sky
    up = np.maximum(view.z, 0.012)
    x, y = view.x / up, view.y / up
    start = (conditions.place[0] / 977, conditions.place[1] / 977)
    large = fields.sample(fields.clouds(), x / 14 + start[0], y / 14 + start[1])
    small = fields.sample(fields.clouds(), x / 3.1 + start[1], y / 3.1 + start[0])
    small += (0.5 - small) * (1 / (1 + (0.05 / up) ** 2) < 0.5)
    density = large + 0.22 * (small - 0.5) - (1 - conditions.cover)
    opacity = np.clip(density / 0.22, 0, 1)
    opacity = opacity * opacity * (3 - 2 * opacity) * np.exp(-_CEILING / (up * conditions.visibility))
    weather = WEATHERS[conditions.weather]
    ambient = np.array(weather.horizon, np.float32) * 0.45 + np.array(weather.zenith, np.float32) * 0.35
    lit = ambient + weather.sun * 0.75 * _sun_colour(conditions)
    thick = np.clip(density / (0.75 if weather.sun else 1.1), 0, 1)[..., None]
    cloud = lit + thick * (ambient * 0.85 - lit) if weather.sun else sky * (1.12 - 0.55 * thick)
    rim = np.exp(24 * (towards_sun - 1))[..., None] * (1 - thick) * weather.sun
    cloud = cloud + 0.6 * rim * _sun_colour(conditions)
    return np.asarray(sky + opacity[..., None] * (cloud - sky), np.float32)


def _sea(weather: Weather, conditions: Conditions, view: View, sun: tuple[float, float, float]) -> Field:
    level = np.maximum(np.hypot(view.x, view.y), 1e-6)
    lean = _TILT * np.sqrt(view.rough)
    slope_x = view.slope_x + lean * view.x / level
    slope_y = view.slope_y + lean * view.y / level
    facing = (view.x * slope_x + view.y * slope_y - np.minimum(view.z, -0.002)) / np.sqrt(1 + slope_x**2 + slope_y**2)
    facing = np.clip(facing, 0.02, 1)
    mirrored = 0.02 + 0.98 * (1 - facing) ** 5  # Schlick (1994), water against air
    norm = 1 / np.sqrt(1 + slope_x**2 + slope_y**2)
    up = np.clip(np.abs(view.z + 2 * facing * norm), 0.01, 1)
    reflected = _reflected_sky(weather, conditions, up)
    water = np.array(conditions.water, np.float32) * (0.35 + float(np.mean(weather.zenith)) * 1.6)
    body = water * (1 + 0.35 * np.clip(view.crest, -1.5, 2.5))[..., None]
    sea = body + mirrored[..., None] * (reflected - body)
    if weather.sun:
        sea = sea + _glitter(conditions, view, sun, facing)[..., None] * (weather.sun * _sun_colour(conditions))
    return np.asarray(_foamed(sea, weather, conditions, view), np.float32)


def _reflected_sky(weather: Weather, conditions: Conditions, up: Field) -> Field:
    """The mean sky at an elevation: clear sky and cloud mixed by the cover."""
    zenith, horizon = np.array(weather.zenith, np.float32), np.array(weather.horizon, np.float32)
    clear = zenith + np.exp(-up / 0.22)[..., None] * (horizon - zenith)
    grey = 0.45 * horizon + 0.45 * zenith
    return clear + 0.6 * conditions.cover * (grey - clear) * float(weather.sun > 0)


def _glitter(conditions: Conditions, view: View, sun: tuple[float, float, float], facing: Field) -> Field:
    """Sunlight mirrored by facets whose slope happens to fit: Gaussian slopes as measured by Cox and Munk (1954)."""
    half_x, half_y, half_z = sun[0] - view.x, sun[1] - view.y, sun[2] - np.minimum(view.z, -0.002)
    need_x, need_y = -half_x / half_z, -half_y / half_z
    variance = view.rough + _SUN_BROADENING
    miss = (view.slope_x - need_x) ** 2 + (view.slope_y - need_y) ** 2
    chance = np.exp(-0.5 * miss / variance) / (2 * math.pi * variance)
    twinkle = -np.log(1e-4 + 0.9999 * _speckle(view, conditions))
    near = 1 / (1 + view.distance / 150)
    return np.asarray(0.022 * chance / (facing + 0.12) * (1 + near * (twinkle**1.6 - 1)), np.float32)


def _speckle(view: View, conditions: Conditions) -> Field:
    """White noise in place and time, H x W."""
    height, width = view.z.shape
    start = int(1e4 * (view.heading + conditions.place[0])) % fields.SIDE
    down = (np.arange(height, dtype=np.int64) + start) % fields.SIDE
    across = (np.arange(width, dtype=np.int64) + 7 * start) % fields.SIDE
    return fields.grain()[down[:, None], across[None, :]]


def _foamed(sea: Field, weather: Weather, conditions: Conditions, view: View) -> Field:
    """Whitecaps on the highest crests from about 5 m/s of wind on."""
    strength = min(max((conditions.wind - 4.5) / 8, 0.0), 1.0)
    if not strength:
        return sea
    torn = fields.sample(
        fields.clouds(),
        (view.x * view.distance + conditions.place[0]) / 9,
        (view.y * view.distance + conditions.place[1]) / 9,
    )
    caps = np.clip((view.crest + 0.9 * (torn - 0.5) - (2.3 - 0.75 * strength)) / 0.35, 0, 1)
    white = (
        0.5 * np.array(weather.horizon, np.float32) + 0.35 * np.array(weather.zenith, np.float32) + 0.35 * weather.sun
    )
    return sea + (0.85 * caps)[..., None] * (white - sea)


def _with_layer(scene: Field, layer: Layer, weather: Weather, conditions: Conditions) -> Field:
    """A painted vessel or coast, lit by the day and dimmed by the air before it."""
    light = 0.40 * np.array(weather.horizon, np.float32) + 0.20 * np.array(weather.zenith, np.float32)
    behind_us = 0.5 - 0.5 * math.cos(conditions.sun_bearing)  # a sun ahead leaves only silhouettes
    light = light + (0.05 + 0.5 * behind_us) * weather.sun * _sun_colour(conditions)
    haze = 1 - math.exp(-layer.distance / conditions.visibility)
    air = np.array(weather.horizon, np.float32)
    below = layer.part_of(scene)
    seen = layer.paint[..., :3] * light * (1 - haze) + layer.cover[..., None] * air * haze
    below[:] = below * (1 - layer.cover[..., None]) + seen
    return scene
