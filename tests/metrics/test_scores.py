"""The scores equal those of torchmetrics and scikit-learn, and say nothing where nothing is known."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, jaccard_score, precision_score, recall_score
from torchmetrics.functional.classification import multiclass_jaccard_index

from unetkit.data.arrays import Mask
from unetkit.extras import resolve
from unetkit.metrics import METRICS, scores
from unetkit.metrics.confusion import Confusion

Masks = tuple[Mask, Mask]

CLASSES = 6


@pytest.fixture
def masks() -> Masks:
    draw = np.random.default_rng(7)
    truth = draw.integers(0, CLASSES, (40, 50)).astype(np.uint8)
    predicted = np.where(draw.random(truth.shape) < 0.6, truth, draw.integers(0, CLASSES, truth.shape))
    return truth, predicted.astype(np.uint8)


def counted(truth: Mask, predicted: Mask, classes: int = CLASSES) -> Confusion:
    confusion = Confusion(classes)
    confusion.update(truth, predicted)
    return confusion


@pytest.mark.parametrize(
    ("name", "oracle"),
    [
        ("mean_iou", jaccard_score),
        ("mean_dice", f1_score),
        ("mean_precision", precision_score),
        ("mean_recall", recall_score),
    ],
)
def test_means_equal_scikit_learn(name: str, oracle: object, masks: Masks) -> None:
    truth, predicted = masks
    expected = oracle(truth.ravel(), predicted.ravel(), average="macro")  # pyright: ignore[reportCallIssue]
    assert resolve(METRICS[name])(counted(truth, predicted)) == pytest.approx(expected, abs=1e-12)


def test_iou_equals_torchmetrics(masks: Masks) -> None:
    truth, predicted = (torch.from_numpy(mask.astype(np.int64)) for mask in masks)
    expected = multiclass_jaccard_index(predicted, truth, CLASSES, average="none")
    np.testing.assert_allclose(scores.iou(counted(*masks)), expected.numpy(), rtol=1e-6)


def test_accuracy_is_the_share_of_right_pixels(masks: Masks) -> None:
    truth, predicted = masks
    assert scores.pixel_accuracy(counted(truth, predicted)) == pytest.approx((truth == predicted).mean())


def test_a_class_without_truth_stays_out_of_the_means_and_is_listed_apart() -> None:
    truth = np.array([[0, 0, 1, 1]], np.uint8)
    predicted = np.array([[0, 2, 1, 1]], np.uint8)
    confusion = counted(truth, predicted, 4)

    assert scores.mean_iou(confusion) == pytest.approx((1 / 2 + 1) / 2)
    assert scores.absent_but_predicted(confusion) == {2: 1}
    assert [row.iou for row in scores.per_class(confusion)] == [0.5, 1.0, None, None]


def test_a_class_that_is_never_predicted_has_precision_0() -> None:
    confusion = counted(np.array([[0, 1]], np.uint8), np.array([[0, 0]], np.uint8), 2)
    assert scores.per_class(confusion)[1] == scores.ClassScore(
        1, iou=0.0, dice=0.0, precision=0.0, recall=0.0, pixels=1
    )


def test_nothing_scored_has_no_score() -> None:
    assert all(math.isnan(value) for value in scores.all_scores(Confusion(3)).values())


def test_perfect_masks_score_1_in_every_metric(masks: Masks) -> None:
    assert set(scores.all_scores(counted(masks[0], masks[0])).values()) == {1.0}


def test_scores_do_not_depend_on_how_pixels_are_spread_over_images(masks: Masks) -> None:
    truth, predicted = masks
    halves = counted(truth[:9], predicted[:9]) + counted(truth[9:], predicted[9:])
    assert scores.all_scores(halves) == scores.all_scores(counted(truth, predicted))
