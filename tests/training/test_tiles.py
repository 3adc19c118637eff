"""Sheets of a run show what they say, and all of them draw it with the same function."""

from __future__ import annotations

import numpy as np
import pytest

from unetkit.drawing import RGB
from unetkit.training import examples, figures
from unetkit.training.examples import RIGHT, UNSCORED, WRONG, errors
from unetkit.training.tiles import tiles

COLOURS = np.array([[0, 0, 255], [255, 255, 0]], np.uint8)
TRUTH = np.array([[0, 1], [255, 1]], np.uint8)
PREDICTED = np.array([[0, 0], [0, 1]], np.uint8)


def test_image_truth_and_prediction_stand_in_this_order() -> None:
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    captions, pictures = zip(*tiles("a.png", image, TRUTH, PREDICTED, COLOURS), strict=True)
    assert captions == ("a.png", "truth", "prediction")
    assert np.array_equal(pictures[0], image)
    assert colours(pictures[1]) == [(0, 0, 255), (255, 255, 0), (0, 0, 0), (255, 255, 0)]
    assert colours(pictures[2]) == [(0, 0, 255), (0, 0, 255), (0, 0, 255), (255, 255, 0)]


def test_errors_are_orange_and_what_is_ignored_is_grey() -> None:
    assert colours(errors(TRUTH, PREDICTED)) == [RIGHT, WRONG, UNSCORED, RIGHT]


@pytest.mark.parametrize("module", [examples, figures])
def test_nobody_else_paints_masks(module: object) -> None:
    assert vars(module)["tiles"] is tiles
    assert not {"colourise", "to_rgb8"} & set(vars(module))


def colours(picture: RGB) -> list[tuple[int, ...]]:
    """The pixels in reading order."""
    return [tuple(int(value) for value in pixel) for pixel in picture.reshape(-1, 3)]
