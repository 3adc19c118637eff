"""The Lovász loss: a smooth stand-in for the Jaccard index (IoU)."""

from __future__ import annotations

import torch
from torch import Tensor

from unetkit.losses.loss import Loss, ratio


class Lovasz(Loss):
    """The Lovász extension of 1 − IoU of each class, averaged by class weight (Berman et al. 2018, "Lovász-softmax").

    A pixel's error for a class is 1 − p on its truth and p elsewhere, p the softmax. Errors sorted downwards are
    weighted by how much the Jaccard loss grows when the pixel is counted as wrong. The mean is over the classes that
    occur in the batch. Labels are not smoothed. It sorts every pixel once a class: the slowest loss here.
    """

    def compute(self, scores: Tensor, target: Tensor) -> Tensor:
        """The mean over the classes present in the batch, by weight."""
        valid = target != self.options.ignore
        probabilities = self.pool.cat(torch.softmax(scores, dim=1).movedim(1, -1)[valid])
        labels = self.pool.cat(target[valid])
        present = torch.bincount(labels, minlength=self.options.classes) > 0
        here = [bool(found) for found in present]
        losses = [
            _of_class(probabilities[:, label], labels == label) if found else scores.sum() * 0
            for label, found in enumerate(here)
        ]
        weights = self.weights.to(scores.dtype) * present
        return ratio((weights * torch.stack(losses)).sum(), weights.sum())


def _of_class(probability: Tensor, truth: Tensor) -> Tensor:
    errors = torch.where(truth, 1 - probability, probability)
    errors, order = errors.sort(descending=True)
    return (errors * jaccard_steps(truth[order], errors.dtype)).sum()


def jaccard_steps(truth: Tensor, dtype: torch.dtype) -> Tensor:
    """How much the Jaccard loss grows as one pixel after the other is counted as wrong; [P], sums to 1.

    A pixel of the class leaves the intersection, another one joins the union. Each step is written out, since in
    float32 little is left of the difference between two losses in a row.

    Args:
        truth: bool [P], whether the pixel is of the class, in the order of counting; at least one is.
    """
    found = truth.cumsum(0)
    left = found[-1] - found
    union = found[-1] + (~truth).cumsum(0)
    return torch.where(truth, 1 / union.to(dtype), left.to(dtype) / (union * (union - 1)).clamp(min=1).to(dtype))
