"""Losses: what training minimises, and class weights. Ignore pixels and class weights are honoured by all of them.

Rows of `LOSSES` are strings, so that choices can be listed without importing torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unetkit.losses.expression import build_loss
    from unetkit.losses.weights import class_weights, suggest_weights

LOSSES: dict[str, str] = {
    "cross-entropy": "unetkit.losses.cross_entropy:CrossEntropy",
    "bce": "unetkit.losses.bce:BinaryCrossEntropy",
    "dice": "unetkit.losses.overlap:Dice",
    "focal": "unetkit.losses.focal:Focal",
    "tversky": "unetkit.losses.overlap:Tversky",
    "lovasz": "unetkit.losses.lovasz:Lovasz",
}

_HOMES = {"build_loss": "expression", "class_weights": "weights", "suggest_weights": "weights"}

__all__ = ["LOSSES", "build_loss", "class_weights", "suggest_weights"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
