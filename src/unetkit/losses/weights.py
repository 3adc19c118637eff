"""Class weights from the pixel counts of the train split: rare classes count for more. NumPy only."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import Counts
from unetkit.errors import ConfigError, DataError
from unetkit.extras import unknown_choice

Weights = npt.NDArray[np.float64]

STRONG_IMBALANCE = 20.0
"""From this ratio of the typical to the rarest class on weights are suggested; see `imbalance`."""


def class_weights(counts: Counts, method: str, *, where_present: Counts | None = None) -> Weights:
    """A weight per class, [n].

    - "none": 1 for all.
    - "inverse": 1 / share.
    - "median": median share / share, the share taken within the images that show the class (Eigen and Fergus 2015).
    - "enet": 1 / ln(1.02 + share), between 1.4 and 51 before scaling (Paszke et al. 2016, "ENet").
    - "effective": (1 − β) / (1 − β^count), the inverse of the effective number (Cui et al. 2019). Neighbouring pixels
      say the same, so β is not near 1 by itself: "effective:0.99999" gives it; otherwise β = 1 − 1 / N with N the
      mean count, so that common classes weigh alike and rare ones nearly by the inverse.
    - numbers: "1,2.5,0.3", one per class, taken as they are.

    Computed weights have the mean 1 over the classes that occur; a class without a pixel has the weight 0.

    Args:
        counts: pixels of each class, ignore left out.
        method: one of the above.
        where_present: for "median", the pixels of all images that show the class. Without it the shares of the whole
            are taken, and the result equals "inverse".

    Raises:
        ConfigError: no such method, or not one number per class.
        DataError: no pixel has a class.
    """
    if method[:1].isdigit() or method[:1] in (".", "-"):
        return _given(method, len(counts))
    name, _, argument = method.partition(":")
    if name not in _METHODS and name != "none":
        raise unknown_choice("method of class weights", method, ["none", *_METHODS, "numbers such as '1,2.5,0.3'"])
    if counts.sum() <= 0:
        raise DataError("no pixel of the train split has a class: there is nothing to weigh", where="loss.weights")
    if name == "none":
        return np.ones(len(counts))
    if name == "median" and where_present is not None:
        return _scaled(where_present / np.maximum(counts, 1), counts)
    if name == "effective" and argument:
        return _scaled(_effective(counts, _beta(argument)), counts)
    return _scaled(_METHODS[name](counts), counts)


def suggest_weights(counts: Counts) -> str | None:
    """The method to use when the imbalance is strong, "enet" because its weights are bounded; otherwise None."""
    return "enet" if imbalance(counts) >= STRONG_IMBALANCE else None


def imbalance(counts: Counts) -> float:
    """How many times rarer the rarest class is than the typical one: the median, or of two the other. At least 1."""
    present = np.sort(counts[counts > 0])
    if len(present) < 2:
        return 1.0
    typical = present[1] if len(present) == 2 else np.median(present)
    return float(typical / present[0])


def _shares(counts: Counts) -> Weights:
    return counts / counts.sum()


def _inverse(counts: Counts) -> Weights:
    return 1 / np.maximum(_shares(counts), np.finfo(float).tiny)


def _enet(counts: Counts) -> Weights:
    return 1 / np.log(1.02 + _shares(counts))


def _effective(counts: Counts, beta: float | None = None) -> Weights:
    if beta is None:
        beta = 1 - 1 / max(float(counts[counts > 0].mean()), 2.0)
    # 1 − β^n without cancellation for β near 1.
    return (1 - beta) / -np.expm1(np.maximum(counts, 1) * math.log(beta))


_METHODS: dict[str, Callable[[Counts], Weights]] = {
    "inverse": _inverse,
    "median": _inverse,
    "enet": _enet,
    "effective": _effective,
}


def _scaled(weights: Weights, counts: Counts) -> Weights:
    """Weights with the mean 1 over the classes that occur, and 0 for the others."""
    present = counts > 0
    weights = np.where(present, weights, 0.0)
    return weights / weights[present].mean()


def _beta(text: str) -> float:
    try:
        beta = float(text)
    except ValueError:
        beta = math.nan
    if not 0 < beta < 1:
        raise ConfigError(f"β is {text!r}", where="loss.weights", advice="a number between 0 and 1: effective:0.99999")
    return beta


def _given(text: str, classes: int) -> Weights:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise ConfigError(f"{text!r} is no list of numbers", where="loss.weights", advice="such as 1,2.5,0.3") from None
    if len(numbers) != classes:
        raise ConfigError(
            f"{len(numbers)} class weights for {classes} classes",
            where=f"loss.weights: {text}",
            advice="give one number per class, in the order of the class ids",
        )
    weights = np.array(numbers)
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
        raise ConfigError(
            "a class weight is a finite number, 0 or more, and one of them is more",
            where=f"loss.weights: {text}",
            advice="0 leaves a class out of the loss",
        )
    return weights
