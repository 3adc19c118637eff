"""Normalisation measured from training images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unetkit.data.decode import read_image
from unetkit.data.normalise import METHODS, Normalisation, measure_normalisation
from unetkit.errors import ConfigError, DataError

RNG = np.random.default_rng(0)
WIDE = [RNG.integers(0, 256, (9, 11, 3)).astype(np.uint8) for _ in range(5)]
NARROW = [RNG.integers(74, 205, (30, 40, 1)).astype(np.uint8) for _ in range(5)]


def test_train_is_mean_and_deviation_of_all_pixels() -> None:
    pixels = np.concatenate([image.reshape(-1, 3) for image in WIDE]).astype(float)
    measured = measure_normalisation(WIDE, "train")
    np.testing.assert_allclose(measured.offset, pixels.mean(axis=0))
    np.testing.assert_allclose(measured.scale, pixels.std(axis=0))


def test_what_was_measured_becomes_zero_mean_and_unit_deviation() -> None:
    measured = measure_normalisation(WIDE, "train")
    applied = np.concatenate([measured.apply(image).reshape(-1, 3) for image in WIDE])
    np.testing.assert_allclose(applied.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(applied.std(axis=0), 1, atol=1e-5)


def test_percentiles_become_minus_one_and_one() -> None:
    measured = measure_normalisation(NARROW, "percentile")
    pixels = np.concatenate([image.ravel() for image in NARROW])
    low, high = np.percentile(pixels, [1, 99], method="inverted_cdf")
    ends = np.array([low, high]).reshape(1, 2, 1).astype(np.uint8)
    np.testing.assert_allclose(measured.apply(ends).ravel(), [-1, 1], atol=1e-6)


def test_unit_is_from_zero_to_one() -> None:
    assert measure_normalisation(WIDE, "unit") == Normalisation("unit", (0.0,) * 3, (255.0,) * 3)


def test_imagenet_has_one_value_for_grey_and_follows_the_depth() -> None:
    grey = measure_normalisation([np.zeros((2, 2, 1), np.uint16)], "imagenet")
    assert grey.offset[0] == pytest.approx(0.449 * 65535)
    assert measure_normalisation(WIDE, "imagenet").scale[2] == pytest.approx(0.225 * 255)


@pytest.mark.parametrize(
    ("images", "method"),
    [(WIDE, "train"), (NARROW, "percentile"), ([image.astype(np.uint16) for image in WIDE], "percentile")],
    ids=["wide", "narrow", "16 bits"],
)
def test_auto_takes_percentiles_for_a_narrow_range_and_for_16_bits(images: list[np.ndarray], method: str) -> None:
    assert measure_normalisation(images).method == method


def test_padding_is_nearly_zero_for_the_network() -> None:
    measured = measure_normalisation(NARROW)
    assert np.abs(measured.apply(np.array(measured.fill, np.uint8).reshape(1, 1, 1))).max() < 0.02


def test_flat_images_do_not_divide_by_zero() -> None:
    for method in METHODS:
        assert np.isfinite(measure_normalisation([np.full((3, 3, 1), 7, np.uint8)], method).apply(NARROW[0])).all()


def test_written_as_json_it_is_the_same() -> None:
    measured = measure_normalisation(WIDE)
    assert Normalisation.from_json(measured.to_json()) == measured


def test_images_of_two_kinds_cannot_share_one() -> None:
    with pytest.raises(DataError, match="differ in channels or depth"):
        measure_normalisation([WIDE[0], NARROW[0]])


def test_nothing_to_measure_is_an_error() -> None:
    with pytest.raises(DataError, match="no image"):
        measure_normalisation([])


def test_an_unknown_method_lists_the_choices() -> None:
    with pytest.raises(ConfigError, match="'zscore'") as caught:
        measure_normalisation(WIDE, "zscore")
    assert "percentile" in caught.value.advice


@pytest.mark.parametrize(
    ("name", "images", "method"), [("ir-horizon", "images/*.png", "percentile"), ("camvid", "train/*.jpg", "train")]
)
def test_real_cameras_get_what_suits_them(
    real_data: Callable[[str], Path], name: str, images: str, method: str
) -> None:
    paths = sorted(real_data(name).glob(images))[::12]
    assert measure_normalisation(read_image(path) for path in paths).method == method
