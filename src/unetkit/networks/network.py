"""From a name and plain values to a network; and what is asked of any network."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from unetkit.extras import choose
from unetkit.networks import NETWORKS


def build(name: str, settings: Mapping[str, object], channels: int, outputs: int) -> nn.Module:
    """A network with fresh weights (drawn from PyTorch's global generator).

    Args:
        name: a row of `NETWORKS`.
        settings: keys of the network section; what is missing takes its default. Keys that speak of something else
            than this network's anatomy (preset, outputs, another network's encoder) are passed over.
        channels: of the image.
        outputs: scores a pixel.

    Raises:
        ConfigError: no such network, key or choice.
        MissingExtra: the network needs an optional package.
    """
    network: nn.Module = choose(NETWORKS, name, "network")(settings, channels, outputs)
    return network


def class_scores(output: Tensor) -> Tensor:
    """A score per class: the logit z of [N, 1, H, W] becomes (0, z); more than one score stay as they are.

    The softmax of (0, z) is (1 − σ(z), σ(z)), so that one logit and two scores are one thing from here on.
    """
    return torch.cat([torch.zeros_like(output), output], dim=1) if output.shape[1] == 1 else output


def parameter_count(network: nn.Module) -> int:
    """Trainable parameters, shared ones counted once."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
