"""U-Nets as others write them in PyTorch, built from what is published of them: same layers, same names of weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Double(nn.Module):
    """Twice 3×3, batch norm, ReLU, under the name `double_conv`."""

    def __init__(self, inputs: int, outputs: int, *, bias: bool = False) -> None:
        super().__init__()
        self.double_conv = nn.Sequential(*single(inputs, outputs, bias), *single(outputs, outputs, bias))

    def forward(self, x: Tensor) -> Tensor:
        return self.double_conv(x)


def single(inputs: int, outputs: int, bias: bool = False) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias), nn.BatchNorm2d(outputs), nn.ReLU()]


class Down(nn.Module):
    def __init__(self, inputs: int, outputs: int, bias: bool) -> None:
        super().__init__()
        self.maxpool_conv = nn.Sequential(nn.MaxPool2d(2), Double(inputs, outputs, bias=bias))

    def forward(self, x: Tensor) -> Tensor:
        return self.maxpool_conv(x)


class Up(nn.Module):
    def __init__(self, inputs: int, outputs: int, bias: bool, bilinear: bool) -> None:
        super().__init__()
        self.up = nn.Upsample(scale_factor=2) if bilinear else nn.ConvTranspose2d(inputs, outputs, 2, stride=2)
        self.conv = Double(inputs + outputs if bilinear else 2 * outputs, outputs, bias=bias)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return self.conv(torch.cat([skip, self.up(x)], dim=1))


class Out(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class PytorchUNet(nn.Module):
    """Named as milesial's Pytorch-UNet: inc, down1..4, up1..4, outc; `width` is 64 there."""

    def __init__(self, channels: int, outputs: int, width: int, *, bias: bool = False, bilinear: bool = False) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(5)]
        self.inc = Double(channels, width, bias=bias)
        for level in range(1, 5):
            setattr(self, f"down{level}", Down(widths[level - 1], widths[level], bias))
        for level in range(1, 5):
            setattr(self, f"up{level}", Up(widths[5 - level], widths[4 - level], bias, bilinear))
        self.outc = Out(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        features = [self.inc(x)]
        for level in range(1, 5):
            features.append(self.get_submodule(f"down{level}")(features[-1]))
        x = features.pop()
        for level in range(1, 5):
            x = self.get_submodule(f"up{level}")(x, features.pop())
        return self.outc(x)


class LabUNet(nn.Module):
    """The network of a course lab on infrared horizons: lists of levels, a bottleneck of one convolution.

    The decoder's list is made before the encoder's, as often in such classes, so that the state dict lists it first.
    """

    def __init__(self, channels: int, outputs: int, width: int) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(4)]
        self.ups = nn.ModuleList()
        self.downs = nn.ModuleList()
        before = channels
        for after in widths:
            self.downs.append(Conv(before, after))
            before = after
        for after in reversed(widths):
            self.ups.append(nn.ConvTranspose2d(2 * after, after, 2, stride=2))
            self.ups.append(Conv(2 * after, after))
        self.bottleneck = nn.Sequential(*single(widths[-1], 2 * widths[-1]))
        self.final_conv = nn.Conv2d(width, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips: list[Tensor] = []
        for level in self.downs:
            skips.append(level(x))
            x = nn.functional.max_pool2d(skips[-1], 2)
        x = self.bottleneck(x)
        for at in range(0, len(self.ups), 2):
            x = self.ups[at + 1](torch.cat([skips.pop(), self.ups[at](x)], dim=1))
        return self.final_conv(x)


class Conv(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(*single(inputs, outputs), *single(outputs, outputs))

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class PlainUNet(nn.Module):
    """One halving, no norm, and names that say nothing: `a`, `b`, ... in the order of work."""

    def __init__(self, channels: int, outputs: int, width: int) -> None:
        super().__init__()
        self.a, self.b = (nn.Conv2d(inputs, width, 3, padding=1) for inputs in (channels, width))
        self.c = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.d = nn.Conv2d(2 * width, 2 * width, 3, padding=1)
        self.e = nn.ConvTranspose2d(2 * width, width, 2, stride=2)
        self.f, self.g = (nn.Conv2d(inputs, width, 3, padding=1) for inputs in (2 * width, width))
        self.h = nn.Conv2d(width, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        skip = self.b(self.a(x).relu()).relu()
        x = self.d(self.c(nn.functional.max_pool2d(skip, 2)).relu()).relu()
        x = torch.cat([skip, self.e(x)], dim=1)
        return self.h(self.g(self.f(x).relu()).relu())


def trained(network: nn.Module, seed: int = 0) -> nn.Module:
    """The network with weights, and statistics of its norms, that are drawn: none is 0 or 1, as after training."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            spread = (2 / module.weight[0].numel()) ** 0.5
            module.weight.data = torch.randn(module.weight.shape, generator=generator) * spread
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight, module.running_var):
                tensor.data = torch.rand(module.num_features, generator=generator) + 0.5  # type: ignore[union-attr]
            for tensor in (module.bias, module.running_mean):
                tensor.data = torch.randn(module.num_features, generator=generator) / 4  # type: ignore[union-attr]
    return network.eval()
