"""The strided convolution before the first level, and the growing of the scores after the last."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from unetkit.networks.anatomy import Anatomy
from unetkit.networks.blocks import make_activation
from unetkit.networks.norms import make_norm


class Stem(nn.Module):
    """[N, channels, H, W] → [N, width, ⌈H / stride⌉, ⌈W / stride⌉].

    The kernel is twice the stride, so each value sees its own stride×stride pixels in the middle of the window: grown
    scores lie exactly over the pixels they belong to (an odd kernel would shift them by half a pixel).
    """

    def __init__(self, channels: int, anatomy: Anatomy) -> None:
        super().__init__()
        width, stride = anatomy.widths()[0], int(anatomy.stem_stride)
        self.before, self.after = stride // 2, stride // 2 + stride - 1
        self.convolution = nn.Conv2d(channels, width, 2 * stride, stride=stride, bias=anatomy.convolution_bias)
        self.norm = make_norm(anatomy.norm, width)
        self.activation = make_activation(anatomy.activation)
        self.norm_first = anatomy.norm_place == "before"

    def forward(self, image: Tensor) -> Tensor:
        """Pad, convolve, normalise and activate."""
        margins = (self.before, self.after, self.before, self.after)
        features = self.convolution(functional.pad(image, margins))
        if self.norm_first:
            return self.activation(self.norm(features))
        return self.norm(self.activation(features))


def grow(features: Tensor, factor: int, height: int, width: int) -> Tensor:
    """Grow features bilinearly by a whole factor, then cut them to `height` × `width` at the right and bottom."""
    if factor > 1:
        # In float32 and plane by plane: with few classes that is nearly twice as fast as channels last in bfloat16.
        planes = features.float().contiguous()
        features = functional.interpolate(planes, scale_factor=float(factor), mode="bilinear")
    return cut(features, height, width)


def cut(features: Tensor, height: int, width: int) -> Tensor:
    """The top left `height` × `width` of features that are at least as large."""
    return features[..., :height, :width]
