"""Cross-entropy and binary cross-entropy, against PyTorch's own."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from unetkit.losses import build_loss

from contracts.loss import batch

WEIGHTS = [0.5, 2.0, 1.0]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_it_is_the_mean_of_pytorch(smoothing: float, weights: list[float] | None) -> None:
    scores, target = batch()
    given = None if weights is None else torch.tensor(weights)
    expected = functional.cross_entropy(scores, target, given, ignore_index=255, label_smoothing=smoothing)

    loss = build_loss("cross-entropy", classes=3, class_weights=weights, label_smoothing=smoothing)

    torch.testing.assert_close(loss(scores, target), expected)


@pytest.mark.parametrize("name", ["cross-entropy", "focal"])
def test_ignore_can_be_another_id(name: str) -> None:
    scores, target = batch()
    wide = torch.where(target == 255, 65535, target)

    torch.testing.assert_close(
        build_loss(name, classes=3, ignore=65535)(scores, wide), build_loss(name, classes=3)(scores, target)
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, [0.5, 2.0]])
def test_bce_of_two_classes_is_their_cross_entropy(smoothing: float, weights: list[float] | None) -> None:
    scores, target = batch(2)
    losses = [
        build_loss(name, classes=2, class_weights=weights, label_smoothing=smoothing)
        for name in ("bce", "cross-entropy")
    ]

    torch.testing.assert_close(losses[0](scores, target), losses[1](scores, target))


def test_bce_of_two_classes_is_pytorchs_on_the_difference_of_the_scores() -> None:
    scores, target = batch(2)
    known = target != 255
    logits = (scores[:, 1] - scores[:, 0])[known]
    expected = functional.binary_cross_entropy_with_logits(logits, target[known].float())

    torch.testing.assert_close(build_loss("bce", classes=2)(scores, target), expected)


def test_bce_of_more_classes_is_each_against_the_rest() -> None:
    scores, target = batch()
    known = target != 255
    rows, labels = scores.movedim(1, -1)[known], functional.one_hot(target[known], 3).float()
    expected = functional.binary_cross_entropy_with_logits(rows, labels)

    torch.testing.assert_close(build_loss("bce", classes=3)(scores, target), expected)


def test_bce_weighs_a_pixel_by_its_true_class() -> None:
    scores, target = batch()
    known = target != 255
    rows, labels = scores.movedim(1, -1)[known], functional.one_hot(target[known], 3).float()
    each = functional.binary_cross_entropy_with_logits(rows, labels, reduction="none").mean(dim=1)
    weights = torch.tensor(WEIGHTS)[target[known]]

    loss = build_loss("bce", classes=3, class_weights=WEIGHTS)

    torch.testing.assert_close(loss(scores, target), (weights * each).sum() / weights.sum())


@pytest.mark.parametrize("name", ["cross-entropy", "bce", "focal"])
def test_huge_scores_stay_finite(name: str) -> None:
    scores = torch.tensor([5000.0, -5000.0]).reshape(1, 2, 1, 1).requires_grad_()
    value = build_loss(name, classes=2)(scores, torch.ones(1, 1, 1, dtype=torch.int64))
    value.backward()

    assert value.item() == 10000
    assert scores.grad is not None
    assert scores.grad.isfinite().all()


def test_knowing_nothing_costs_the_logarithm_of_the_number_of_classes() -> None:
    value = build_loss("cross-entropy", classes=5)(torch.zeros(1, 5, 2, 2), torch.ones(1, 2, 2, dtype=torch.int64))

    assert value.item() == pytest.approx(math.log(5))
