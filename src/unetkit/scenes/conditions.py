"""What the weather, the sea and the traffic are like in one clip, and how the camera moves in it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from unetkit.scenes.camera import Camera

FRAMES_PER_CLIP = 10
SECONDS_PER_FRAME = 1.7

RGB = tuple[float, float, float]
"""Linear light; 1 is about the brightness of a sunlit cloud."""


@dataclass(frozen=True, slots=True)
class Weather:
    """The light of one kind of day."""

    zenith: RGB
    horizon: RGB
    sun: float
    """Brightness of the sun; 0 behind thick cloud."""
    cover: tuple[float, float]
    """Least and greatest share of the sky under cloud."""
    visibility: tuple[float, float]
    """Least and greatest distance in metres at which contrast has fallen to one third."""
    sun_height: tuple[float, float] = (12.0, 55.0)
    """Least and greatest elevation, degrees."""
    wind: tuple[float, float] = (2.0, 10.0)
    """Metres a second."""
    rain: float = 0.0
    """Opacity of the streaks."""


WEATHERS: dict[str, Weather] = {
    "clear": Weather((0.09, 0.20, 0.46), (0.50, 0.66, 0.84), 1.0, (0.0, 0.25), (9e3, 3e4)),
    "broken": Weather((0.13, 0.25, 0.48), (0.60, 0.69, 0.78), 0.9, (0.35, 0.65), (7e3, 2e4), wind=(4, 12)),
    "overcast": Weather((0.38, 0.42, 0.46), (0.62, 0.64, 0.66), 0.0, (0.85, 1.0), (4e3, 1e4), wind=(3, 13)),
    "dusk": Weather((0.07, 0.10, 0.22), (0.80, 0.42, 0.22), 0.7, (0.1, 0.55), (6e3, 2e4), (2.0, 9.0), (1, 7)),
    "fog": Weather((0.52, 0.55, 0.57), (0.60, 0.62, 0.63), 0.0, (0.95, 1.0), (350, 900), wind=(1, 5)),
    "rain": Weather((0.20, 0.23, 0.26), (0.36, 0.39, 0.41), 0.0, (0.9, 1.0), (1.2e3, 3e3), wind=(6, 14), rain=0.35),
}

_SHARES = {"clear": 0.27, "broken": 0.25, "overcast": 0.18, "dusk": 0.14, "fog": 0.08, "rain": 0.08}


@dataclass(frozen=True, slots=True)
class Boat:
    """One vessel: its kind (a row of `boats.KINDS`) and where it is."""

    kind: str
    length: float
    """Metres."""
    distance: float
    """Metres."""
    bearing: float
    """Radians to the right of the clip's mean heading."""
    squeeze: float
    """What its heading leaves of its length; negative when it goes left."""
    paint: RGB


@dataclass(frozen=True, slots=True)
class Conditions:
    """All that the frames of one clip have in common."""

    weather: str
    sun_bearing: float
    sun_elevation: float
    wind: float
    wind_bearing: float
    visibility: float
    cover: float
    water: RGB
    boats: tuple[Boat, ...]
    coast: float
    """Height of a far coast in metres; 0 is none."""
    above_sea: float
    field_of_view: float
    warm_sea: float
    """Infrared: how much warmer the sea is than the sky at the horizon, -1..1."""
    place: tuple[float, float]
    """Metres: where in the endless wave and cloud fields the clip lies."""
    swing: tuple[tuple[float, float, float, float], ...]
    """Roll, pitch and heading, each: mean, amplitude (radians), period (seconds), phase (radians)."""


def numbers(seed: int, clip: int, stream: int = 0) -> np.random.Generator:
    """The random numbers of one clip (or frame): Philox keyed by the seed, its counter set apart by clip and stream."""
    key = np.array([seed & ((1 << 64) - 1), 0x7363656E6573], np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=np.array([0, clip, stream, 0], np.uint64)))


