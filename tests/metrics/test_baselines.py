"""The two predictions that never look at the image."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unetkit.data.arrays import Mask
from unetkit.data.decode import decode_mask_pixels
from unetkit.metrics import METRICS
from unetkit.metrics.baselines import PositionPrior, constant, grown
from unetkit.metrics.confusion import Confusion
from unetkit.metrics.scores import all_scores, dice

SEA, SKY, IGNORE = 0, 1, 255


def horizon(row: int, height: int = 8, width: int = 6) -> Mask:
    mask = np.full((height, width), SEA, np.uint8)
    mask[:row] = SKY
    return mask


def test_constant_is_the_most_frequent_class_of_train_wherever_it_is_scored() -> None:
    scores = constant(np.array([90, 10]), np.array([25, 75]))
    assert scores["pixel_accuracy"] == 0.25
    assert scores["mean_iou"] == 0.125
    assert set(scores) == set(METRICS)


def test_constant_equals_scoring_a_mask_of_that_class() -> None:
    truth = horizon(3)
    confusion = Confusion(2)
    confusion.update(truth, np.full_like(truth, SEA))
    assert constant(np.array([60, 40]), confusion.pixels) == pytest.approx(all_scores(confusion))


def test_position_is_the_majority_at_each_place() -> None:
    prior = PositionPrior(2, 8, 6)
    for row in (2, 4, 5):
        prior.add(horizon(row))
    np.testing.assert_array_equal(prior.mask(), horizon(4))


def test_position_takes_masks_of_any_size() -> None:
    prior = PositionPrior(2, 8, 6)
    prior.add(horizon(8, height=16, width=30))
    np.testing.assert_array_equal(prior.mask(), horizon(4))


def test_position_grows_to_native_size() -> None:
    np.testing.assert_array_equal(grown(horizon(4), 16, 12), horizon(8, 16, 12))


def test_a_place_that_is_always_ignored_has_the_class_most_frequent_overall() -> None:
    mask = horizon(3)
    mask[0, 0] = IGNORE
    prior = PositionPrior(2, 8, 6)
    prior.add(mask)
    assert prior.mask()[0, 0] == SEA


def test_on_infrared_horizons_position_alone_reaches_a_dice_of_0_875(real_data: Callable[[str], Path]) -> None:
    files = sorted((real_data("ir-horizon") / "masks").iterdir())
    masks = [(decode_mask_pixels(file.read_bytes()) == 255).astype(np.uint8) for file in files]
    prior, confusion = PositionPrior(2, *masks[0].shape), Confusion(2)
    for mask in masks[:-25]:
        prior.add(mask)
    for mask in masks[-25:]:
        confusion.update(mask, grown(prior.mask(), *mask.shape))
    assert dice(confusion)[SEA] == pytest.approx(0.875, abs=5e-4)
