"""Weights into a network by name and shape; what does not fit keeps its fresh values, and is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor, nn

from unetkit.networks.levels import levels

Tensors = Mapping[str, "npt.NDArray[Any] | Tensor"]
Fit = Callable[[str, Tensor, torch.Size], Tensor | None]


_COUNTER = "num_batches_tracked"  # of batch norm: it fits any network, and is neither kept nor reset
_LIKE_A_LEVEL = re.compile(r"^[^.]*(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of the tensors of a network. As text, it names the levels that hold them.

    Attributes:
        levels: of the network, from the image to the scores.
        kept: names in the network that took their values from the source.
        reset: names in the network that keep fresh values, in whole or in part.
        unused: names in the source that the network does not have, or has in another shape.
    """

    levels: tuple[str, ...]
    kept: tuple[str, ...]
    reset: tuple[str, ...]
    unused: tuple[str, ...]

    def __str__(self) -> str:
        kept, reset = ({self._level(name) for name in names} for names in (self.kept, self.reset))
        unused = [level for level in dict.fromkeys(map(self._level, self.unused)) if level not in reset]
        said = {
            "kept": spans(kept - reset, self.levels),
            "kept in part": spans(kept & reset, self.levels),
            "reset": spans(reset - kept, self.levels),
            "unused": spans(unused, unused),
        }
        return "; ".join(f"{what} {which}" for what, which in said.items() if which)

    def _level(self, name: str) -> str:
        """The level that holds a tensor; of a name that the network does not know, what looks like one."""
        own = (level for level in self.levels if name.startswith(f"{level}."))
        return next(own, None) or _LIKE_A_LEVEL.findall(name)[0]


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
        tuple(levels(network)),
        _listed(name for name in own if name in taken),
        _listed(name for name in own if name not in taken),
        _listed(name for name in tensors if name not in taken),
    )


def spans(chosen: Collection[str], among: Sequence[str]) -> str:
    """The chosen levels in the order of `among`, neighbours of one kind as a span: "stem, encoder.0 to encoder.3"."""
    kinds = groupby(among, key=lambda level: (level.partition(".")[0], level in chosen))
    groups = [list(group) for (_, is_chosen), group in kinds if is_chosen]
    return ", ".join(group[0] if len(group) == 1 else f"{group[0]} to {group[-1]}" for group in groups)


def _listed(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if not name.endswith(_COUNTER))
