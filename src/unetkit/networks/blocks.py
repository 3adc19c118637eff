"""The blocks of a U-Net: 3×3 convolutions, each with its norm and activation, plain or with a shortcut around them."""

from __future__ import annotations

import itertools

from torch import Tensor, nn

from unetkit.networks.anatomy import ActivationKind, Anatomy
from unetkit.networks.norms import make_norm


def make_block(
    inputs: int, outputs: int, anatomy: Anatomy, *, convolutions: int = 2, dropout: float = 0.0
) -> nn.Module:
    """A block [N, inputs, H, W] → [N, outputs, H, W], followed by dropout where it has a rate."""
    block = Block(inputs, outputs, anatomy, convolutions)
    return nn.Sequential(block, nn.Dropout(dropout)) if dropout else block


def make_activation(kind: ActivationKind) -> nn.Module:
    """The activation. ReLU works in place, which saves memory; SiLU's gradient needs its input."""
    return nn.ReLU(inplace=True) if kind == "relu" else nn.SiLU()


class Block(nn.Module):
    """Convolutions in a row, each followed by norm and activation in the anatomy's order.

    A shared norm is one layer that serves all of them. In a residual block the input joins before the last
    activation (He et al. 2016, "Deep residual learning"), through a 1×1 convolution where the width changes.
    """

    def __init__(self, inputs: int, outputs: int, anatomy: Anatomy, convolutions: int = 2) -> None:
        super().__init__()
        widths = [inputs] + [outputs] * convolutions
        norms = 1 if anatomy.shared_norm else convolutions
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, 3, padding=1, bias=anatomy.convolution_bias)
            for before, after in itertools.pairwise(widths)
        )
        self.norms = nn.ModuleList(make_norm(anatomy.norm, outputs) for _ in range(norms))
        self.activation = make_activation(anatomy.activation)
        self.shortcut = _shortcut(inputs, outputs) if anatomy.block == "residual" else None
        self.norm_first = anatomy.norm_place == "before"

    def forward(self, features: Tensor) -> Tensor:
        """[N, inputs, H, W] → [N, outputs, H, W]."""
        joined = None if self.shortcut is None else self.shortcut(features)
        last = len(self.convolutions) - 1
        for position, convolution in enumerate(self.convolutions):
            norm = self.norms[position % len(self.norms)]
            features = self._finish(convolution(features), norm, joined if position == last else None)
        return features

    def _finish(self, features: Tensor, norm: nn.Module, joined: Tensor | None) -> Tensor:
        """Norm and activation in their order, with the shortcut joined just before the activation."""
        if self.norm_first:
            features = norm(features)
        if joined is not None:
            features = features + joined
        features = self.activation(features)
        return features if self.norm_first else norm(features)


def _shortcut(inputs: int, outputs: int) -> nn.Module:
    return nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1, bias=False)
