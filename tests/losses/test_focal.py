"""The focal loss, against its formula in a loop and its limits."""

from __future__ import annotations

import math

import pytest
import torch

from unetkit.losses import build_loss

from contracts.loss import batch


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_it_is_the_formula_of_the_paper(gamma: float) -> None:
    scores, target = batch()
    weights, total, weight = [0.5, 2.0, 1.0], 0.0, 0.0
    probabilities = torch.softmax(scores.double(), dim=1)
    for image, row, column in (target != 255).nonzero().tolist():
        truth = int(target[image, row, column])
        p = probabilities[image, truth, row, column].item()
        total += weights[truth] * (1 - p) ** gamma * -math.log(p)
        weight += weights[truth]

    loss = build_loss("focal", classes=3, class_weights=weights, focal_gamma=gamma)

    assert loss(scores, target).item() == pytest.approx(total / weight, rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_without_focus_it_is_the_cross_entropy(smoothing: float) -> None:
    settings = {"classes": 3, "class_weights": [1.0, 3.0, 0.2], "label_smoothing": smoothing}
    focal = build_loss("focal", focal_gamma=0.0, **settings)  # type: ignore[arg-type]

    torch.testing.assert_close(focal(*batch()), build_loss("cross-entropy", **settings)(*batch()))  # type: ignore[arg-type]


def test_smoothing_fades_in() -> None:
    almost = build_loss("focal", classes=3, label_smoothing=1e-7, class_weights=[1.0, 3.0, 0.2])

    torch.testing.assert_close(
        almost(*batch()), build_loss("focal", classes=3, class_weights=[1.0, 3.0, 0.2])(*batch())
    )


def test_an_easy_pixel_counts_less_than_a_hard_one() -> None:
    easy, hard = (torch.tensor([0.0, margin]).reshape(1, 2, 1, 1) for margin in (3.0, -3.0))
    target = torch.ones(1, 1, 1, dtype=torch.int64)
    focal, plain = (build_loss(name, classes=2) for name in ("focal", "cross-entropy"))

    assert focal(easy, target) < 0.01 * plain(easy, target)
    assert focal(hard, target) > 0.8 * plain(hard, target)


def test_its_gradient_is_finite_where_the_answer_is_certain() -> None:
    scores = torch.tensor([-60.0, 60.0]).reshape(1, 2, 1, 1).requires_grad_()
    build_loss("focal", classes=2, focal_gamma=0.5)(scores, torch.ones(1, 1, 1, dtype=torch.int64)).backward()

    assert scores.grad is not None
    assert scores.grad.isfinite().all()
