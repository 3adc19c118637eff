"""Weights into a network by name and shape; what does not fit keeps its fresh values, and is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor, nn

Tensors = Mapping[str, "npt.NDArray[Any] | Tensor"]
Fit = Callable[[str, Tensor, torch.Size], Tensor | None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of the tensors of a network.

    Attributes:
        kept: names in the network that took their values from the source.
        reset: names in the network without a tensor of that name and shape; they keep their fresh values.
        unused: names in the source that the network does not have, or has in another shape.
    """

    kept: tuple[str, ...]
    reset: tuple[str, ...]
    unused: tuple[str, ...]

    def __str__(self) -> str:
        parts = [f"{len(self.kept)} tensors kept", f"{len(self.reset)} reset{_examples(self.reset)}"]
        return ", ".join([*parts, f"{len(self.unused)} unused{_examples(self.unused)}"])


def load_weights(network: nn.Module, tensors: Tensors, *, fit: Fit | None = None) -> Loaded:
    """Copy into `network` every tensor whose name and shape it knows.

    Args:
        network: any module; it keeps its device and dtypes.
        tensors: named arrays or tensors, such as another network's state.
        fit: name, tensor and the shape the network has under that name → the tensor in that shape where it can be
            brought to it, otherwise unchanged; None leaves it out.
    """
    own: dict[str, Tensor] = dict(network.state_dict())
    found = {name: torch.as_tensor(value) for name, value in tensors.items() if name in own}
    if fit is not None:
        fitted = {name: fit(name, value, own[name].shape) for name, value in found.items()}
        found = {name: value for name, value in fitted.items() if value is not None}
    kept = [name for name, value in found.items() if value.shape == own[name].shape]
    with torch.no_grad():
        for name in kept:
            own[name].copy_(found[name])
    taken = set(kept)
    return Loaded(
        tuple(name for name in own if name in taken),
        tuple(name for name in own if name not in taken),
        tuple(name for name in tensors if name not in taken),
    )


def _examples(names: tuple[str, ...], most: int = 3) -> str:
    if not names:
        return ""
    return f" ({', '.join(names[:most])}{', …' if len(names) > most else ''})"
