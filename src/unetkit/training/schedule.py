"""The learning rate over a run: pure functions of how far the run has come, and one that listens to the scores."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

PLATEAU_PATIENCE = 3
PLATEAU_FACTOR = 0.5
FIRST_RATE = 0.04


@dataclass(frozen=True, slots=True)
class Shape:
    """What a schedule needs to know.

    Attributes:
        warm_up: share of the run in which the rate rises, 0..1.
        final: last rate as a share of the highest, 0..1.
    """

    warm_up: float
    final: float


def _constant(_progress: float, _shape: Shape) -> float:
    return 1.0


def _one_cycle(progress: float, shape: Shape) -> float:
    if progress < shape.warm_up:
        return _between(FIRST_RATE, 1.0, progress / shape.warm_up)
    return _between(1.0, shape.final, _after_warm_up(progress, shape))


def _cosine(progress: float, shape: Shape) -> float:
    if progress < shape.warm_up:
        return _rising(progress, shape)
    return _between(1.0, shape.final, _after_warm_up(progress, shape))


def _poly(progress: float, shape: Shape) -> float:
    if progress < shape.warm_up:
        return _rising(progress, shape)
    return shape.final + (1 - shape.final) * (1 - _after_warm_up(progress, shape)) ** 0.9


SCHEDULES: dict[str, Callable[[float, Shape], float]] = {
    "constant": _constant,
    "one-cycle": _one_cycle,
    "cosine": _cosine,
    "poly": _poly,
    "plateau": _constant,
}


@dataclass(frozen=True, slots=True)
class Plateau:
    """Halves the rate when `PLATEAU_PATIENCE` scorings in a row brought nothing better.

    Attributes:
        best: the best score so far, higher is better.
        waited: scorings since.
        factor: the rate as a share of the highest.
    """

    best: float = -math.inf
    waited: int = 0
    factor: float = 1.0

    def after(self, score: float) -> Plateau:
        """The state after one more scoring."""
        if score > self.best:
            return Plateau(score, 0, self.factor)
        if self.waited + 1 > PLATEAU_PATIENCE:
            return Plateau(self.best, 0, self.factor * PLATEAU_FACTOR)
        return Plateau(self.best, self.waited + 1, self.factor)


@dataclass(frozen=True, slots=True)
class Rates:
    """The learning rate and the momentum of every step of a run.

    Attributes:
        schedule: a key of `SCHEDULES`; "plateau" is constant until the scores stop rising.
        highest: the highest learning rate.
    """

    schedule: str
    shape: Shape
    highest: float

    def rate(self, step: int, total: int, plateau: Plateau) -> float:
        """The learning rate of step `step` (0-based) of `total`."""
        listening = plateau.factor if self.schedule == "plateau" else 1.0
        return self.highest * listening * rate_factor(self.schedule, step, total, self.shape)

    def momentum(self, step: int, total: int) -> float | None:
        """The momentum of the step; None where the schedule leaves it alone."""
        return one_cycle_momentum(step, total, self.shape) if self.schedule == "one-cycle" else None


def rate_factor(name: str, step: int, total: int, shape: Shape) -> float:
    """The learning rate of step `step` (0-based) of `total`, as a share of the highest rate.

    The last step of a plan has exactly the final value, however `total` was cut on the way.
    one-cycle: Smith and Topin 2018, arXiv 1708.07120 (cosine flanks, one peak); poly: power 0.9, as in DeepLab.
    """
    return SCHEDULES[name](_progress(step, total), shape)


def one_cycle_momentum(step: int, total: int, shape: Shape) -> float:
    """Momentum runs against the rate: 0.95 where the rate is low, 0.85 where it is highest (Smith 2018)."""
    return 0.95 - 0.1 * _one_cycle(_progress(step, total), shape)


def _progress(step: int, total: int) -> float:
    return min(step / max(total - 1, 1), 1.0)


def _rising(progress: float, shape: Shape) -> float:
    """A straight warm-up; it starts above zero, so that no step is wasted."""
    return FIRST_RATE + (1 - FIRST_RATE) * progress / shape.warm_up


def _after_warm_up(progress: float, shape: Shape) -> float:
    return (progress - shape.warm_up) / (1 - shape.warm_up)


def _between(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
