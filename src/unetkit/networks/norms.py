"""Normalisation layers that also accept a single pixel of a single image."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unetkit.networks.anatomy import NormKind


def make_norm(kind: NormKind, channels: int) -> nn.Module:
    """The norm layer of that kind; "none" gives the identity."""
    if kind == "batch":
        return BatchNorm(channels)
    if kind == "group":
        return GroupNorm(_groups(channels), channels)
    return nn.Identity()


class BatchNorm(nn.BatchNorm2d):
    """Batch normalisation that also trains on one value per channel.

    A batch of one image that is 1×1 at this layer has no variance, and PyTorch refuses it. Here such a batch is
    normalised by the running statistics, as in prediction, and leaves them as they are.
    """

    def forward(self, input: Tensor) -> Tensor:
        """[N, C, H, W] → the same shape, normalised."""
        if self.training and input.shape[0] * input.shape[2] * input.shape[3] == 1:
            return nn.functional.batch_norm(
                input, self.running_mean, self.running_var, self.weight, self.bias, training=False, eps=self.eps
            )
        return super().forward(input)


class GroupNorm(nn.GroupNorm):
    """Group normalisation that also accepts a group of one value (whose normalised value is 0)."""

    def forward(self, input: Tensor) -> Tensor:
        """[N, C, H, W] → the same shape, normalised."""
        return torch.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)


def _groups(channels: int) -> int:
    """At most 32 groups (Wu and He 2018), of at least four channels where the width allows."""
    most = max(1, min(32, channels // 4))
    return next(groups for groups in range(most, 0, -1) if channels % groups == 0)
