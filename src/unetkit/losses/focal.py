"""The focal loss: cross-entropy that looks away from what is already easy."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from unetkit.losses.loss import Loss


class Focal(Loss):
    """Σ w·q·(1 − p)^γ·(−ln p) / Σ w, summed over classes and pixels (Lin et al. 2017, "Focal loss").

    p: softmax of a class, q: its share of the label, w: its weight. γ = 0 is the cross-entropy.
    """

    def compute(self, scores: Tensor, target: Tensor) -> Tensor:
        """The mean over the batch's pixels, by weight."""
        logarithms = functional.log_softmax(scores, dim=1)
        if self.options.label_smoothing:
            total = self._smoothed(logarithms, target)
        else:
            known = target.where(target != self.options.ignore, 0)
            truth = logarithms.gather(1, known[:, None])[:, 0]
            total = self._focus(truth) * -truth * self.pixel_weights(scores, target)
        return self.mean(total.sum(), self.pixel_weights(scores, target).sum())

    def _smoothed(self, logarithms: Tensor, target: Tensor) -> Tensor:
        labels = self.soft_labels(target, logarithms.dtype) * self.weights.to(logarithms.dtype)[:, None, None]
        return (labels * self._focus(logarithms) * -logarithms).sum(dim=1) * (target != self.options.ignore)

    def _focus(self, logarithms: Tensor) -> Tensor:
        """(1 − p)^γ. For 0 < γ < 1 its slope is infinite at p = 1: there p stays a rounding step away."""
        if self.options.focal_gamma == 0:
            return torch.ones_like(logarithms)
        rest = -torch.expm1(logarithms)
        return rest.clamp_min(torch.finfo(rest.dtype).eps) ** self.options.focal_gamma
