"""Optimisers, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True, slots=True)
class Hyper:
    """What an optimiser is built with: rate > 0, momentum 0..1 (sgd, rmsprop), weight decay ≥ 0."""

    rate: float
    momentum: float
    weight_decay: float


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
    """An optimiser over all trainable weights; only convolution kernels decay (biases and norms do not)."""
    trainable = [weight for weight in network.parameters() if weight.requires_grad]
    kernels = [weight for weight in trainable if weight.ndim > 1]
    others = [weight for weight in trainable if weight.ndim <= 1]
    decaying = {"params": kernels, "weight_decay": hyper.weight_decay}
    groups = [decaying] + ([{"params": others, "weight_decay": 0.0}] if others else [])
    return OPTIMISERS[name](groups, hyper)


def set_rate(optimiser: torch.optim.Optimizer, rate: float, momentum: float | None) -> None:
    """Set the learning rate, and where `momentum` is given the momentum (Adam's first beta)."""
    for group in optimiser.param_groups:
        group["lr"] = rate
        if momentum is None:
            continue
        if "betas" in group:
            group["betas"] = (momentum, group["betas"][1])
        elif "momentum" in group:
            group["momentum"] = momentum
