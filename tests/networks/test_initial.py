"""Initial weights: their spread, and what is drawn by which rule."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from unetkit.networks.anatomy import Anatomy, Initialisation
from unetkit.networks.unet import UNet


def weight(name: str, rule: Initialisation, **choices: object) -> Tensor:
    torch.manual_seed(0)
    network = UNet(3, 2, Anatomy(depth=2, width=32, width_cap=128, initialisation=rule, **choices))  # type: ignore[arg-type]
    return network.get_parameter(name).detach()


def test_he_normal_has_the_variance_two_over_inputs() -> None:
    drawn = weight("encoder.1.convolutions.0.weight", "he-normal")

    assert drawn.std().item() == pytest.approx(math.sqrt(2 / (9 * 32)), rel=0.02)
    assert drawn.abs().max() > 3 * drawn.std()  # normal, not uniform


def test_he_normal_leaves_the_linear_layers_to_glorot() -> None:
    drawn = weight("decoder.0.growing.0.weight", "he-normal")

    assert drawn.abs().max().item() == pytest.approx(math.sqrt(6 / (128 + 64)), rel=0.02)


def test_glorot_is_uniform_with_the_variance_two_over_inputs_and_outputs() -> None:
    drawn = weight("encoder.1.convolutions.0.weight", "glorot")

    assert drawn.std().item() == pytest.approx(math.sqrt(2 / (9 * (32 + 64))), rel=0.02)
    assert drawn.abs().max().item() == pytest.approx(math.sqrt(6 / (9 * (32 + 64))), rel=0.02)


def test_default_is_pytorchs_own() -> None:
    drawn = weight("encoder.1.convolutions.0.weight", "default")

    assert drawn.abs().max().item() == pytest.approx(1 / math.sqrt(9 * 32), rel=0.02)


@pytest.mark.parametrize("rule", ["he-normal", "glorot"])
def test_biases_start_at_zero(rule: Initialisation) -> None:
    assert not weight("encoder.0.convolutions.0.bias", rule, convolution_bias=True).any()


def test_a_sub_pixel_layer_starts_as_nearest_growing() -> None:
    torch.manual_seed(0)
    growing = UNet(1, 1, Anatomy(depth=1, width=4, upsampling="sub-pixel")).decoder[0].get_submodule("growing")
    grown = growing(torch.randn(1, 8, 5, 5))

    torch.testing.assert_close(grown, grown[..., ::2, ::2].repeat_interleave(2, 2).repeat_interleave(2, 3))
