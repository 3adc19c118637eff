"""Losses that compare areas: Tversky, and Dice as its special case."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from unetkit.losses.loss import Loss, LossOptions, ratio


class Tversky(Loss):
    """1 − TP / (TP + α·FP + β·FN) of each class, averaged by class weight (Salehi et al. 2017, "Tversky loss").

    TP, FP and FN are sums of softmax probabilities over all pixels of the batch that are not ignored. The mean is
    over the classes that occur in the batch: for a class without a pixel, every answer but an exact 0 would give
    the loss 1. Labels are not smoothed.
    """

    def compute(self, scores: Tensor, target: Tensor) -> Tensor:
        """The mean over the classes present in the batch, by weight."""
        truth, hit, claimed = map(self.pool.sum, _areas(scores, target, self.options))
        false_positives, false_negatives = claimed - hit, truth - hit
        alpha, beta = self.options.tversky_alpha, self.options.tversky_beta
        index = ratio(hit, hit + alpha * false_positives + beta * false_negatives)
        weights = self.weights.to(scores.dtype) * (truth > 0)
        return ratio((weights * (1 - index)).sum(), weights.sum())


class Dice(Tversky):
    """1 − 2·TP / (2·TP + FP + FN) of each class (Milletari et al. 2016, "V-Net"): Tversky with α = β = ½.

    V-Net squares the probabilities in the denominator; here, as in Sudre et al. 2017, they are plain sums.
    """

    def __init__(self, options: LossOptions) -> None:
        super().__init__(replace(options, tversky_alpha=0.5, tversky_beta=0.5))


def _areas(scores: Tensor, target: Tensor, options: LossOptions) -> tuple[Tensor, Tensor, Tensor]:
    """For each class: true pixels, probability on true pixels, probability on all pixels; each [classes]."""
    target = target[:, None]
    valid = target != options.ignore
    true = torch.zeros_like(scores, dtype=torch.bool).scatter_(1, target.where(valid, 0), True).logical_and_(valid)
    probabilities = torch.softmax(scores, dim=1)
    # Sums over masks, which PyTorch makes in parts: added one by one (`index_add`), a million pixels in float32 are off
    # by more than what is left of a good network's loss.
    truth = true.sum(dim=(0, 2, 3)).to(scores.dtype)
    hit, claimed = ((probabilities * counted).sum(dim=(0, 2, 3)) for counted in (true, valid))
    return truth, hit, claimed
