"""Networks: the U-Net family, its presets, and an optional foreign encoder.

Rows of `NETWORKS` are strings, so that choices can be listed without importing torch; the functions below are imported
when they are first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from unetkit.networks.presets import PRESETS

if TYPE_CHECKING:
    from unetkit.networks.loading import Loaded, load_weights
    from unetkit.networks.network import build, class_scores, parameter_count

NETWORKS: dict[str, str] = {
    "unet": "unetkit.networks.unet:make",
    "timm-unet": "unetkit.networks.timm_unet:make",
}

_HOMES = {
    "build": "network",
    "class_scores": "network",
    "parameter_count": "network",
    "Loaded": "loading",
    "load_weights": "loading",
}

__all__ = ["NETWORKS", "PRESETS", "Loaded", "build", "class_scores", "load_weights", "parameter_count"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
