"""Parameters from (seed, epoch, position) alone, so that a sample is the same whoever computes it, and whenever."""

from __future__ import annotations

import numpy as np

from unetkit.augmentation.parameters import Parameters
from unetkit.augmentation.ranges import Ranges

HUE_SHARE = 0.5
"""Share of samples whose hue is turned, where it may be."""
MOVED_SHARE = 0.65
"""Share of samples that are turned, scaled, shifted or cropped. The others keep their own edges: a network that has
only seen edges filled with grey bends what it draws there."""
NOISE_SHARE = 0.5
"""Share of samples with noise; the same for a fixed pattern."""

_WORD = (1 << 64) - 1
_STREAM = 0x756E65746B6974  # sets these draws apart from other users of the same seed


def draw(ranges: Ranges, key: tuple[int, int, int]) -> Parameters:
    """The parameters of one sample.

    Args:
        ranges: how far each change may go.
        key: (seed, epoch, place of the sample in the order of that epoch), integers from 0. Equal keys and ranges give
            equal parameters on every machine. Changing one range changes no other parameter.
    """
    value = _Uniforms(key)
    moved = value.happens(34, MOVED_SHARE)
    return Parameters(
        rotation=value.about_zero(0, ranges.rotation) if moved else 0.0,
        roll=value.about_zero(1, ranges.roll) if moved else 0.0,
        scale=value.factor(2, ranges.scale) if moved else 1.0,
        shift_x=value.about_zero(3, ranges.shift) if moved else 0.0,
        shift_y=value.about_zero(4, ranges.shift) if moved else 0.0,
        flip_horizontal=value.happens(5, ranges.flip_horizontal),
        flip_vertical=value.happens(6, ranges.flip_vertical),
        crop=value.between(7, 0, ranges.crop) if moved else 0.0,
        crop_x=value.about_zero(8, 1),
        crop_y=value.about_zero(9, 1),
        brightness=value.about_zero(10, ranges.brightness),
        contrast=value.factor(11, ranges.contrast),
        gamma=value.factor(12, ranges.gamma),
        hue=value.about_zero(13, ranges.hue) if value.happens(14, HUE_SHARE) else 0.0,
        blur=value.between(15, 0.4, 1.5) if value.happens(16, ranges.blur) else 0.0,
        noise=value.between(17, 0, ranges.noise) if value.happens(18, NOISE_SHARE) else 0.0,
        fixed_pattern=value.between(19, 0, ranges.fixed_pattern) if value.happens(20, NOISE_SHARE) else 0.0,
        grain=int(value.between(21, 0, 1 << 30)),
        glare=value.between(22, 0.4, 0.95) if value.happens(23, ranges.glare) else 0.0,
        glare_x=value.between(24, 0, 1),
        glare_y=value.between(25, 0, 0.7),
        glare_radius=value.between(26, 0.05, 0.3),
        fog=value.between(27, 0.2, 0.85) if value.happens(28, ranges.fog) else 0.0,
        fog_level=value.between(29, 0.6, 0.9),
        fog_height=value.between(30, 0.3, 0.55),
        rain=value.between(31, 0.2, 0.6) if value.happens(32, ranges.rain) else 0.0,
        rain_angle=value.about_zero(33, 25),
    )


_COUNT = 35


class _Uniforms:
    """Numbers of [0, 1), one for each purpose, from Philox, a generator whose state is only a key and a counter."""

    def __init__(self, key: tuple[int, int, int]) -> None:
        seed, epoch, position = (number & _WORD for number in key)
        words = np.array([0, position, epoch, 0], np.uint64)
        generator = np.random.Philox(key=np.array([seed, _STREAM], np.uint64), counter=words)
        self._values = np.random.Generator(generator).random(_COUNT).tolist()

    def between(self, purpose: int, low: float, high: float) -> float:
        return low + (high - low) * self._values[purpose]

    def about_zero(self, purpose: int, largest: float) -> float:
        return self.between(purpose, -largest, largest)

    def factor(self, purpose: int, largest: float) -> float:
        """Between 1 / (1 + largest) and 1 + largest, growing as likely as shrinking."""
        return float((1 + largest) ** self.about_zero(purpose, 1))

    def happens(self, purpose: int, probability: float) -> bool:
        return self._values[purpose] < probability
