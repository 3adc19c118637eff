"""Attention gates on the skips (Oktay et al. 2018, "Attention U-Net")."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class AttentionGate(nn.Module):
    """Weighs every pixel of a skip by how much the coarser features, grown to its size, ask for it.

    weight = σ(ψ(ReLU(S·skip + G·grown))), one number from 0 to 1 a pixel; S, G and ψ are 1×1 convolutions.
    """

    def __init__(self, skip: int, grown: int) -> None:
        super().__init__()
        inner = max(1, skip // 2)
        self.from_skip = nn.Conv2d(skip, inner, 1, bias=False)
        self.from_grown = nn.Conv2d(grown, inner, 1)
        self.weight = nn.Conv2d(inner, 1, 1)

    def forward(self, skip: Tensor, grown: Tensor) -> Tensor:
        """Both [N, …, H, W] → the weighted skip."""
        asked = torch.relu(self.from_skip(skip) + self.from_grown(grown))
        return skip * torch.sigmoid(self.weight(asked))
