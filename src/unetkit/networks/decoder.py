"""One level of the decoder: grow, join the skip, convolve."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unetkit.networks.anatomy import Anatomy
from unetkit.networks.attention import AttentionGate
from unetkit.networks.blocks import make_block
from unetkit.networks.growing import make_growing
from unetkit.networks.stem import cut


class DecoderLevel(nn.Module):
    """Features [N, inputs, ⌈H/2⌉, ⌈W/2⌉] and a skip [N, skip, H, W] → [N, outputs, H, W]."""

    def __init__(self, inputs: int, skip: int, outputs: int, anatomy: Anatomy, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.growing = make_growing(anatomy.upsampling, inputs, outputs, anatomy.activation)
        self.gate = AttentionGate(skip, outputs) if anatomy.attention else None
        self.block = make_block(skip + outputs, outputs, anatomy, dropout=dropout)

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """The features, grown, joined with the skip and convolved."""
        grown = cut(self.growing(features), skip.shape[2], skip.shape[3])
        if self.gate is not None:
            skip = self.gate(skip, grown)
        return self.block(torch.cat([skip, grown], dim=1))
