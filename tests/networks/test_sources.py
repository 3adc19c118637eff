"""The presets are the sources' own networks: their exact totals, and layer for layer what the sources describe.

Each description below was written from the source (docs/concepts/networks.md names them), not from the code: the layers
in the order in which an image of 64×64 meets them, with the height at which each works.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from unetkit.networks import PRESETS, build, parameter_count

TOTALS = [
    ("original", 1, 2, 31_030_658),
    ("infrared", 3, 1, 21_598_401),
    ("infrared-double", 3, 1, 31_043_521),
    ("camvid", 1, 12, 31_031_464),
    ("carla", 3, 23, 8_640_471),
    ("forest", 3, 1, 31_037_633),
    ("forest", 3, 23, 31_039_063),
]

# Ronneberger et al. 2015, padded: double 3×3 with bias and ReLU, 2×2 up-convolutions, 1×1 head.
ORIGINAL = """
64: conv3 1>64 bias, relu, conv3 64>64 bias, relu
32: conv3 64>128 bias, relu, conv3 128>128 bias, relu
16: conv3 128>256 bias, relu, conv3 256>256 bias, relu
8: conv3 256>512 bias, relu, conv3 512>512 bias, relu, dropout 0.5
4: conv3 512>1024 bias, relu, conv3 1024>1024 bias, relu, dropout 0.5
8: up2 1024>512 bias, conv3 1024>512 bias, relu, conv3 512>512 bias, relu
16: up2 512>256 bias, conv3 512>256 bias, relu, conv3 256>256 bias, relu
32: up2 256>128 bias, conv3 256>128 bias, relu, conv3 128>128 bias, relu
64: up2 128>64 bias, conv3 128>64 bias, relu, conv3 64>64 bias, relu, conv1 64>2 bias
"""

# No convolution bias, a batch norm after each convolution and before its ReLU, a bottleneck of one convolution.
INFRARED = """
64: conv3 3>64, norm a, relu, conv3 64>64, norm b, relu
32: conv3 64>128, norm c, relu, conv3 128>128, norm d, relu
16: conv3 128>256, norm e, relu, conv3 256>256, norm f, relu
8: conv3 256>512, norm g, relu, conv3 512>512, norm h, relu
4: conv3 512>1024, norm i, relu
8: up2 1024>512 bias, conv3 1024>512, norm j, relu, conv3 512>512, norm k, relu
16: up2 512>256 bias, conv3 512>256, norm l, relu, conv3 256>256, norm m, relu
32: up2 256>128 bias, conv3 256>128, norm n, relu, conv3 128>128, norm o, relu
64: up2 128>64 bias, conv3 128>64, norm p, relu, conv3 64>64, norm q, relu, conv1 64>1 bias
"""

# The same with biases and a bottleneck of two convolutions.
INFRARED_DOUBLE = """
64: conv3 3>64 bias, norm a, relu, conv3 64>64 bias, norm b, relu
32: conv3 64>128 bias, norm c, relu, conv3 128>128 bias, norm d, relu
16: conv3 128>256 bias, norm e, relu, conv3 256>256 bias, norm f, relu
8: conv3 256>512 bias, norm g, relu, conv3 512>512 bias, norm h, relu
4: conv3 512>1024 bias, norm i, relu, conv3 1024>1024 bias, norm j, relu
8: up2 1024>512 bias, conv3 1024>512 bias, norm k, relu, conv3 512>512 bias, norm l, relu
16: up2 512>256 bias, conv3 512>256 bias, norm m, relu, conv3 256>256 bias, norm n, relu
32: up2 256>128 bias, conv3 256>128 bias, norm o, relu, conv3 128>128 bias, norm p, relu
64: up2 128>64 bias, conv3 128>64 bias, norm q, relu, conv3 64>64 bias, norm r, relu, conv1 64>1 bias
"""

# No norm, dropout after the bottleneck, nearest growing with a rectified 2×2 convolution, a rectified 1×1 in the head.
CAMVID = """
64: conv3 1>64 bias, relu, conv3 64>64 bias, relu
32: conv3 64>128 bias, relu, conv3 128>128 bias, relu
16: conv3 128>256 bias, relu, conv3 256>256 bias, relu
8: conv3 256>512 bias, relu, conv3 512>512 bias, relu
4: conv3 512>1024 bias, relu, conv3 1024>1024 bias, relu, dropout 0.5
8: nearest, conv2 1024>512 bias, relu, conv3 1024>512 bias, relu, conv3 512>512 bias, relu
16: nearest, conv2 512>256 bias, relu, conv3 512>256 bias, relu, conv3 256>256 bias, relu
32: nearest, conv2 256>128 bias, relu, conv3 256>128 bias, relu, conv3 128>128 bias, relu
64: nearest, conv2 128>64 bias, relu, conv3 128>64 bias, relu, conv3 64>64 bias, relu, \
conv1 64>12 bias, relu, conv1 12>12 bias
"""

# Half the width, no norm, dropout at levels 4 and 5 before the skip is taken, 3×3 up-convolutions, a 3×3 in the head.
CARLA = """
64: conv3 3>32 bias, relu, conv3 32>32 bias, relu
32: conv3 32>64 bias, relu, conv3 64>64 bias, relu
16: conv3 64>128 bias, relu, conv3 128>128 bias, relu
8: conv3 128>256 bias, relu, conv3 256>256 bias, relu, dropout 0.3
4: conv3 256>512 bias, relu, conv3 512>512 bias, relu, dropout 0.3
8: up3 512>256 bias, conv3 512>256 bias, relu, conv3 256>256 bias, relu
16: up3 256>128 bias, conv3 256>128 bias, relu, conv3 128>128 bias, relu
32: up3 128>64 bias, conv3 128>64 bias, relu, conv3 64>64 bias, relu
64: up3 64>32 bias, conv3 64>32 bias, relu, conv3 32>32 bias, relu, conv3 32>32 bias, relu, conv1 32>23 bias
"""

# One batch norm a block, after the ReLU of both its convolutions.
FOREST = """
64: conv3 3>64 bias, relu, norm a, conv3 64>64 bias, relu, norm a
32: conv3 64>128 bias, relu, norm b, conv3 128>128 bias, relu, norm b
16: conv3 128>256 bias, relu, norm c, conv3 256>256 bias, relu, norm c
8: conv3 256>512 bias, relu, norm d, conv3 512>512 bias, relu, norm d
4: conv3 512>1024 bias, relu, norm e, conv3 1024>1024 bias, relu, norm e
8: up2 1024>512 bias, conv3 1024>512 bias, relu, norm f, conv3 512>512 bias, relu, norm f
16: up2 512>256 bias, conv3 512>256 bias, relu, norm g, conv3 256>256 bias, relu, norm g
32: up2 256>128 bias, conv3 256>128 bias, relu, norm h, conv3 128>128 bias, relu, norm h
64: up2 128>64 bias, conv3 128>64 bias, relu, norm i, conv3 64>64 bias, relu, norm i, conv1 64>1 bias
"""

LAYERS = [
    ("original", 1, 2, ORIGINAL),
    ("infrared", 3, 1, INFRARED),
    ("infrared-double", 3, 1, INFRARED_DOUBLE),
    ("camvid", 1, 12, CAMVID),
    ("carla", 3, 23, CARLA),
    ("forest", 3, 1, FOREST),
]


@pytest.mark.parametrize(("preset", "channels", "outputs", "total"), TOTALS)
def test_the_total_of_parameters_is_the_sources(preset: str, channels: int, outputs: int, total: int) -> None:
    assert parameter_count(weightless(preset, channels, outputs)) == total


@pytest.mark.parametrize(("preset", "channels", "outputs", "description"), LAYERS)
def test_the_layers_are_the_sources(preset: str, channels: int, outputs: int, description: str) -> None:
    assert trace(weightless(preset, channels, outputs), channels) == description.strip()


def test_the_skip_of_carla_is_taken_after_its_dropout() -> None:
    network = build("unet", PRESETS["carla"] | {"width": 1, "dropout": 0.999}, 3, 2).train()
    seen = list[Tensor]()
    decoder: nn.Module = network.get_submodule("decoder.0")
    decoder.register_forward_pre_hook(lambda _, given: seen.append(given[1]))
    network(torch.rand(1, 3, 16, 16))

    assert not seen[0].any()


def weightless(preset: str, channels: int, outputs: int) -> nn.Module:
    """A preset's network without memory for its weights: shapes are all that is asked."""
    with torch.device("meta"):
        return build("unet", PRESETS[preset], channels, outputs).eval()


