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
    valid = target != options.ignore
    known = target.where(valid, 0)
    probabilities = torch.softmax(scores, dim=1)
    at_truth = probabilities.gather(1, known[:, None])[:, 0] * valid
    flat, zeros = known.flatten(), scores.new_zeros(options.classes)
    truth = zeros.index_add(0, flat, valid.flatten().to(scores.dtype))
    hit = zeros.index_add(0, flat, at_truth.flatten())
    claimed = (probabilities * valid[:, None]).sum(dim=(0, 2, 3))
    return truth, hit, claimed
