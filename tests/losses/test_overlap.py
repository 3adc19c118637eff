"""Dice and Tversky, against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from unetkit.losses import build_loss

from contracts.loss import batch


def by_hand(alpha: float, beta: float, weights: list[float]) -> float:
    """The Tversky loss of the contract's batch, pixel by pixel."""
    scores, target = batch()
    probabilities = torch.softmax(scores.double(), dim=1).numpy()
    hit, false_positive, false_negative = np.zeros(3), np.zeros(3), np.zeros(3)
    for image, row, column in np.argwhere(target.numpy() != 255):
        for label in range(3):
            p = probabilities[image, label, row, column]
            if target[image, row, column] == label:
                hit[label] += p
                false_negative[label] += 1 - p
            else:
                false_positive[label] += p
    index = hit / (hit + alpha * false_positive + beta * false_negative)
    return float(np.average(1 - index, weights=weights))


def test_tversky_is_the_formula_of_the_paper() -> None:
    loss = build_loss("tversky", classes=3, class_weights=[1, 2, 5], tversky_alpha=0.3, tversky_beta=0.7)

    assert loss(*batch()).item() == pytest.approx(by_hand(0.3, 0.7, [1, 2, 5]), rel=1e-5)


def test_dice_is_the_formula_whatever_tversky_is_told() -> None:
    loss = build_loss("dice", classes=3, tversky_alpha=0.3, tversky_beta=0.7)

    assert loss(*batch()).item() == pytest.approx(by_hand(0.5, 0.5, [1, 1, 1]), rel=1e-5)


def test_half_right_with_certainty_is_a_dice_of_one_half() -> None:
    scores = torch.tensor([[-50.0, -50.0], [50.0, 50.0]]).reshape(1, 2, 1, 2)  # class 1 claimed twice
    target = torch.tensor([[[1, 0]]])

    assert build_loss("dice", classes=2, class_weights=[0, 1])(scores, target).item() == pytest.approx(1 - 2 / 3)


def test_false_negatives_weigh_what_beta_says() -> None:
    missed = torch.tensor([[[[0.0, 50.0]], [[50.0, 0.0]]]])  # of two pixels of class 1, one is found
    target = torch.tensor([[[1, 1]]])
    loss = build_loss("tversky", classes=2, tversky_alpha=0.0, tversky_beta=1.0)

    assert loss(missed, target).item() == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["dice", "tversky", "lovasz"])
def test_the_mean_is_over_the_classes_that_occur(name: str) -> None:
    scores, target = batch(2)
    absent = torch.full_like(scores[:, :1], -100.0)

    three = build_loss(name, classes=3)(torch.cat([scores, absent], dim=1), target)

    torch.testing.assert_close(three, build_loss(name, classes=2)(scores, target))


@pytest.mark.parametrize("name", ["dice", "tversky", "lovasz"])
def test_labels_are_not_smoothed(name: str) -> None:
    smoothed = build_loss(name, classes=3, label_smoothing=0.3)

    torch.testing.assert_close(smoothed(*batch()), build_loss(name, classes=3)(*batch()))
