"""Binary cross-entropy: for two classes, or each class against the rest."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from unetkit.losses.loss import Loss


class BinaryCrossEntropy(Loss):
    """Two classes: −q·ln σ(z) − (1 − q)·ln(1 − σ(z)), z the difference of the two scores, q the label of class 1.

    This is the softmax cross-entropy of the two scores, weights and smoothing included. With more classes each score
    is a logit of its own, against the rest: the same formula, averaged over the classes, then over the pixels by the
    weight of their true class.
    """

    def compute(self, scores: Tensor, target: Tensor) -> Tensor:
        """The mean over the batch's pixels, by weight."""
        total = self._of_two(scores, target) if self.options.classes == 2 else self._against_rest(scores, target)
        return self.mean(total, self.pixel_weights(scores, target).sum())

    def _of_two(self, scores: Tensor, target: Tensor) -> Tensor:
        logit = scores[:, 1] - scores[:, 0]
        smoothing = self.options.label_smoothing
        label = (target == 1).to(scores.dtype) * (1 - smoothing) + smoothing / 2
        first, second = self.weights.to(scores.dtype)
        each = second * label * functional.softplus(-logit) + first * (1 - label) * functional.softplus(logit)
        return (each * (target != self.options.ignore)).sum()

    def _against_rest(self, scores: Tensor, target: Tensor) -> Tensor:
        labels = self.soft_labels(target, scores.dtype)
        each = functional.binary_cross_entropy_with_logits(scores, labels, reduction="none").mean(dim=1)
        return (each * self.pixel_weights(scores, target)).sum()
