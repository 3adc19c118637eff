"""The U-Net (Ronneberger, Fischer and Brox 2015), in all the shapes that `Anatomy` can say."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional

from unetkit.networks.anatomy import Anatomy, anatomy_from
from unetkit.networks.blocks import make_block
from unetkit.networks.decoder import DecoderLevel
from unetkit.networks.heads import make_head
from unetkit.networks.initial import initialise
from unetkit.networks.stem import Stem, grow


class UNet(nn.Module):
    """float32 image [N, channels, H, W] → scores [N, outputs, H, W], for any H and W from 1 on.

    Convolutions are padded, so that the size is kept; halving rounds up, and each grown level is cut to the size of
    its skip. No image is padded to a multiple of anything: 1×1 stays 1×1 on every level.

    Args:
        channels: of the image.
        outputs: scores a pixel: a score per class, or 1 for a logit (see `class_scores`).
        anatomy: everything else.
    """

    def __init__(self, channels: int, outputs: int, anatomy: Anatomy | None = None) -> None:
        super().__init__()
        anatomy = anatomy or Anatomy()
        widths, depth = anatomy.widths(), anatomy.depth
        self.stride = int(anatomy.stem_stride)
        self.stem = Stem(channels, anatomy) if self.stride > 1 else nn.Identity()
        inputs = [widths[0] if self.stride > 1 else channels, *widths]
        self.encoder = nn.ModuleList(
            make_block(inputs[level], widths[level], anatomy, dropout=anatomy.dropout_after(level))
            for level in range(depth)
        )
        self.bottleneck = make_block(
            widths[depth - 1],
            widths[depth],
            anatomy,
            convolutions=2 if anatomy.bottleneck == "double" else 1,
            dropout=anatomy.dropout_after(depth),
        )
        self.decoder = nn.ModuleList(
            DecoderLevel(coarse, fine, fine, anatomy, dropout=anatomy.dropout_after(0, decoder=True))
            for coarse, fine in itertools.pairwise(reversed(widths))
        )
        self.head = make_head(widths[0], outputs, anatomy)
        initialise(self, anatomy.initialisation)

    def forward(self, image: Tensor) -> Tensor:
        """Stem, encoder with its skips, bottleneck, decoder, head; grown to the image's size."""
        features = self.stem(image)
        skips: list[Tensor] = []
        for level in self.encoder:
            skips.append(level(features))
            features = halve(skips[-1])
        features = self.bottleneck(features)
        for level, skip in zip(self.decoder, reversed(skips), strict=True):
            features = level(features, skip)
        return grow(self.head(features), self.stride, image.shape[2], image.shape[3])


def make(settings: Mapping[str, object], channels: int, outputs: int) -> UNet:
    """The row `unet` of `NETWORKS`."""
    return UNet(channels, outputs, anatomy_from(settings))


def halve(features: Tensor) -> Tensor:
    """The largest of each 2×2: [N, C, H, W] → [N, C, ⌈H/2⌉, ⌈W/2⌉]."""
    return functional.max_pool2d(features, 2, ceil_mode=True)
