"""Transposed convolutions are PyTorch's own, whatever way their bias takes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from unetkit.networks.growing import Transposed


@pytest.mark.parametrize(("kernel", "around"), [(2, 0), (3, 1)])
def test_values_and_gradients_are_those_of_a_convolution_with_its_bias_inside(kernel: int, around: int):
    kinds = (Transposed, nn.ConvTranspose2d)
    ours, oracle = (kind(6, 4, kernel, 2, padding=around, output_padding=around).double() for kind in kinds)
    oracle.load_state_dict(ours.state_dict())
    features = torch.randn(2, 6, 5, 7, dtype=torch.float64)
    for layer in (ours, oracle):
        layer(features).square().sum().backward()
    torch.testing.assert_close(ours(features), oracle(features))
    for weight, other in zip(ours.parameters(), oracle.parameters(), strict=True):
        torch.testing.assert_close(weight.grad, other.grad)
