"""Cross-entropy: minus the logarithm of the probability given to the truth."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from unetkit.losses.loss import Loss


class CrossEntropy(Loss):
    """Σ w·(−ln p) / Σ w over the pixels that are not ignored; p: softmax at the true class, w: its class weight.

    With label smoothing ε the label is 1 − ε of the truth and ε / classes of every class (Szegedy et al. 2016,
    "Rethinking the Inception architecture"); each class's part then carries that class's weight.
    """

    def compute(self, scores: Tensor, target: Tensor) -> Tensor:
        """The mean over the batch's pixels, by weight."""
        total = functional.cross_entropy(
            scores,
            target,
            weight=self.weights.to(scores.dtype) if self.weighted else None,
            ignore_index=self.options.ignore,
            label_smoothing=self.options.label_smoothing,
            reduction="sum",
        )
        return self.mean(total, self.pixel_weights(scores, target).sum())
