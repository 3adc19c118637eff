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

Memory = dict[str, Tensor]


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


Update = Callable[[Sequence[Tensor], Sequence[Tensor], Sequence[Memory], Pull], None]


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

    def memory(self, weight: Tensor) -> Memory:
        """What is remembered of a weight that was never moved."""
        kept = {name: torch.zeros_like(weight, requires_grad=False) for name in self.remembers}
        return {"step": torch.zeros((), device=weight.device), **kept} if self.counts else kept


def _adam(kernel: Callable[..., None]) -> Update:
    def update(weights: Sequence[Tensor], gradients: Sequence[Tensor], memories: Sequence[Memory], pull: Pull) -> None:
        steps = [memory["step"] for memory in memories]
        torch._foreach_add_(steps, 1)
        kernel(
            list(weights),
            list(gradients),
            [memory["exp_avg"] for memory in memories],
            [memory["exp_avg_sq"] for memory in memories],
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


def _sgd(weights: Sequence[Tensor], gradients: Sequence[Tensor], memories: Sequence[Memory], pull: Pull) -> None:
    torch._fused_sgd_(
        list(weights),
        list(gradients),
        [memory["momentum_buffer"] for memory in memories],
        weight_decay=pull.decay,
        momentum=pull.momentum,
        lr=pull.rate,
        dampening=0.0,
        nesterov=False,
        maximize=False,
        is_first_step=False,  # the buffer begins with zeros
        found_inf=pull.skipped,
    )


def _rmsprop(weights: Sequence[Tensor], gradients: Sequence[Tensor], memories: Sequence[Memory], pull: Pull) -> None:
    for weight, gradient, memory in zip(weights, gradients, memories, strict=True):
        pulled = gradient.add(weight, alpha=pull.decay)
        memory["square_avg"].mul_(ALPHA).addcmul_(pulled, pulled, value=1 - ALPHA)
        memory["momentum_buffer"].mul_(pull.momentum).addcdiv_(pulled, memory["square_avg"].sqrt().add_(EPSILON))
        weight.add_(memory["momentum_buffer"], alpha=-pull.rate)


# Kingma and Ba 2015 (arXiv 1412.6980); Loshchilov and Hutter 2019 (arXiv 1711.05101); Polyak 1964; Hinton 2012.
RULES: dict[str, Rule] = {
    "adam": Rule(_adam(torch._fused_adam_), ("exp_avg", "exp_avg_sq"), counts=True, momentum=0.9),
    "adamw": Rule(_adam(torch._fused_adamw_), ("exp_avg", "exp_avg_sq"), counts=True, momentum=0.9),
    "sgd": Rule(_sgd, ("momentum_buffer",)),
    "rmsprop": Rule(_rmsprop, ("square_avg", "momentum_buffer"), skips=False),
}
