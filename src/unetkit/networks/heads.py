"""What turns the decoder's features into scores, [N, inputs, H, W] → [N, outputs, H, W]."""

from __future__ import annotations

from torch import nn

from unetkit.networks.anatomy import Anatomy
from unetkit.networks.blocks import make_activation, make_block


def make_head(inputs: int, outputs: int, anatomy: Anatomy) -> nn.Module:
    """The head of the anatomy's kind.

    - "linear": a 1×1 convolution.
    - "convolution": one more 3×3 convolution of the first level's width, finished as in the blocks, then the 1×1.
    - "activated": a 1×1 convolution to the outputs with its activation, then a second 1×1.
    """
    if anatomy.head == "convolution":
        extra = make_block(inputs, anatomy.widths()[0], anatomy, convolutions=1)
        return nn.Sequential(extra, nn.Conv2d(anatomy.widths()[0], outputs, 1))
    if anatomy.head == "activated":
        return nn.Sequential(
            nn.Conv2d(inputs, outputs, 1), make_activation(anatomy.activation), nn.Conv2d(outputs, outputs, 1)
        )
    return nn.Conv2d(inputs, outputs, 1)
