"""Colour, noise and weather on integer images."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from unetkit.augmentation import Parameters, apply_cpu
from unetkit.data.arrays import Image

GREY = np.full((64, 80, 3), 100, np.uint8)
MASK = np.zeros((64, 80), np.uint8)
RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)


def _changed(image: Image, parameters: Parameters, span: tuple[float, float] | None = None) -> Image:
    mask = np.zeros(image.shape[:2], np.uint8)
    changed, same = apply_cpu(image, mask, parameters, [0] * image.shape[2], span)
    assert not same.any()
    return changed


def test_brightness_adds_a_share_of_the_range() -> None:
    np.testing.assert_array_equal(_changed(GREY, Parameters(brightness=0.2)), GREY + 51)


def test_contrast_turns_about_the_middle() -> None:
    expected = np.clip(np.rint((RAMP / 255 - 0.5) * 1.5 * 255 + 127.5), 0, 255)

    np.testing.assert_array_equal(_changed(RAMP, Parameters(contrast=1.5)), expected)


def test_gamma_is_a_power_of_the_share() -> None:
    np.testing.assert_array_equal(_changed(RAMP, Parameters(gamma=2.2)), np.rint(255 * (RAMP / 255) ** 2.2))


def test_16_bits_are_changed_in_their_own_range() -> None:
    image = RAMP.astype(np.uint16) * 257

    np.testing.assert_allclose(_changed(image, Parameters(gamma=0.7)), 65535 * (image / 65535) ** 0.7, atol=0.51)


def test_a_narrow_span_makes_the_same_change_smaller() -> None:
    image = np.full((4, 4, 1), 20_300, np.uint16)

    assert (_changed(image, Parameters(brightness=0.1), span=(20_000, 21_000)) == 20_400).all()


def test_a_hue_turned_by_120_degrees_moves_red_to_green() -> None:
    red = np.zeros((2, 2, 3), np.uint8)
    red[..., 0] = 200

    np.testing.assert_array_equal(_changed(red, Parameters(hue=120))[0, 0], [0, 200, 0])


def test_greys_and_images_of_other_channels_have_no_hue() -> None:
    np.testing.assert_array_equal(_changed(GREY, Parameters(hue=77)), GREY)
    np.testing.assert_array_equal(_changed(RAMP, Parameters(hue=77)), RAMP)


def test_a_blur_is_a_gaussian() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 40, 1), np.uint8)
    expected = ndimage.gaussian_filter(image[..., 0].astype(float), 1.2, mode="nearest", radius=4)

    np.testing.assert_allclose(
        _changed(image, Parameters(blur=1.2))[..., 0], expected, atol=1.5
    )  # OpenCV's kernel is fixed-point


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_noise_has_the_deviation_asked_for_and_no_bias(dtype: type[np.uint8] | type[np.uint16]) -> None:
    top = np.iinfo(dtype).max
    noise = _changed(np.full((64, 80, 3), top // 2, dtype), Parameters(noise=0.05, grain=99)) / top - 0.5

    assert noise.std() == pytest.approx(0.05, rel=0.03)
    assert abs(noise.mean()) < 0.003


def test_noise_is_the_same_again_and_elsewhere_when_the_grain_differs() -> None:
    noisy = _changed(GREY, Parameters(noise=0.05, grain=7))

    np.testing.assert_array_equal(noisy, _changed(GREY, Parameters(noise=0.05, grain=7)))
    assert (noisy != _changed(GREY, Parameters(noise=0.05, grain=8000))).mean() > 0.5


def test_noise_goes_on_at_the_end_of_its_table() -> None:
    assert _changed(GREY, Parameters(noise=0.05, grain=(1 << 20) - 5)).std() > 5


def test_a_fixed_pattern_is_made_of_rows_and_columns() -> None:
    pattern = _changed(GREY[..., :1], Parameters(fixed_pattern=0.08))[..., 0].astype(float)
    rows, columns = pattern.mean(1, keepdims=True), pattern.mean(0, keepdims=True)

    np.testing.assert_allclose(pattern, rows + columns - pattern.mean(), atol=1.5)
    assert columns.std() > rows.std()


def test_fog_is_densest_at_the_horizon_and_follows_it_when_the_image_is_turned() -> None:
    fog = Parameters(fog=0.6, fog_level=1.0, horizon=(0.0, 10.0))  # ten pixels below the centre, between rows 41 and 42
    turned = dataclasses.replace(fog, flip_vertical=True)
    black = np.zeros((64, 80, 1), np.uint16)

    assert set(np.argsort(_changed(black, fog)[:, 40, 0])[-2:]) == {41, 42}
    assert set(np.argsort(_changed(black, turned)[:, 40, 0])[-2:]) == {21, 22}


def test_glare_is_brightest_where_its_centre_is() -> None:
    bright = _changed(GREY, Parameters(glare=0.9, glare_x=0.25, glare_y=0.5, glare_radius=0.1))[..., 0]

    assert np.unravel_index(bright.argmax(), bright.shape) == (32, 20)
    assert bright[32, 20] > 200
    assert bright[:, 70:].mean() < 130


def test_rain_only_brightens_a_dark_image_and_leaves_most_of_it_visible() -> None:
    image = np.random.default_rng(0).integers(0, 100, (240, 320, 1), np.uint8)
    rainy = _changed(image, Parameters(rain=0.5, rain_angle=15))

    assert (rainy + 1 > image).all()
    assert np.corrcoef(rainy.ravel(), image.ravel())[0, 1] > 0.5


def test_every_single_step_is_replayed_from_its_json() -> None:
    everything = Parameters(
        rotation=5,
        scale=1.1,
        brightness=0.1,
        gamma=1.2,
        hue=9,
        blur=0.7,
        noise=0.03,
        grain=5,
        fog=0.3,
        glare=0.5,
        rain=0.4,
    )
    for field in dataclasses.fields(Parameters):
        p = dataclasses.replace(Parameters(), **{field.name: getattr(everything, field.name)})
        again = Parameters.from_json(p.to_json())
        np.testing.assert_array_equal(_replayed(p), _replayed(again))


def _replayed(parameters: Parameters) -> Image:
    return apply_cpu(GREY, MASK, parameters, (0, 0, 0))[0]


def test_weather_on_a_narrow_span_fades_to_a_grey_within_the_span() -> None:
    image = np.full((8, 8, 1), 20_300, np.uint16)
    foggy = _changed(image, Parameters(fog=1.0, fog_level=0.6, horizon=(0.0, 0.5)), span=(20_000, 21_000))

    assert foggy[4, 4, 0] == 20_600


def test_two_veils_are_laid_one_over_the_other() -> None:
    black = np.zeros((64, 80, 1), np.uint16)
    fog, glare = Parameters(fog=0.5, fog_level=0.7), Parameters(glare=0.6, glare_x=0.4, glare_y=0.4)
    both = dataclasses.replace(glare, fog=0.5, fog_level=0.7)
    first = _changed(black, fog)

    np.testing.assert_allclose(_changed(black, both), _changed(first, glare), atol=2)
