"""What a Keras file says of its network beside the weights: the layers, how they are joined, and the size of the input.

The description is read as data: no class is looked up, no function of the file is made. A layer that computes
something that no network here computes is refused by its name.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from unetkit.errors import FormatError
from unetkit.importing.foreign import Joined, Kind

KINDS: dict[str, Kind] = {"Conv2D": "convolution", "Conv2DTranspose": "transposed", "BatchNormalization": "norm"}
"""The classes that have weights."""

_WITHOUT_EFFECT = {"InputLayer", "Dropout", "SpatialDropout2D", "Concatenate"}
_ACTIVATIONS = {"linear": (), "relu": ("relu",), "silu": ("silu",), "swish": ("silu",)}

Config = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outline:
    """A network's description.

    Attributes:
        layers: name → (class, configuration), in the order of work.
        steps: what is computed, in words shared with `Blueprint.steps`.
        joined: what comes first where a skip joins the grown features; None without joins.
        size: height and width of the input, where it has one.
        counted: how Keras 3 files a layer, by its class and a number → its name.
    """

    layers: Mapping[str, tuple[str, Config]]
    steps: tuple[str, ...]
    joined: Joined | None
    size: tuple[int, int] | None
    counted: Mapping[str, str]

    def kind(self, name: str) -> Kind | None:
        """What the layer is; None for one without weights."""
        return KINDS.get(self.layers[name][0]) if name in self.layers else None

    def place(self, name: str) -> int:
        """Its number in the order of work."""
        return list(self.layers).index(name)

    def epsilon(self, name: str) -> float | None:
        """Of a batch norm."""
        return self.layers[name][1].get("epsilon")

    def without(self, name: str) -> set[str]:
        """The weights that a layer was made without."""
        config = self.layers[name][1]
        choices = {"bias": "use_bias", "gamma": "scale", "beta": "center"}
        return {role for role, choice in choices.items() if config.get(choice) is False}

    def named(self, filed: str) -> str:
        """The name of the layer that a file counts by its class: conv2d_3 is the fourth Conv2D.

        Raises:
            FormatError: there is no such layer.
        """
        if filed not in self.counted:
            raise FormatError("this file holds weights of a layer that its own description does not have", where=filed)
        return self.counted[filed]


def read_outline(text: str | None) -> Outline | None:
    """The outline in a Keras configuration; None where the file has none.

    Raises:
        FormatError: a layer computes something that no network here computes.
    """
    model = cast("dict[str, Any]", json.loads(text)) if text else {}
    rows = cast("list[dict[str, Any]]", model.get("config", {}).get("layers", []))
    if not rows:
        return None
    layers: dict[str, tuple[str, Config]] = {_name(row): (str(row["class_name"]), row["config"]) for row in rows}
    steps = [step for name, (kind, config) in layers.items() for step in _steps(name, kind, config)]
    return Outline(layers, _to_scores(steps, layers), _joined(rows), _size(layers), _counted(layers))


def _name(row: Config) -> str:
    return str(row.get("name") or row["config"]["name"])


# --- what a layer computes ------------------------------------------------------------------------------------------


def _steps(name: str, kind: str, config: Config) -> Iterator[str]:
    """The steps of one layer.

    Raises:
        FormatError: it is none of a U-Net's, or is set to something else than a U-Net's is.
    """
    if kind not in _KNOWN and kind not in _WITHOUT_EFFECT:
        raise _refusal(name, f"a layer of class {kind}")
    for key, (expected, usual) in _KNOWN.get(kind, {}).items():
        free = key == "padding" and config.get("kernel_size") in _ONE
        if not free and config.get(key, usual) not in expected:
            raise _refusal(name, f"{kind} with {key} {config.get(key, usual)}")
    if kind in KINDS:
        yield KINDS[kind]
    if kind == "UpSampling2D":
        yield "nearest"
    activation = {"ReLU": "relu", "Softmax": "softmax"}.get(kind) or config.get("activation") or "linear"
    yield from _ACTIVATIONS.get(str(activation), (str(activation),))


_CONVOLUTION = {
    "padding": (["same"], "valid"),
    "dilation_rate": ([[1, 1], 1], [1, 1]),
    "groups": ([1], 1),
    "data_format": (["channels_last", None], "channels_last"),
}
_ONE, _TWO = [[1, 1], 1], [[2, 2], 2]
_KNOWN: dict[str, dict[str, tuple[Sequence[Any], Any]]] = {
    "Conv2D": {**_CONVOLUTION, "strides": (_ONE, [1, 1])},
    "Conv2DTranspose": {**_CONVOLUTION, "strides": (_TWO, [1, 1]), "output_padding": ([None], None)},
    "BatchNormalization": {"axis": ([-1, 3, [-1], [3]], -1)},
    "MaxPooling2D": {
        "pool_size": (_TWO, [2, 2]),
        "strides": ([*_TWO, None], None),
        "padding": (["valid", "same"], "valid"),
    },
    "UpSampling2D": {"size": (_TWO, [2, 2]), "interpolation": (["nearest"], "nearest")},
    "Activation": {},
    "Softmax": {"axis": ([-1, 3], -1)},
    "ReLU": {"max_value": ([None], None), "negative_slope": ([0, None], 0), "threshold": ([0, None], 0)},
}
"""Class → setting → (what it must be, what it is when nothing is said)."""


def _to_scores(steps: Sequence[str], layers: Mapping[str, tuple[str, Config]]) -> tuple[str, ...]:
    """The steps without what turns scores into probabilities in the end: a Predictor does that itself.

    Raises:
        FormatError: every class has a probability of its own, so that they do not sum to 1.
    """
    if not steps or steps[-1] not in ("softmax", "sigmoid"):
        return tuple(steps)
    outputs = [config.get("filters") for kind, config in layers.values() if kind == "Conv2D"][-1:]
    if steps[-1] == "sigmoid" and outputs != [1]:
        raise _refusal("the last layer", f"a sigmoid for each of {outputs} classes, of which several may hold at once")
    return tuple(steps[:-1])


def _refusal(name: str, what: str) -> FormatError:
    return FormatError(
        f"this network computes something that no network here computes: {what}",
        where=name,
        advice="a layer that scales the pixels belongs into --normalise: leave it out and save again",
    )


# --- how layers are joined ------------------------------------------------------------------------------------------


def _joined(rows: Sequence[Config]) -> Joined | None:
    """What stands first in each Concatenate: the grown features are those that were made later.

    Raises:
        FormatError: one joins this way and another that way, or joins something else than two features.
    """
    place = {_name(row): at for at, row in enumerate(rows)}
    found: set[Joined] = set()
    for row in rows:
        if row["class_name"] == "Concatenate":
            inputs = [place[name] for name in _producers(row.get("inbound_nodes", []))]
            if len(inputs) != 2 or row["config"].get("axis", -1) not in (-1, 3):
                raise _refusal(_name(row), f"a Concatenate of {len(inputs)} inputs")
            found.add("grown-first" if inputs[0] > inputs[1] else "skip-first")
    if len(found) > 1:
        raise FormatError("some skips of this network are joined first, others last; no network here does both")
    return next(iter(found), None)


def _producers(node: Any) -> list[str]:
    """The layers whose outputs a layer takes, in order, in the notations of Keras 2 and 3."""
    if isinstance(node, Mapping):
        return _producers_of_tensor(cast("Config", node))
    if not isinstance(node, list):
        return []
    items = cast("list[Any]", node)
    if len(items) >= 3 and isinstance(items[0], str) and isinstance(items[1], int):
        return [items[0]]
    return _joint(items)


def _producers_of_tensor(node: Config) -> list[str]:
    history = node["config"].get("keras_history") if isinstance(node.get("config"), Mapping) else None
    return [str(history[0])] if history else _joint(node.get("args", ()))


def _joint(nodes: Iterable[Any]) -> list[str]:
    return [name for node in nodes for name in _producers(node)]


def _size(layers: Mapping[str, tuple[str, Config]]) -> tuple[int, int] | None:
    """Height and width of the input, where they are fixed."""
    for kind, config in layers.values():
        shape = config.get("batch_shape") or config.get("batch_input_shape") or ()
        if kind == "InputLayer" and len(shape) == 4 and all(isinstance(side, int) for side in shape[1:3]):
            return int(shape[1]), int(shape[2])
    return None


def _counted(layers: Mapping[str, tuple[str, Config]]) -> dict[str, str]:
    """How Keras 3 counts layers: conv2d, conv2d_1, ... → their names."""
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    for name, (kind, _) in layers.items():
        base = snake(kind)
        names[f"{base}_{counts[base]}" if counts[base] else base] = name
        counts[base] += 1
    return names


def snake(name: str) -> str:
    """How Keras files a class: Conv2DTranspose → conv2d_transpose."""
    apart = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", apart).lower()
