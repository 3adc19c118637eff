"""Every network of the table keeps the contract: the U-Net in its main shapes, and on a foreign encoder."""

from __future__ import annotations

import pytest
from torch import nn

from unetkit.networks import build

from contracts.network import NetworkContract

TINY: dict[str, object] = {"depth": 2, "width": 4, "width_cap": 8}


class TestStrided(NetworkContract):
    def make(self, channels: int, outputs: int) -> nn.Module:
        return build("unet", {**TINY, "stem_stride": 4}, channels, outputs)


class TestClassic(NetworkContract):
    def make(self, channels: int, outputs: int) -> nn.Module:
        plain = {"stem_stride": 1, "norm": "none", "convolution_bias": True, "upsampling": "transposed-2"}
        return build("unet", {**TINY, **plain}, channels, outputs)


class TestResidualWithGates(NetworkContract):
    def make(self, channels: int, outputs: int) -> nn.Module:
        choices = {"block": "residual", "attention": True, "norm": "group", "activation": "silu", "width": 8}
        return build("unet", {**TINY, **choices, "upsampling": "sub-pixel"}, channels, outputs)


class TestSharedNormAfterTheActivation(NetworkContract):
    def make(self, channels: int, outputs: int) -> nn.Module:
        choices = {"shared_norm": True, "norm_place": "after", "upsampling": "nearest", "head": "convolution"}
        return build("unet", {**TINY, **choices}, channels, outputs)


class TestSeven(NetworkContract):
    def make(self, channels: int, outputs: int) -> nn.Module:
        return build(
            "unet",
            {**TINY, "depth": 7, "width_cap": 4, "upsampling": "transposed-3", "stem_stride": 2},
            channels,
            outputs,
        )


@pytest.mark.usefixtures("foreign")
class TestForeignEncoder(NetworkContract):
    def make(self, channels: int, outputs: int) -> nn.Module:
        return build("timm-unet", {"encoder": "stand_in", "width_cap": 16}, channels, outputs)