def trace(network: nn.Module, channels: int) -> str:
    """The layers in the order of work, those of one height in one line."""
    lines = list[tuple[int, list[str]]]()
    norms = dict[int, str]()

    def note(layer: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        if not lines or lines[-1][0] != output.shape[2]:
            lines.append((output.shape[2], []))
        lines[-1][1].append(described(layer, norms))

    for module in network.modules():
        if not list(module.children()) and not isinstance(module, nn.Identity):
            module.register_forward_hook(note)
    network(torch.empty(1, channels, 64, 64, device="meta"))
    return "\n".join(f"{height}: {', '.join(layers)}" for height, layers in lines)


def described(layer: nn.Module, norms: dict[int, str]) -> str:
    """A layer in a word or two; a norm by a letter of its own, so that a shared one shows."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        word = "up" if isinstance(layer, nn.ConvTranspose2d) else "conv"
        bias = " bias" if layer.bias is not None else ""
        return f"{word}{layer.kernel_size[0]} {layer.in_channels}>{layer.out_channels}{bias}"
    if isinstance(layer, nn.BatchNorm2d):
        return f"norm {norms.setdefault(id(layer), chr(ord('a') + len(norms)))}"
    if isinstance(layer, nn.Dropout):
        return f"dropout {layer.p}"
    return layer.mode if isinstance(layer, nn.Upsample) else type(layer).__name__.lower()
