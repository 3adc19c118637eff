"""The numbers of one augmented sample: drawn once, written down, applied anywhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parameters:
    """What is done to one image and its mask, in this order; `Parameters()` changes nothing.

    1. geometry, one affine map: crop, flips, scale, turn, shift;
    2. weather: fog, glare, rain; 3. blur; 4. hue; 5. gamma, contrast, brightness; 6. noise and fixed pattern.
    """

    rotation: float = 0.0
    """Degrees; positive turns the picture clockwise."""
    roll: float = 0.0
    """Degrees; positive is the camera's right side down, which turns the picture anticlockwise."""
    scale: float = 1.0
    shift_x: float = 0.0
    """Share of the width, positive to the right."""
    shift_y: float = 0.0
    """Share of the height, positive downwards."""
    flip_horizontal: bool = False
    flip_vertical: bool = False
    crop: float = 0.0
    """Share of each side cropped away."""
    crop_x: float = 0.0
    """Where the crop lies: -1 is at the left edge, 1 at the right."""
    crop_y: float = 0.0
    brightness: float = 0.0
    """Added, share of the range."""
    contrast: float = 1.0
    """Factor about the middle of the range."""
    gamma: float = 1.0
    """Exponent."""
    hue: float = 0.0
    """Degrees about the grey axis of the RGB cube."""
    blur: float = 0.0
    """Standard deviation of a Gaussian, pixels."""
    noise: float = 0.0
    """Standard deviation, share of the range."""
    fixed_pattern: float = 0.0
    """Standard deviation, share of the range."""
    grain: int = 0
    """Where in the noise table this sample's noise, pattern and rain begin."""
    glare: float = 0.0
    """Opacity at the glare's centre."""
    glare_x: float = 0.5
    """Centre of the glare, share of the width."""
    glare_y: float = 0.5
    glare_radius: float = 0.2
    """Share of the image's diagonal."""
    fog: float = 0.0
    """Opacity at the horizon."""
    fog_level: float = 0.8
    """Brightness of the fog, share of the range."""
    fog_height: float = 0.4
    """Where the horizon is taken to be in the source image when `horizon` is not known, share of the height."""
    rain: float = 0.0
    """Opacity of the streaks."""
    rain_angle: float = 0.0
    """Degrees from the vertical."""
    horizon: tuple[float, float] | None = None
    """The source image's horizon where known: angle in degrees, offset in pixels (words of the horizon room)."""

    def to_json(self) -> dict[str, float | list[float] | None]:
        """Plain values, for replay; a number for each field, the horizon two or none."""
        values = dataclasses.asdict(self)
        return {**values, "horizon": None if self.horizon is None else list(self.horizon)}

    @staticmethod
    def from_json(values: Mapping[str, float | Sequence[float] | None]) -> Parameters:
        """The parameters that `to_json` wrote, bit for bit; a field that is absent changes nothing."""
        plain: dict[str, float] = {}
        horizon: tuple[float, float] | None = None
        for name, value in values.items():
            if isinstance(value, Sequence):
                horizon = (value[0], value[1])
            elif value is not None:
                plain[name] = value
        return Parameters(**plain, horizon=horizon)  # pyright: ignore[reportArgumentType]
