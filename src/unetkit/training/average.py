"""The moving average of the weights: what is scored and saved."""

from __future__ import annotations

import copy

import torch
from torch import nn

QUICKNESS = 5  # the higher, the sooner the first weights are forgotten


class MovingAverage:
    """An exponential moving average of a network's weights and float buffers.

    The decay grows with the number of updates, (1 + t) / (5 + t), up to `decay`, so that the first weights, which know
    nothing, are soon forgotten, and about a quarter of the steps so far is remembered: up to the last 50, with a
    `decay` of 0.98. That is longer than by the usual (1 + t) / (10 + t) (Tan and Le 2019's training code);
    `docs/decisions/013-moving-average.md` has why.
    With decay 0 it is the network.

    Attributes:
        network: the averaged network, in evaluation mode.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._pairs = _pairs(self.network, network, floats=True)
        self._others = _pairs(self.network, network, floats=False)

    @torch.no_grad()
    def update(self) -> None:
        """Move the average toward the network as it is now."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (QUICKNESS + self.updates))
        ours, theirs = self._pairs
        torch._foreach_lerp_(ours, theirs, 1 - decay)  # pyright: ignore[reportPrivateUsage, reportPrivateImportUsage]
        for target, source in zip(*self._others, strict=True):
            target.copy_(source)


def _pairs(average: nn.Module, network: nn.Module, *, floats: bool) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    theirs = network.state_dict(keep_vars=True)
    ours = average.state_dict(keep_vars=True)
    names = [name for name, tensor in ours.items() if tensor.is_floating_point() == floats]
    return [ours[name].detach() for name in names], [theirs[name].detach() for name in names]
