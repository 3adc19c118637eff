"""Which weights move together, and how far: groups of them, and a step of them all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from unetkit.networks.levels import levels
from unetkit.training.updates import RULES, Pull, Rule, State


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


@dataclass(slots=True)
class ParameterGroup:
    """Weights that are pulled alike.

    Attributes:
        weights: trainable ones.
        share: of the learning rate, above 0, at most 1.
        decay: weight decay.
        states: what is remembered of each of the weights; {} before its first step.
    """

    weights: list[nn.Parameter]
    share: float
    decay: float
    states: list[State] = field(default_factory=list[State])

    def __post_init__(self) -> None:
        self.states = [{} for _ in self.weights]


class Optimiser:
    """Moves the weights of its groups against their gradients.

    Attributes:
        rate: learning rate; each group takes its share.
        momentum: 0..1; Adam's is its first beta.
        skips: whether `step` can leave out what only the device knows to be wrong.
    """

    def __init__(self, rule: Rule, groups: list[ParameterGroup], hyper: Hyper) -> None:
        self.groups = groups
        self.skips = rule.skips
        self.rate = hyper.rate
        self.momentum = hyper.momentum if rule.momentum is None else rule.momentum
        self._rule = rule

    def zero(self) -> None:
        """Forget all gradients."""
        for group in self.groups:
            for weight in group.weights:
                weight.grad = None

    @torch.no_grad()
    def step(self, skipped: Tensor | None = None) -> None:
        """Move each weight that has a gradient, in place; none where `skipped`, a number on the device, is 1."""
        for group in self.groups:
            pulled = [
                (weight, weight.grad, self._state(group, number))
                for number, weight in enumerate(group.weights)
                if weight.grad is not None
            ]
            if pulled:
                weights, gradients, states = zip(*pulled, strict=True)
                pull = Pull(self.rate * group.share, self.momentum, group.decay, skipped)
                self._rule.update(weights, gradients, states, pull)

    def forget(self) -> None:
        """Be as before the first step, but for rate and momentum."""
        for group in self.groups:
            group.states = [{} for _ in group.weights]

    def tensors(self) -> dict[str, Tensor]:
        """What is remembered, by number of the weight and name."""
        states = [state for group in self.groups for state in group.states]
        return {f"{number}.{name}": tensor for number, state in enumerate(states) for name, tensor in state.items()}

    def load(self, tensors: dict[str, Tensor]) -> None:
        """Remember what another one's `tensors` gave."""
        self.forget()
        places = [(group, number) for group in self.groups for number in range(len(group.weights))]
        for key, tensor in tensors.items():
            number, name = key.split(".", 1)
            group, place = places[int(number)]
            # In the weight's memory order: the kernels walk both by address.
            self._state(group, place)[name].copy_(tensor)

    def _state(self, group: ParameterGroup, number: int) -> State:
        if not group.states[number]:
            group.states[number] = self._rule.state(group.weights[number])
        return group.states[number]


def build_optimiser(name: str, network: nn.Module, hyper: Hyper) -> Optimiser:
    """An optimiser over all trainable weights; only convolution kernels decay (biases and norms do not).

    Args:
        name: a key of `RULES`.
    """
    parts = _by_level(network, hyper.layer_rate) if hyper.layer_rate < 1 else [(1.0, network)]
    groups = [group for share, part in parts for group in _groups(part, share, hyper)]
    return Optimiser(RULES[name], groups, hyper)


def _by_level(network: nn.Module, layer_rate: float) -> list[tuple[float, nn.Module]]:
    """The levels from the head back to the image, each with its share of the rate; the head has all of it."""
    return [(layer_rate**number, level) for number, level in enumerate(reversed(levels(network).values()))]


def _groups(part: nn.Module, share: float, hyper: Hyper) -> Iterator[ParameterGroup]:
    """One group of kernels, one of the rest, without what is frozen; a group of nothing is none."""
    trainable = [weight for weight in part.parameters() if weight.requires_grad]
    kernels = [weight for weight in trainable if weight.ndim > 1]
    others = [weight for weight in trainable if weight.ndim <= 1]
    for weights, decay in ((kernels, hyper.weight_decay), (others, 0.0)):
        if weights:
            yield ParameterGroup(weights, share, decay)
