"""How weights move, by name: each rule takes weights, their gradients and what it remembers of each of them.

These are PyTorch's own kernels, one call for all weights, without `torch.optim` around them: its first step imports
PyTorch's compiler, which takes more than a second, and nothing here uses it.
"""

# The kernels have no public names.
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

EPSILON = 1e-8
SECOND_BETA = 0.999  # of Adam
ALPHA = 0.99  # of RMSprop

State = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Pull:
    """What a step is made with.

    Attributes:
        rate: at least 0.
        momentum: 0..1; Adam's first beta.
        decay: weight decay, at least 0.
        skipped: 1 where the step is not to be made, as the device alone knows; None makes it.
    """

    rate: float
    momentum: float
    decay: float
    skipped: Tensor | None = None


Update = Callable[[Sequence[Tensor], Sequence[Tensor], Sequence[State], Pull], None]


@dataclass(frozen=True, slots=True)
class Rule:
    """An optimiser.

    Attributes:
        update: moves weights, in place.
        remembers: what it keeps of each weight, in the weight's shape.
        counts: whether it keeps the number of its steps, too, as `step`.
        momentum: the momentum it has by itself; None where the settings say it.
        skips: whether it heeds `Pull.skipped`.
    """

    update: Update
    remembers: tuple[str, ...]
    counts: bool = False
    momentum: float | None = None
    skips: bool = True

    def state(self, weight: Tensor) -> State:
        """What is remembered of a weight that was never moved."""
        kept = {name: torch.zeros_like(weight, requires_grad=False) for name in self.remembers}
        return {"step": torch.zeros((), device=weight.device), **kept} if self.counts else kept


def _adam(kernel: Callable[..., None]) -> Update:
    def update(weights: Sequence[Tensor], gradients: Sequence[Tensor], states: Sequence[State], pull: Pull) -> None:
        steps = [state["step"] for state in states]
        torch._foreach_add_(steps, 1)
        kernel(
            list(weights),
            list(gradients),
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [],
            steps,
            lr=pull.rate,
            beta1=pull.momentum,
            beta2=SECOND_BETA,
            weight_decay=pull.decay,
            eps=EPSILON,
            amsgrad=False,
            maximize=False,
            found_inf=pull.skipped,
        )
        if pull.skipped is not None:
            torch._foreach_sub_(steps, [pull.skipped] * len(steps))

    return update


def _sgd(weights: Sequence[Tensor], gradients: Sequence[Tensor], states: Sequence[State], pull: Pull) -> None:
    buffers = [state["momentum_buffer"] for state in states] if pull.momentum else []  # the kernel wants none unused
    torch._fused_sgd_(
        list(weights),
        list(gradients),
        buffers,
        weight_decay=pull.decay,
        momentum=pull.momentum,
        lr=pull.rate,
        dampening=0.0,
        nesterov=False,
        maximize=False,
        is_first_step=False,  # the buffer begins with zeros
        found_inf=pull.skipped,
    )


def _rmsprop(weights: Sequence[Tensor], gradients: Sequence[Tensor], states: Sequence[State], pull: Pull) -> None:
    for weight, gradient, state in zip(weights, gradients, states, strict=True):
        pulled = gradient.add(weight, alpha=pull.decay)
        state["square_avg"].mul_(ALPHA).addcmul_(pulled, pulled, value=1 - ALPHA)
        state["momentum_buffer"].mul_(pull.momentum).addcdiv_(pulled, state["square_avg"].sqrt().add_(EPSILON))
        weight.add_(state["momentum_buffer"], alpha=-pull.rate)


# Kingma and Ba 2015 (arXiv 1412.6980); Loshchilov and Hutter 2019 (arXiv 1711.05101); Polyak 1964; Hinton 2012.
RULES: dict[str, Rule] = {
    "adam": Rule(_adam(torch._fused_adam_), ("exp_avg", "exp_avg_sq"), counts=True, momentum=0.9),
    "adamw": Rule(_adam(torch._fused_adamw_), ("exp_avg", "exp_avg_sq"), counts=True, momentum=0.9),
    "sgd": Rule(_sgd, ("momentum_buffer",)),
    "rmsprop": Rule(_rmsprop, ("square_avg", "momentum_buffer"), skips=False),
}
