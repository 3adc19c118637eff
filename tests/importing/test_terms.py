"""What the weights do not say: asked for with a flag, and held against what they do say."""

from __future__ import annotations

import numpy as np
import pytest

from unetkit.data.resize import Fit
from unetkit.errors import ConfigError
from unetkit.importing.terms import channels_of, classes_of, normalisation_of, size_of


def test_classes_without_names_are_numbered() -> None:
    assert classes_of(None, 3).names == ("class 0", "class 1", "class 2")
    assert classes_of(None, 1).names == ("class 0", "class 1")


def test_one_logit_speaks_for_the_second_class() -> None:
    table = classes_of("0=sky,255=sea", 1)
    assert table.id_of("sea") == 1


@pytest.mark.parametrize(("text", "outputs"), [("0=a,1=b,2=c", 1), ("0=a,1=b", 3), ("camvid", 2)])
def test_more_or_fewer_names_than_scores_are_refused(text: str, outputs: int) -> None:
    with pytest.raises(ConfigError, match="are named"):
        classes_of(text, outputs)


def test_channels_come_from_the_weights() -> None:
    assert channels_of(None, 4) == channels_of(4, 4) == 4
    with pytest.raises(ConfigError, match="takes 4 channels, not 3"):
        channels_of(3, 4)


@pytest.mark.parametrize(
    ("name", "pixel", "mapped"),
    [("unit", 255, 1.0), ("unit", 0, 0.0), ("none", 200, 200.0), ("symmetric", 0, -1.0), ("symmetric", 255, 1.0)],
)
def test_pixels_are_mapped_as_the_name_says(name: str, pixel: int, mapped: float) -> None:
    image = np.full((1, 1, 2), pixel, np.uint8)
    assert normalisation_of(name, 2).apply(image).tolist() == [[[pytest.approx(mapped)] * 2]]


def test_imagenet_is_that_of_its_encoders() -> None:
    mapped = normalisation_of("imagenet", 3).apply(np.array([[[124, 116, 104]]], np.uint8))
    expected = (np.array([124, 116, 104]) / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(mapped[0, 0], expected, atol=1e-6)


def test_the_size_that_is_said_counts_before_that_of_the_file() -> None:
    assert size_of("fit:32x64", (96, 128), 16) == Fit(32, 64)
    assert size_of(None, (96, 128), 16) == Fit(96, 128)


@pytest.mark.parametrize("text", ["256", "32x64", "fit:32", "fit:0x16", "fit:16x99999", "auto", ""])
def test_no_size_is_refused_with_one_that_would_do(text: str) -> None:
    with pytest.raises(ConfigError, match="no working size") as caught:
        size_of(text, None, 16)
    assert caught.value.advice.startswith("--size fit:")


def test_a_size_that_nobody_says_is_asked_for() -> None:
    with pytest.raises(ConfigError, match="do not say the size"):
        size_of(None, None, 16)


@pytest.mark.parametrize(
    ("text", "near"), [("fit:100x100", "fit:96x96"), ("fit:9x16", "fit:16x16"), ("fit:640x959", "fit:640x960")]
)
def test_a_size_with_a_remainder_is_refused_with_the_nearest_without(text: str, near: str) -> None:
    with pytest.raises(ConfigError, match="without a remainder") as caught:
        size_of(text, None, 16)
    assert caught.value.advice == f"--size {near}"
