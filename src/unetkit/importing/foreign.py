"""Foreign weights, layer by layer: what a reader hands over, whatever file they stood in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Literal, TypeGuard, cast, get_args

import numpy as np

from unetkit.data.arrays import Floats
from unetkit.files import Array
from unetkit.importing.steps import Step

Kind = Literal["convolution", "transposed", "kernel", "norm"]
Source = Literal["PyTorch", "Keras"]
Joined = Literal["skip-first", "grown-first"]

_ROLES = {"norm": {"weight", "bias", "mean", "variance"}}
_KERNEL_ROLES = {"weight", "bias"}
_MOST_LAYERS = 10_000
_LONGEST = 300
_KEY = "foreign"


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One layer that has weights.

    Attributes:
        name: in the foreign file.
        kind: "kernel" is a convolution or a transposed one, where the file does not say which.
        arrays: float32 by role, in PyTorch's layout. `weight` [outputs, inputs, h, w] (transposed: [inputs, outputs, h,
            w]) and `bias`; of a norm `weight`, `bias`, `mean` and `variance`, [channels].
        epsilon: of a norm, where the file says it.
    """

    name: str
    kind: Kind
    arrays: Mapping[str, Floats]
    epsilon: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Foreign:
    """All layers of a network, in the order in which an image meets them; those of one kind at least.

    Attributes:
        source: the framework; what a file leaves unsaid is as that framework has it.
        joined: what comes first where a skip joins the features that were grown; None where the file does not say.
        size: height and width of the input, where the file says it.
        backend, version: of Keras, where the file says them.
        steps: what the network computes, in order, and whose results each step takes, where the file says it.
        notes: what a person should know, a sentence each.
    """

    layers: tuple[Layer, ...]
    source: Source
    joined: Joined | None = None
    size: tuple[int, int] | None = None
    backend: str | None = None
    version: str | None = None
    steps: tuple[Step, ...] | None = None
    notes: tuple[str, ...] = ()


def lacking(layer: Layer) -> str:
    """What no layer of its kind can do without, and this one has not; empty where it has all."""
    needed = ("mean", "variance") if layer.kind == "norm" else ("weight",)
    return " and ".join(role for role in needed if role not in layer.arrays)


def packed(foreign: Foreign) -> tuple[dict[str, Array], dict[str, str]]:
    """Tensors and metadata of a safetensors file; `unpacked` reads them again."""
    tensors = {f"{at}.{role}": array for at, one in enumerate(foreign.layers) for role, array in one.arrays.items()}
    rows = [{"name": one.name, "kind": one.kind, "epsilon": one.epsilon} for one in foreign.layers]
    document = {
        "layers": rows,
        "source": foreign.source,
        "joined": foreign.joined,
        "size": foreign.size,
        "backend": foreign.backend,
        "version": foreign.version,
        "steps": None if foreign.steps is None else [astuple(step) for step in foreign.steps],
        "notes": foreign.notes,
    }
    return dict(tensors), {_KEY: json.dumps(document)}


def unpacked(tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> Foreign:
    """What `packed` packed. Nothing is believed: every name, shape, dtype and number is looked at.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it is anything else; the text of a ValueError says what.
    """
    document = cast("dict[str, Any]", json.loads(metadata[_KEY]))
    rows = cast("list[dict[str, Any]]", document["layers"])
    _expect(len(rows) <= _MOST_LAYERS, f"{len(rows):,} layers")
    layers = tuple(_layer(at, row, tensors) for at, row in enumerate(rows))
    named = {f"{at}.{role}" for at, one in enumerate(layers) for role in one.arrays}
    _expect(named == set(tensors), "tensors that belong to no layer")
    size, steps = document["size"], document["steps"]
    return Foreign(
        layers,
        source=_one_of(document["source"], get_args(Source)),
        joined=_one_of(document["joined"], (*get_args(Joined), None)),
        size=None if size is None else (_side(size[0]), _side(size[1])),
        backend=_text(document["backend"]),
        version=_text(document["version"]),
        steps=None if steps is None else tuple(_step(number, row) for number, row in enumerate(steps, start=1)),
        notes=tuple(printable(note) for note in document["notes"]),
    )


def printable(text: object) -> str:
    """A text from a foreign file as it may be shown: of bearable length, and nothing that a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(text)[:_LONGEST])


def is_epsilon(value: object) -> TypeGuard[float]:
    """Whether a norm can add this to its variance: a number above 0, and up to 1, which is 1000 times the usual one."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1


def _layer(at: int, row: Mapping[str, Any], tensors: Mapping[str, Array]) -> Layer:
    name, kind = printable(row["name"]), cast("Kind", _one_of(row["kind"], get_args(Kind)))
    roles = _ROLES.get(kind, _KERNEL_ROLES)
    arrays = {role: tensors[f"{at}.{role}"] for role in sorted(roles) if f"{at}.{role}" in tensors}
    for role, array in arrays.items():
        dimensions = 4 if kind != "norm" and role == "weight" else 1
        _expect(array.ndim == dimensions, f"{role} of layer {name} has the shape {_shown(array)}")
        # An empty array may say any length and holds nothing of it; what is made by that length would hold it all.
        _expect(array.size > 0, f"{role} of layer {name} is empty: it has the shape {_shown(array)}")
        _expect(array.dtype == np.float32, f"{role} of layer {name} is {array.dtype}")
        _expect(bool(np.isfinite(array).all()), f"{role} of layer {name} holds NaN or infinity")
    epsilon = row["epsilon"]
    _expect(epsilon is None or is_epsilon(epsilon), f"the epsilon of layer {name} is {printable(epsilon)}")
    layer = Layer(name, kind, arrays, None if epsilon is None else float(epsilon))
    _expect(not lacking(layer), f"layer {name} has no {lacking(layer)}")
    return layer


def _step(number: int, row: Sequence[Any]) -> Step:
    word, name, inputs = row
    _expect(all(isinstance(one, int) and 0 <= one < number for one in inputs), f"step {number} takes a later result")
    return Step(printable(word), printable(name), tuple(inputs))


def _shown(array: Array) -> str:
    return "×".join(map(str, array.shape)) or "of one number"


def _text(value: object) -> str | None:
    return None if value is None else printable(value)


def _side(value: Any) -> int:
    _expect(isinstance(value, int) and 1 <= value <= 16384, f"an input of {value} pixels")
    return int(value)


def _one_of(value: Any, choices: tuple[Any, ...]) -> Any:
    _expect(value in choices, f"{value!r}, which is none of {', '.join(map(str, choices))}")
    return value


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)
