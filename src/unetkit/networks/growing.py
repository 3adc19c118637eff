"""How a decoder doubles the size of its features, [N, inputs, H, W] → [N, outputs, 2H, 2W]."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional

from unetkit.networks.anatomy import ActivationKind, Upsampling
from unetkit.networks.blocks import make_activation


def make_growing(kind: Upsampling, inputs: int, outputs: int, activation: ActivationKind) -> nn.Module:
    """The layer of that kind.

    - "transposed-2": a transposed convolution, kernel 2, stride 2 (Ronneberger et al. 2015: "up-convolution 2×2").
    - "transposed-3": the same with kernel 3, whose outputs overlap, centred on the first pixel of each four.
    - "transposed-3-same": the same centred on the last, as TensorFlow's padding "same" has it.
    - "bilinear": a 1×1 convolution, then bilinear growing. The two commute; in this order it costs a quarter.
    - "nearest": each value four times, then a 2×2 convolution and the activation.
    - "sub-pixel": a 3×3 convolution to four times the channels, rearranged to 2×2 pixels (Shi et al. 2016).
    """
    return GROWING[kind](inputs, outputs, activation)


def _transposed_2(inputs: int, outputs: int, _: ActivationKind) -> nn.Module:
    return Transposed(inputs, outputs, 2, stride=2)


def _transposed_3(inputs: int, outputs: int, _: ActivationKind) -> nn.Module:
    return Transposed(inputs, outputs, 3, stride=2, padding=1, output_padding=1)


def _transposed_3_same(inputs: int, outputs: int, _: ActivationKind) -> nn.Module:
    return SameTransposed(inputs, outputs)


def _bilinear(inputs: int, outputs: int, _: ActivationKind) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1), nn.Upsample(scale_factor=2, mode="bilinear"))


def _nearest(inputs: int, outputs: int, activation: ActivationKind) -> nn.Module:
    return nn.Sequential(nn.Upsample(scale_factor=2), EvenConvolution(inputs, outputs), make_activation(activation))


def _sub_pixel(inputs: int, outputs: int, _: ActivationKind) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inputs, 4 * outputs, 3, padding=1), nn.PixelShuffle(2))


GROWING: dict[Upsampling, Callable[[int, int, ActivationKind], nn.Module]] = {
    "transposed-2": _transposed_2,
    "transposed-3": _transposed_3,
    "transposed-3-same": _transposed_3_same,
    "bilinear": _bilinear,
    "nearest": _nearest,
    "sub-pixel": _sub_pixel,
}


class Transposed(nn.ConvTranspose2d):
    """A transposed convolution that adds its bias by itself.

    PyTorch's CPU library makes a transposed convolution with a bias up to ten times slower than one without, in
    bfloat16 most of all.
    """

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        """[N, inputs, H, W] → [N, outputs, 2H, 2W]."""
        assert output_size is None, "the size follows from the input's"
        around, more = self.padding[0], self.output_padding[0]
        grown = functional.conv_transpose2d(input, self.weight, None, 2, int(around), more)
        return grown if self.bias is None else grown + self.bias.to(grown.dtype).view(1, -1, 1, 1)


class SameTransposed(Transposed):
    """A transposed 3×3 convolution of stride 2 that keeps the first 2H × 2W of all that its kernels reach.

    TensorFlow's padding "same". PyTorch's own paddings that give this size keep what begins one row and column later.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, stride=2)

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        """[N, inputs, H, W] → [N, outputs, 2H, 2W]."""
        return super().forward(input, output_size)[..., :-1, :-1]


class EvenConvolution(nn.Conv2d):
    """A 2×2 convolution that keeps the size: a row and a column of zeros are added below and on the right."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 2)

    def forward(self, input: Tensor) -> Tensor:
        """[N, inputs, H, W] → [N, outputs, H, W]."""
        return super().forward(functional.pad(input, (0, 1, 0, 1)))
