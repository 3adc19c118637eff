"""What all losses have in common: how they are called, ignore, class weights, and their precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class LossOptions:
    """What a loss may be told.

    Attributes:
        classes: number of classes.
        class_weights: a weight per class, 0 or more; None weighs all alike.
        ignore: id of the target's pixels that are not learnt.
        label_smoothing: share of each label spread evenly over all classes (Szegedy et al. 2016). The losses that
            count pixels take it; those that compare areas do not: their best answer would move away from the truth.
        focal_gamma: focus of the focal loss.
        tversky_alpha: weight of false positives in the Tversky loss.
        tversky_beta: weight of false negatives in it.
    """

    classes: int
    class_weights: tuple[float, ...] | None = None
    ignore: int = 255
    label_smoothing: float = 0.0
    focal_gamma: float = 2.0
    tversky_alpha: float = 0.5
    tversky_beta: float = 0.5


class Pool(Protocol):
    """The pixels of all processes that share a batch. Both keep the gradient of this process's part."""

    def sum(self, part: Tensor, /) -> Tensor:
        """The sum over all processes."""
        ...

    def cat(self, part: Tensor, /) -> Tensor:
        """The parts of all processes, one after the other along the first dimension."""
        ...


class Own:
    """The pool of a process that has the whole batch."""

    def sum(self, part: Tensor, /) -> Tensor:
        """The part, which is the whole."""
        return part

    def cat(self, part: Tensor, /) -> Tensor:
        """The part, which is the whole."""
        return part


class Loss(nn.Module):
    """scores [N, classes, H, W] and target int64 [N, H, W] → one number, at least float32 also under autocast.

    A batch whose pixels are all ignored gives 0 with a gradient of 0. A subclass writes `compute`, and takes every sum
    over pixels through `pool`: where several processes share a batch, the loss is that of the whole batch.
    """

    weights: Tensor
    pool: Pool = Own()

    def __init__(self, options: LossOptions) -> None:
        super().__init__()
        self.options = options
        self.weighted = options.class_weights is not None
        weights = torch.tensor(options.class_weights or (1.0,) * options.classes, dtype=torch.float32)
        self.register_buffer("weights", weights, persistent=False)

    def forward(self, scores: Tensor, target: Tensor) -> Tensor:
        """The loss of a batch, a tensor without dimensions."""
        with torch.autocast(scores.device.type, enabled=False):
            return self.compute(scores.to(torch.promote_types(scores.dtype, torch.float32)), target)

    def compute(self, scores: Tensor, target: Tensor) -> Tensor:
        """The loss, from scores in float32 (or float64)."""
        raise NotImplementedError

    def pixel_weights(self, scores: Tensor, target: Tensor) -> Tensor:
        """The weight of every pixel's class, 0 where ignored; [N, H, W], in the scores' dtype."""
        valid = target != self.options.ignore
        if not self.weighted:
            return valid.to(scores.dtype)
        return self.weights.to(scores.dtype)[target.where(valid, 0)] * valid

    def mean(self, total: Tensor, weight: Tensor) -> Tensor:
        """A sum over pixels by their summed weight, both over all processes; 0 where no pixel counts."""
        return ratio(self.pool.sum(total), self.pool.sum(weight))

    def soft_labels(self, target: Tensor, dtype: torch.dtype) -> Tensor:
        """The share of each class in every pixel's label, [N, classes, H, W]; class 0 stands in for ignore."""
        classes, smoothing = self.options.classes, self.options.label_smoothing
        known = target.where(target != self.options.ignore, 0)
        labels = nn.functional.one_hot(known, classes).movedim(-1, 1).to(dtype)
        return labels * (1 - smoothing) + smoothing / classes if smoothing else labels


def ratio(total: Tensor, weight: Tensor) -> Tensor:
    """The quotient, and 0 with a gradient of 0 where the weight is 0 (then so is the total)."""
    return total / weight.where(weight > 0, 1)
