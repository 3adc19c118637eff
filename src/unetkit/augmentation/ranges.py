"""How far each change may go, and what is usual for each task."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ranges:
    """The largest change of each kind; all zero changes nothing.

    Angles are degrees. Shares of the range are shares of the span of grey values (see `apply_cpu`).
    """

    rotation: float = 0.0
    """Largest turn of the picture, degrees, either way."""
    scale: float = 0.0
    """Largest zoom, as a factor minus one: 0.3 is from 1/1.3 to 1.3."""
    shift: float = 0.0
    """Largest shift, share of the side, either way, in each direction."""
    flip_horizontal: float = 0.0
    """Probability of a left-right flip."""
    flip_vertical: float = 0.0
    """Probability of an upside-down flip."""
    crop: float = 0.0
    """Largest share of each side cropped away; what stays fills the image."""
    brightness: float = 0.0
    """Largest change of brightness, share of the range."""
    contrast: float = 0.0
    """Largest change of contrast, as a factor minus one."""
    gamma: float = 0.0
    """Largest change of gamma, as a factor minus one."""
    hue: float = 0.0
    """Largest turn of the hue, degrees; images of three channels only."""
    blur: float = 0.0
    """Probability of a blur."""
    noise: float = 0.0
    """Largest standard deviation of noise, share of the range."""
    roll: float = 0.0
    """Largest roll of the camera, degrees: the horizon turns the other way."""
    glare: float = 0.0
    """Probability of sun glare."""
    fog: float = 0.0
    """Probability of fog."""
    rain: float = 0.0
    """Probability of rain."""
    fixed_pattern: float = 0.0
    """Largest fixed pattern (rows and columns) of an infrared sensor, standard deviation, share of the range."""

    def scaled(self, strength: float) -> Ranges:
        """One dial for all: 0 is off, 1 these ranges, 2 twice as far (up to what is meaningful)."""
        return Ranges(**{name: _scaled(name, value, strength) for name, value in dataclasses.asdict(self).items()})

    def replaced(self, values: Mapping[str, float | None]) -> Ranges:
        """These ranges with some fields given exactly; None keeps a field."""
        given = {name: value for name, value in values.items() if value is not None}
        return dataclasses.replace(self, **given)


_LARGEST = {"rotation": 180.0, "roll": 180.0, "hue": 180.0, "scale": 3.0, "crop": 0.9}
_FLIPS = ("flip_horizontal", "flip_vertical")


def _scaled(name: str, value: float, strength: float) -> float:
    # A flip is most varied at one half; beyond strength 1 it is not made more certain.
    factor = min(strength, 1.0) if name in _FLIPS else strength
    return min(value * factor, _LARGEST.get(name, 1.0))


DEFAULTS: dict[str, Ranges] = {
    # The sea and the sky: up stays up. The camera rolls, and the weather changes.
    "horizon": Ranges(
        roll=20,
        scale=0.3,
        shift=0.1,
        flip_horizontal=0.5,
        brightness=0.15,
        contrast=0.3,
        gamma=0.3,
        hue=10,
        blur=0.1,
        noise=0.03,
        glare=0.08,
        fog=0.08,
        rain=0.04,
    ),
    # The same view through an infrared sensor: no colour, no glare, but the sensor's own faults.
    "infrared": Ranges(
        roll=15,
        scale=0.3,
        shift=0.15,
        flip_horizontal=0.5,
        brightness=0.15,
        contrast=0.3,
        gamma=0.2,
        blur=0.1,
        noise=0.03,
        fixed_pattern=0.02,
    ),
    # A car's view: upright, hardly tilted.
    "street": Ranges(
        rotation=5,
        scale=0.3,
        shift=0.1,
        flip_horizontal=0.5,
        brightness=0.15,
        contrast=0.25,
        gamma=0.2,
        hue=10,
        blur=0.05,
        noise=0.02,
    ),
    # Seen from above, where no direction is special.
    "aerial": Ranges(
        rotation=180,
        scale=0.25,
        shift=0.05,
        flip_horizontal=0.5,
        flip_vertical=0.5,
        brightness=0.1,
        contrast=0.2,
        gamma=0.2,
        hue=8,
        blur=0.05,
        noise=0.02,
    ),
}
"""What is usual for a task, at strength 1."""