def conditions(seed: int, clip: int) -> Conditions:
    """The conditions of a clip, from (seed, clip) alone."""
    random = numbers(seed, clip)
    name = str(random.choice(list(_SHARES), p=list(_SHARES.values())))
    weather = WEATHERS[name]
    return Conditions(
        weather=name,
        sun_bearing=float(random.normal(0, 0.45) if random.random() < 0.6 else random.uniform(-math.pi, math.pi)),
        sun_elevation=math.radians(random.uniform(*weather.sun_height)),
        wind=float(random.uniform(*weather.wind)),
        wind_bearing=float(random.uniform(-math.pi, math.pi)),
        visibility=_between_logs(random, *weather.visibility),
        cover=float(random.uniform(*weather.cover)),
        water=_water(random),
        boats=tuple(_boat(random) for _ in range(random.choice([0, 1, 2, 3, 4], p=[0.2, 0.3, 0.25, 0.15, 0.1]))),
        coast=float(random.uniform(60, 260)) if random.random() < 0.15 else 0.0,
        above_sea=_between_logs(random, 2.5, 22),
        field_of_view=math.radians(random.uniform(42, 68)),
        warm_sea=float(random.choice([-1, 1], p=[0.3, 0.7]) * random.uniform(0.35, 1.0)),
        place=(float(random.uniform(0, 5e3)), float(random.uniform(0, 5e3))),
        swing=_swing(random),
    )


def camera(conditions: Conditions, frame: int, height: int, width: int) -> tuple[Camera, float]:
    """The camera in one frame of the clip, and its heading in radians against the clip's mean."""
    time = frame * SECONDS_PER_FRAME
    roll, pitch, heading = (
        mean + amplitude * math.sin(2 * math.pi * time / period + phase)
        for mean, amplitude, period, phase in conditions.swing
    )
    focal = 0.5 * width / math.tan(conditions.field_of_view / 2)
    limit = math.atan(0.38 * height / focal)  # the horizon stays in the picture
    pitch = min(max(pitch, -limit), limit)
    return Camera(height, width, focal, conditions.above_sea, roll, pitch), heading


def _between_logs(random: np.random.Generator, low: float, high: float) -> float:
    """Each doubling is equally likely."""
    return math.exp(random.uniform(math.log(low), math.log(high)))


def _water(random: np.random.Generator) -> RGB:
    blue, green, grey = (
        np.array([0.010, 0.045, 0.085]),
        np.array([0.018, 0.075, 0.070]),
        np.array([0.045, 0.060, 0.065]),
    )
    shares = random.dirichlet([1.2, 0.8, 0.8])
    red_, green_, blue_ = (shares[0] * blue + shares[1] * green + shares[2] * grey).tolist()
    return red_, green_, blue_


def _swing(random: np.random.Generator) -> tuple[tuple[float, float, float, float], ...]:
    means = (random.normal(0, 5), random.normal(0, 4.5), 0.0)
    amplitudes = (random.uniform(1, 11), random.uniform(0.5, 4), random.uniform(0, 4))
    periods = (random.uniform(6, 13), random.uniform(4, 9), random.uniform(15, 40))
    return tuple(
        (math.radians(mean), math.radians(amplitude), float(period), float(random.uniform(0, 2 * math.pi)))
        for mean, amplitude, period in zip(means, amplitudes, periods, strict=True)
    )


_FLEET = {
    "motor": (7, 16, 90, 500),
    "sail": (8, 15, 120, 900),
    "freighter": (90, 220, 900, 5000),
    "ferry": (50, 150, 700, 4000),
}
_PAINTS: tuple[RGB, ...] = (
    (0.75, 0.75, 0.72),
    (0.03, 0.05, 0.12),
    (0.30, 0.05, 0.04),
    (0.03, 0.03, 0.035),
    (0.04, 0.12, 0.10),
    (0.30, 0.12, 0.02),
)


def _boat(random: np.random.Generator) -> Boat:
    kind = str(random.choice(list(_FLEET), p=[0.3, 0.3, 0.25, 0.15]))
    shortest, longest, near, far = _FLEET[kind]
    return Boat(
        kind=kind,
        length=float(random.uniform(shortest, longest)),
        distance=_between_logs(random, near, far),
        bearing=math.radians(random.uniform(-28, 28)),
        squeeze=float(random.choice([-1, 1]) * random.uniform(0.35, 1.0)),
        paint=_PAINTS[int(random.integers(len(_PAINTS)))],
    )
