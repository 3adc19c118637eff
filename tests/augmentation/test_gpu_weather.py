"""The veils made on the device, many at once, are those that NumPy makes one by one."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from unetkit.augmentation import Parameters
from unetkit.augmentation.gpu_noise import drops_on, normal_on, patterns_on
from unetkit.augmentation.gpu_weather import veils
from unetkit.augmentation.noise import LENGTH, drops, normal_from, pattern
from unetkit.augmentation.weather import veil

CPU = torch.device("cpu")
CLEAR = Parameters(grain=17)
FOGGY = Parameters(fog=0.8, fog_height=0.35, fog_level=0.7, rotation=8, scale=1.2, shift_y=0.1)
KNOWN = Parameters(fog=0.5, horizon=(7.0, -9.0), roll=-12, flip_horizontal=True)
GLARING = Parameters(glare=0.9, glare_x=0.2, glare_y=0.3, glare_radius=0.1, grain=5_000)
RAINY = Parameters(rain=0.6, rain_angle=-23, grain=LENGTH - 100)
ALL = Parameters(fog=0.4, glare=0.5, rain=0.3, rain_angle=11, grain=123_456_789)


@pytest.mark.parametrize("size", [(60, 80), (97, 33), (1, 5)])
@pytest.mark.parametrize("together", [[FOGGY], [KNOWN, FOGGY], [GLARING], [RAINY], [ALL, RAINY, GLARING, KNOWN]])
def test_they_are_the_same_whoever_is_in_the_batch(together: list[Parameters], size: tuple[int, int]) -> None:
    gain, light = veils(together, *size, CPU)
    for number, parameters in enumerate(together):
        found = veil(parameters, *size)
        assert found is not None
        np.testing.assert_allclose(gain[number, 0].numpy(), found[0], atol=1e-5)
        np.testing.assert_allclose(light[number, 0].numpy(), found[1], atol=1e-5)


def test_clear_air_beside_other_weather_changes_nothing() -> None:
    gain, light = veils([CLEAR, ALL], 20, 30, CPU)
    assert (gain[0] == 1).all()
    assert (light[0] == 0).all()


def test_the_numbers_of_noise_pattern_and_rain_are_those_of_the_table() -> None:
    several = [dataclasses.replace(CLEAR, grain=grain) for grain in (0, 999, LENGTH - 7, 2**29)]
    patterns, rain = patterns_on(CPU, several, 12, 9), drops_on(CPU, several, 12, 9)
    for number, parameters in enumerate(several):
        np.testing.assert_allclose(patterns[number, 0].numpy(), pattern(parameters, 12, 9), atol=1e-6)
        assert (rain[number, 0].numpy() == drops(parameters, 12, 9)).all()
        grains = normal_on(CPU, parameters.grain, (12, 9, 3))
        assert (grains.numpy() == normal_from(parameters.grain, (12, 9, 3))).all()
