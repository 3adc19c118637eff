"""Foreign layers into the places of a network: in order, by kind and shape, and so that it computes the same.

Three things are computed otherwise elsewhere and are turned here, exactly:

- *Joins.* Where the grown features stand before the skip, the input channels of the next kernel change places.
- *Batch norm.* y = γ (x − μ) / √(σ² + ε) + β with another ε: the difference goes into σ².
- *Absent biases* are 0, absent γ are 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import Floats
from unetkit.errors import FormatError
from unetkit.files import Array
from unetkit.importing.blueprint import Blueprint, Slot
from unetkit.importing.foreign import Foreign, Joined, Layer, Source
from unetkit.importing.steps import refuse_other_steps


@dataclass(frozen=True, slots=True)
class Custom:
    """How a framework has it where a file does not say.

    Attributes:
        epsilon: of its batch norms.
        joined: what comes first in the U-Nets that its users write.
    """

    epsilon: float
    joined: Joined


CUSTOMS: dict[Source, Custom] = {"PyTorch": Custom(1e-5, "skip-first"), "Keras": Custom(1e-3, "grown-first")}

Pairs = Sequence[tuple[Slot, Layer]]
Item = TypeVar("Item", Slot, Layer)


def match(blueprint: Blueprint, foreign: Foreign) -> Pairs:
    """Every slot with its layer.

    Raises:
        FormatError: the first layer that has no place, or the first place without a layer; or the first step that
            computes or takes something else, where the file says the steps.
    """
    vague = any(layer.kind == "kernel" for layer in foreign.layers)
    slots, layers = _streams(blueprint.slots, vague), _streams(foreign.layers, vague)
    pairs = [pair for kind in slots | layers for pair in _pairs(kind, slots.get(kind, []), layers.get(kind, []))]
    if foreign.steps is not None:
        refuse_other_steps(blueprint.steps, foreign.steps)
    return pairs


def state_of(
    blueprint: Blueprint, pairs: Pairs, joined: Joined, epsilon_of: Callable[[Layer], float]
) -> dict[str, Array]:
    """The state of the network: every tensor by its name, with its shape and dtype.

    Args:
        joined: what comes first where the foreign network joins a skip.
        epsilon_of: what a foreign norm adds to its variance.

    Raises:
        FormatError: a norm divides by nothing or by infinity, or an array has not the length of its layer's outputs.
    """
    state: dict[str, Array] = {}
    for slot, layer in pairs:
        tensors = _norm(slot, layer, epsilon_of(layer)) if slot.kind == "norm" else _kernel(slot, layer, joined)
        state |= {f"{slot.name}.{role}": array for role, array in tensors.items()}
    state |= {name: np.zeros((), np.int64) for name in blueprint.state if name.endswith(".num_batches_tracked")}
    return {name: np.ascontiguousarray(state[name]).reshape(shape) for name, shape in blueprint.state.items()}


def _streams(items: Iterable[Item], vague: bool) -> dict[str, list[Item]]:
    """The items by kind; with `vague` convolutions and transposed ones are one kind, as the file cannot tell them."""
    streams: dict[str, list[Item]] = {}
    for item in items:
        kind = "kernel" if vague and item.kind in ("convolution", "transposed") else item.kind
        streams.setdefault(kind, []).append(item)
    return streams


def _pairs(kind: str, slots: Sequence[Slot], layers: Sequence[Layer]) -> list[tuple[Slot, Layer]]:
    pairs: list[tuple[Slot, Layer]] = []
    for number, (slot, layer) in enumerate(zip_longest(slots, layers), start=1):
        if slot is None or layer is None or slot.shape != _shape(layer):
            raise FormatError(
                f"the weights are those of another network: {_PLURAL[kind]} differ from number {number} on "
                f"({len(layers)} in the file, {len(slots)} in the network)",
                where=f"{_told(layer)} in the file, {_told_slot(slot)} in the network",
            )
        pairs.append((slot, layer))
    return pairs


_PLURAL = {
    "kernel": "convolutions",
    "convolution": "convolutions",
    "transposed": "transposed convolutions",
    "norm": "norms",
    "groupnorm": "group norms",
}


def _shape(layer: Layer) -> tuple[int, ...]:
    """Of its weight; a norm may have none, but not without its mean."""
    array = layer.arrays.get("weight", layer.arrays.get("mean"))
    return () if array is None else array.shape


def _told(layer: Layer | None) -> str:
    return "nothing" if layer is None else f"{layer.name} {'×'.join(map(str, _shape(layer)))}"


def _told_slot(slot: Slot | None) -> str:
    return "nothing" if slot is None else f"{slot.name} {'×'.join(map(str, slot.shape))}"


# --- arrays ---------------------------------------------------------------------------------------------------------


def _kernel(slot: Slot, layer: Layer, joined: Joined) -> dict[str, Floats]:
    weight = layer.arrays["weight"]
    if slot.skip and joined == "grown-first":
        grown = weight.shape[1] - slot.skip
        weight = np.concatenate([weight[:, grown:], weight[:, :grown]], axis=1)
    outputs = weight.shape[1] if slot.kind == "transposed" else weight.shape[0]
    bias = _of_length(layer, "bias", outputs, 0)
    return {"weight": weight, "bias": bias} if slot.bias else {"weight": weight}


def _norm(slot: Slot, layer: Layer, epsilon: float) -> dict[str, Floats]:
    channels = slot.shape[0]
    exact = _of_length(layer, "variance", channels).astype(np.float64) + (epsilon - slot.epsilon)
    with np.errstate(over="ignore"):
        variance = exact.astype(np.float32)
    divisor = variance + np.float32(slot.epsilon)  # as the network will add them: rounding may leave nothing
    if not np.isfinite(divisor).all() or not (divisor > 0).all():
        by = "nothing" if np.isfinite(divisor).all() else "infinity"
        raise FormatError(f"a batch norm of these weights divides by {by}", where=f"{layer.name}, epsilon {epsilon:g}")
    return {
        "weight": _of_length(layer, "weight", channels, 1),
        "bias": _of_length(layer, "bias", channels, 0),
        "running_mean": _of_length(layer, "mean", channels),
        "running_var": variance,
    }


def _of_length(layer: Layer, role: str, length: int, otherwise: float | None = None) -> npt.NDArray[np.float32]:
    """An array of a layer; `otherwise` stands for each of its numbers where the layer may be without it."""
    absent = otherwise is not None and role not in layer.arrays
    array = np.full(length, otherwise, np.float32) if absent else layer.arrays[role]
    if array.shape != (length,):
        raise FormatError(
            f"the {role} of a layer has not the length of its outputs",
            where=f"{layer.name}: {'×'.join(map(str, array.shape))} in the file, {length} in the network",
        )
    return array
