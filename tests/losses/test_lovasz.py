"""The Lovász loss, against the set function that it extends."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from unetkit.losses import build_loss
from unetkit.losses.lovasz import jaccard_steps

from contracts.loss import batch


def jaccard_loss(wrong: set[int], truth: set[int]) -> float:
    """1 − IoU when exactly the pixels of `wrong` are mistaken."""
    kept, extra = truth - wrong, wrong - truth
    return 1 - len(kept) / len(truth | extra)


def by_hand() -> float:
    """The extension of the Jaccard loss on the contract's batch, by its definition, set after growing set."""
    scores, target = batch()
    known = target != 255
    probabilities = torch.softmax(scores.double(), dim=1).movedim(1, -1)[known].numpy()
    labels, losses = target[known].numpy(), list[float]()
    for label in range(3):
        truth = {int(pixel) for pixel in np.flatnonzero(labels == label)}
        errors = np.abs((labels == label) - probabilities[:, label])
        order = [int(pixel) for pixel in np.argsort(-errors)]
        sets = [set(order[:count]) for count in range(len(order) + 1)]
        steps = [jaccard_loss(after, truth) - jaccard_loss(before, truth) for before, after in itertools.pairwise(sets)]
        losses.append(float(np.dot(errors[order], steps)))
    return float(np.mean(losses))


def test_it_is_the_extension_of_the_jaccard_loss() -> None:
    assert build_loss("lovasz", classes=3)(*batch()).item() == pytest.approx(by_hand(), rel=1e-5)


def test_on_certain_answers_it_is_one_minus_the_mean_iou() -> None:
    _, target = batch(2)
    answer = target.roll(1, dims=2) % 255 % 2
    certain = 200.0 * torch.nn.functional.one_hot(answer, 2).movedim(-1, 1).float()
    known = target != 255
    ious = [
        ((answer == label) & (target == label))[known].sum() / ((answer == label) | (target == label))[known].sum()
        for label in range(2)
    ]

    assert build_loss("lovasz", classes=2)(certain, target).item() == pytest.approx(1 - float(sum(ious)) / 2, abs=1e-6)


def test_the_steps_of_the_jaccard_loss_sum_to_one() -> None:
    truth = torch.tensor([True, False, False, True, False])

    torch.testing.assert_close(jaccard_steps(truth, torch.float64).sum().item(), 1.0)
