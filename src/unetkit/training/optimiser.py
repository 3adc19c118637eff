"""Optimisers, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from unetkit.networks.levels import levels


@dataclass(frozen=True, slots=True)
class Hyper:
    """What an optimiser is built with: rate > 0, momentum 0..1 (sgd, rmsprop), weight decay ≥ 0.

    Attributes:
        layer_rate: rate of each level of the network as a share of that of the level after it, above 0, at most 1.
    """

    rate: float
    momentum: float
    weight_decay: float
    layer_rate: float = 1.0


Groups = Sequence[dict[str, Any]]


def _adam(groups: Groups, hyper: Hyper) -> torch.optim.Optimizer:
    return torch.optim.Adam(groups, lr=hyper.rate, fused=True)


def _adamw(groups: Groups, hyper: Hyper) -> torch.optim.Optimizer:
    return torch.optim.AdamW(groups, lr=hyper.rate, fused=True)


def _sgd(groups: Groups, hyper: Hyper) -> torch.optim.Optimizer:
    return torch.optim.SGD(groups, lr=hyper.rate, momentum=hyper.momentum, fused=True)


def _rmsprop(groups: Groups, hyper: Hyper) -> torch.optim.Optimizer:
    return torch.optim.RMSprop(groups, lr=hyper.rate, momentum=hyper.momentum)


OPTIMISERS: dict[str, Callable[[Groups, Hyper], torch.optim.Optimizer]] = {
    "adam": _adam,
    "adamw": _adamw,
    "sgd": _sgd,
    "rmsprop": _rmsprop,
}


def build_optimiser(name: str, network: nn.Module, hyper: Hyper) -> torch.optim.Optimizer:
    """An optimiser over all trainable weights; only convolution kernels decay (biases and norms do not).

    Each of its groups carries its `share` of the learning rate; the first one has all of it.
    """
    parts = _by_level(network, hyper.layer_rate) if hyper.layer_rate < 1 else [(1.0, network)]
    return OPTIMISERS[name]([group for share, part in parts for group in _groups(part, share, hyper)], hyper)


def _by_level(network: nn.Module, layer_rate: float) -> list[tuple[float, nn.Module]]:
    """The levels from the head back to the image, each with its share of the rate; the head has all of it."""
    return [(layer_rate**number, level) for number, level in enumerate(reversed(levels(network).values()))]


def _groups(part: nn.Module, share: float, hyper: Hyper) -> Iterator[dict[str, Any]]:
    """One group of kernels, one of the rest, without what is frozen; a group of nothing is none."""
    trainable = [weight for weight in part.parameters() if weight.requires_grad]
    kernels = [weight for weight in trainable if weight.ndim > 1]
    others = [weight for weight in trainable if weight.ndim <= 1]
    for weights, decay in ((kernels, hyper.weight_decay), (others, 0.0)):
        if weights:
            yield {"params": weights, "weight_decay": decay, "lr": hyper.rate * share, "share": share}


def set_rate(optimiser: torch.optim.Optimizer, rate: float, momentum: float | None) -> None:
    """Set the learning rate, of which each group takes its share; where `momentum` is given, the momentum, too.

    Adam's momentum is its first beta.
    """
    for group in optimiser.param_groups:
        group["lr"] = rate * group["share"]
        if momentum is None:
            continue
        if "betas" in group:
            group["betas"] = (momentum, group["betas"][1])
        elif "momentum" in group:
            group["momentum"] = momentum
