"""Geometry of images and masks, against NumPy's and SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from unetkit.augmentation import DEFAULTS, Parameters, Ranges, apply_cpu, draw
from unetkit.augmentation.geometry import source_from_result

RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.integers(0, 256, (24, 32, 3), np.uint8)
MASK = RANDOM.integers(0, 5, (24, 32), np.uint8)
FILL = (10, 20, 30)


def test_no_change_gives_back_the_same_pixels() -> None:
    image, mask = apply_cpu(IMAGE, MASK, Parameters(), FILL)

    np.testing.assert_array_equal(image, IMAGE)
    np.testing.assert_array_equal(mask, MASK)


def test_flips_are_exact() -> None:
    image, mask = apply_cpu(IMAGE, MASK, Parameters(flip_horizontal=True, flip_vertical=True), FILL)

    np.testing.assert_array_equal(image, IMAGE[::-1, ::-1])
    np.testing.assert_array_equal(mask, MASK[::-1, ::-1])


def test_a_positive_rotation_is_clockwise_and_a_positive_roll_turns_the_picture_back() -> None:
    square = MASK[:24, :24]
    turned = apply_cpu(IMAGE[:, :24], square, Parameters(rotation=90), FILL)[1]
    rolled = apply_cpu(IMAGE[:, :24], square, Parameters(roll=90), FILL)[1]

    np.testing.assert_array_equal(turned, np.rot90(square, -1))
    np.testing.assert_array_equal(rolled, np.rot90(square))


def test_a_shift_brings_in_fill_and_ignore() -> None:
    image, mask = apply_cpu(IMAGE, MASK, Parameters(shift_x=0.25, shift_y=-0.5), FILL)

    np.testing.assert_array_equal(mask[:12, 8:], MASK[12:, :-8])
    np.testing.assert_array_equal(image[:12, 8:], IMAGE[12:, :-8])
    assert (mask[12:] == 255).all()
    assert (image[:, :8] == FILL).all()


def test_ignore_in_a_16_bit_mask_is_65535() -> None:
    mask = apply_cpu(IMAGE, MASK.astype(np.uint16), Parameters(shift_x=0.5), FILL)[1]

    assert (mask[:, :16] == 65535).all()
    assert mask.dtype == np.uint16


def test_a_crop_of_one_half_in_the_corner_shows_that_quarter() -> None:
    corners = source_from_result(Parameters(crop=0.5, crop_x=-1, crop_y=1), 24, 32) @ [
        [-0.5, 31.5],
        [-0.5, 23.5],
        [1, 1],
    ]

    np.testing.assert_allclose(corners, [[-0.5, 15.5], [11.5, 23.5]])


@given(st.integers(0, 10_000), st.sampled_from(sorted(DEFAULTS)))
def test_a_mask_never_gets_a_value_that_was_not_there(position: int, task: str) -> None:
    mask = apply_cpu(IMAGE, MASK, draw(DEFAULTS[task].scaled(2), (0, 0, position)), FILL)[1]

    assert set(np.unique(mask)) <= {0, 1, 2, 3, 4, 255}


@pytest.mark.parametrize("position", range(4))
def test_bilinear_resampling_is_as_scipy_does_it(position: int) -> None:
    p = draw(Ranges(rotation=180, scale=0.3, shift=0.1, crop=0.3, flip_horizontal=0.5), (0, 0, position))
    to_source = source_from_result(p, 24, 32)
    x, y = np.meshgrid(np.arange(32), np.arange(24))
    left, top = np.einsum("ij,jhw->ihw", to_source, np.stack([x, y, np.ones_like(x)]))
    theirs = ndimage.map_coordinates(SMOOTH[..., 0].astype(float), [top, left], order=1)
    inside = (left >= 0) & (left <= 31) & (top >= 0) & (top <= 23)

    ours = apply_cpu(SMOOTH, MASK, p, (50,))[0][..., 0]
    assert np.abs(ours - theirs)[inside].max() <= 1.0  # rounding, and coordinates in 1/32 pixel in some OpenCV


SMOOTH = (ndimage.gaussian_filter(RANDOM.random((24, 32)), 2) * 255).astype(np.uint8)[..., None]


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 9])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_any_number_of_channels_is_moved_alike(channels: int, dtype: type[np.uint8] | type[np.uint16]) -> None:
    image = RANDOM.integers(0, 200, (24, 32, channels)).astype(dtype)
    p = Parameters(rotation=30, scale=1.3)
    together = apply_cpu(image, MASK, p, range(channels))[0]
    alone = apply_cpu(image[..., -1:], MASK, p, (channels - 1,))[0]

    assert together.shape == image.shape
    assert together.dtype == dtype
    # White noise of 200 levels, and coordinates that OpenCV keeps in 1/32 pixel for some numbers of channels.
    assert np.abs(together[..., -1:].astype(int) - alone).max() <= 2 * 200 / 64 + 1


@pytest.mark.parametrize("channels", [1, 2, 4, 5])
def test_all_steps_but_hue_work_on_any_number_of_channels(channels: int) -> None:
    image = RANDOM.integers(0, 200, (24, 32, channels), np.uint8)
    p = Parameters(brightness=0.1, hue=20, noise=0.01, fixed_pattern=0.01, blur=0.8, fog=0.3, glare=0.3, rain=0.3)

    assert apply_cpu(image, MASK, p, range(channels))[0].shape == image.shape


def test_an_image_of_one_pixel_survives_everything() -> None:
    for position in range(20):
        p = draw(DEFAULTS["horizon"].replaced({"fog": 1, "glare": 1, "rain": 1, "blur": 1}), (0, 0, position))
        image, mask = apply_cpu(IMAGE[:1, :1], MASK[:1, :1], p, FILL)
        assert image.shape == (1, 1, 3)
        assert mask.shape == (1, 1)


def test_the_source_is_not_changed() -> None:
    image, mask = IMAGE.copy(), MASK.copy()
    for position in range(20):
        apply_cpu(image, mask, draw(DEFAULTS["horizon"].scaled(2), (0, 0, position)), FILL)

    np.testing.assert_array_equal(image, IMAGE)
    np.testing.assert_array_equal(mask, MASK)
