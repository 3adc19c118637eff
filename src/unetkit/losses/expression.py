"""Losses by name, and weighted sums of them: "dice+0.5*focal"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from unetkit.errors import ConfigError
from unetkit.extras import choose, unknown_choice
from unetkit.losses import LOSSES
from unetkit.losses.loss import Loss, LossOptions, Pool

EXAMPLE = "a loss is a name, or a sum: 'dice+0.5*focal'"


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a sum."""

    name: str
    factor: float


class WeightedSum(nn.Module):
    """Σ factor·loss; a single loss is a sum of one."""

    def __init__(self, terms: Sequence[Term], losses: Sequence[Loss]) -> None:
        super().__init__()
        self.terms = tuple(terms)
        self.losses = nn.ModuleList(losses)

    def join(self, pool: Pool) -> None:
        """Share every batch with other processes: from now on the loss is that of all their pixels."""
        for loss in self.losses:
            loss.pool = pool  # type: ignore[assignment]

    def forward(self, scores: Tensor, target: Tensor) -> Tensor:
        """Scores [N, classes, H, W] and target int64 [N, H, W] → one number."""
        parts = [term.factor * loss(scores, target) for term, loss in zip(self.terms, self.losses, strict=True)]
        return torch.stack(parts).sum()


def build_loss(
    expression: str,
    *,
    classes: int,
    class_weights: Sequence[float] | None = None,
    ignore: int = 255,
    label_smoothing: float = 0.0,
    focal_gamma: float = 2.0,
    tversky_alpha: float = 0.5,
    tversky_beta: float = 0.5,
) -> WeightedSum:
    """The loss that `expression` says, called with scores [N, classes, H, W] and target int64 [N, H, W].

    Args:
        expression: names of `LOSSES`, each with a factor where wanted: "cross-entropy", "dice+0.5*focal".

    The other arguments are those of `LossOptions`.

    Raises:
        ConfigError: the expression cannot be read, a name is unknown, or the weights do not fit the classes.
    """
    weights = None if class_weights is None else _checked(class_weights, classes)
    options = LossOptions(classes, weights, ignore, label_smoothing, focal_gamma, tversky_alpha, tversky_beta)
    terms = parse(expression)
    return WeightedSum(terms, [choose(LOSSES, term.name, "loss")(options) for term in terms])


def parse(expression: str) -> tuple[Term, ...]:
    """The terms of a sum, in its order.

    Raises:
        ConfigError: names what cannot be read, and the nearest name.
    """
    return tuple(_term(part.strip(), expression) for part in expression.split("+"))


def _term(part: str, expression: str) -> Term:
    factor, star, name = part.rpartition("*")
    name = name.strip().lower()
    if not name:
        raise ConfigError("a loss is missing", where=f"loss.name: {expression!r}", advice=EXAMPLE)
    if name not in LOSSES:
        error = unknown_choice("loss", name, LOSSES)
        raise ConfigError(error.what, where=f"loss.name: {expression!r}", advice=error.advice)
    return Term(name, _factor(factor, expression) if star else 1.0)


def _factor(text: str, expression: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = math.nan
    if not 0 < factor < math.inf:
        raise ConfigError(f"{text.strip()!r} is no positive number", where=f"loss.name: {expression!r}", advice=EXAMPLE)
    return factor


def _checked(weights: Sequence[float], classes: int) -> tuple[float, ...]:
    if len(weights) != classes:
        raise ConfigError(
            f"{len(weights)} class weights for {classes} classes",
            where="loss.weights",
            advice="give one number per class, in the order of the class ids",
        )
    if not all(0 <= weight < math.inf for weight in weights) or not any(weights):
        raise ConfigError(
            "class weights must be 0 or more, and not all 0", where="loss.weights", advice=f"given: {list(weights)}"
        )
    return tuple(float(weight) for weight in weights)
