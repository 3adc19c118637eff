"""One picture of the sea with its exact mask."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import Mask
from unetkit.scenes import boats, infrared, sensor, visible
from unetkit.scenes.conditions import FRAMES_PER_CLIP, WEATHERS, Conditions, conditions, numbers
from unetkit.scenes.view import View, look

Kind = Literal["visible", "infrared"]

CLASSES = ("sea", "sky")
"""Names of the class ids 0 and 1."""


def render(
    seed: int, index: int, *, height: int = 240, width: int = 320, kind: Kind = "visible"
) -> tuple[npt.NDArray[np.uint8], Mask]:
    """Picture number `index` of the endless film `seed`, and its mask.

    Ten pictures in a row are one clip: the same weather, sea and traffic, a moving camera.

    Returns:
        The image, uint8, H x W x 3 (RGB) or H x W x 1 (infrared, values about 74..204), and the mask, uint8, H x W:
        0 sea, 1 sky, cut exactly at the geometric horizon. Boats and coasts count to the side of the line they cover.
    """
    clip, frame = divmod(index, FRAMES_PER_CLIP)
    day = conditions(seed, clip)
    view = look(day, frame, height, width)
    layers = boats.layers(day, view.camera, view.heading, clip, seed)
    random = numbers(seed, clip, 100 + frame)
    shoot = _visible if kind == "visible" else _infrared
    return shoot(day, view, layers, random), view.mask


def _visible(
    day: Conditions, view: View, layers: list[boats.Layer], random: np.random.Generator
) -> npt.NDArray[np.uint8]:
    light = visible.light_of(day, view, layers)
    picture = visible.develop(light, visible.exposure_of(day, random))
    rain = WEATHERS[day.weather].rain
    if rain:
        picture = sensor.with_rain(picture, random, rain)
    picture = sensor.through_lens(picture, 0.55, 0.12)
    return sensor.digitised(sensor.with_noise(picture, random, 0.8, 2.0))


def _infrared(
    day: Conditions, view: View, layers: list[boats.Layer], random: np.random.Generator
) -> npt.NDArray[np.uint8]:
    picture = infrared.to_grey(infrared.warmth_of(day, view, layers))
    picture = sensor.through_lens(picture, 0.9, 0.05)
    picture = sensor.with_fixed_pattern(picture, random, 1.2, 0.5)
    return sensor.digitised(sensor.with_noise(picture, random, 1.6, 0.0))[..., None]
