"""What a Keras file says of its network beside the weights: the layers, what they compute, and the size of the input.

The description is read as data: no class is looked up, no function of the file is made. A layer that computes
something that no network here computes is refused by its name.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from unetkit.errors import FormatError
from unetkit.importing.foreign import Joined, Kind, is_epsilon, printable
from unetkit.importing.keras_wiring import Config, joined_of, name_of, steps_of
from unetkit.importing.steps import JOIN, POOLING, Step

KINDS: dict[str, Kind] = {"Conv2D": "convolution", "Conv2DTranspose": "transposed", "BatchNormalization": "norm"}
"""The classes that have weights."""

_WITHOUT_EFFECT = {"InputLayer", "Dropout", "SpatialDropout2D"}
_ACTIVATIONS = {"linear": (), "relu": ("relu",), "silu": ("silu",), "swish": ("silu",)}


@dataclass(frozen=True, slots=True)
class Outline:
    """A network's description.

    Attributes:
        layers: name → (class, configuration), in the order of work.
        steps: what is computed, in words shared with `Blueprint.steps`, and whose results each step takes.
        joined: what comes first where a skip joins the grown features; None without joins.
        size: height and width of the input, where it has one.
        counted: how Keras 3 files a layer, by its class and a number → its name.
    """

    layers: Mapping[str, tuple[str, Config]]
    steps: tuple[Step, ...]
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
        """Of a batch norm; None where it is not said.

        Raises:
            FormatError: it is no number that a norm can add to its variance.
        """
        value = self.layers[name][1].get("epsilon")
        if value is None or is_epsilon(value):
            return value
        raise FormatError(
            "the epsilon of a batch norm is no number above 0 and up to 1", where=f"{name}: {printable(value)}"
        )

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
        FormatError: a layer computes something that no network here computes, or takes what it takes in none.
    """
    model = cast("dict[str, Any]", json.loads(text)) if text else {}
    described = cast("dict[str, Any]", model.get("config", {}))
    rows = cast("list[dict[str, Any]]", described.get("layers", []))
    if not rows:
        return None
    layers: dict[str, tuple[str, Config]] = {name_of(row): (str(row["class_name"]), row["config"]) for row in rows}
    words = {name: tuple(_words(name, kind, config)) for name, (kind, config) in layers.items()}
    steps = steps_of(rows, words, described.get("output_layers"))
    return Outline(layers, _to_scores(steps, layers), joined_of(steps), _size(layers), _counted(layers))


# --- what a layer computes ------------------------------------------------------------------------------------------


def _words(name: str, kind: str, config: Config) -> Iterator[str]:
    """What one layer computes, step by step.

    Raises:
        FormatError: it is none of a U-Net's, or is set to something else than a U-Net's is.
    """
    if kind not in _KNOWN and kind not in _WITHOUT_EFFECT:
        advice = _RESCALED if kind in _PIXELS else ""
        raise _refusal(name, f"a layer of class {kind}", advice)
    for key, (expected, usual) in _KNOWN.get(kind, {}).items():
        free = key == "padding" and config.get("kernel_size") in _ONE
        if not free and config.get(key, usual) not in expected:
            raise _refusal(name, f"{kind} with {key} {config.get(key, usual)}")
    if kind in KINDS or kind in _WORDS:
        yield KINDS.get(kind) or _WORDS[kind]
    activation = config.get("activation") or "linear"
    yield from _ACTIVATIONS.get(str(activation), (str(activation),))


_WORDS = {"UpSampling2D": "nearest", "MaxPooling2D": POOLING, "Concatenate": JOIN, "ReLU": "relu", "Softmax": "softmax"}
_LAST: tuple[Sequence[Any], Any] = (["channels_last", None], "channels_last")
_CONVOLUTION = {
    "padding": (["same"], "valid"),
    "dilation_rate": ([[1, 1], 1], [1, 1]),
    "groups": ([1], 1),
    "data_format": _LAST,
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
        "data_format": _LAST,
    },
    "UpSampling2D": {"size": (_TWO, [2, 2]), "interpolation": (["nearest"], "nearest"), "data_format": _LAST},
    "Concatenate": {"axis": ([-1, 3], -1)},
    "Activation": {},
    "Softmax": {"axis": ([-1, 3], -1)},
    "ReLU": {"max_value": ([None], None), "negative_slope": ([0, None], 0), "threshold": ([0, None], 0)},
}
"""Class → setting → (what it must be, what it is when nothing is said)."""


def _to_scores(steps: Sequence[Step], layers: Mapping[str, tuple[str, Config]]) -> tuple[Step, ...]:
    """The steps without what turns scores into probabilities in the end: a Predictor does that itself.

    Raises:
        FormatError: every class has a probability of its own, so that they do not sum to 1; or the only one has 1.
    """
    if not steps or steps[-1].word not in ("softmax", "sigmoid") or steps[-1].inputs != (len(steps) - 1,):
        return tuple(steps)
    outputs = [config.get("filters") for kind, config in layers.values() if kind == "Conv2D"][-1:]
    if steps[-1].word == "sigmoid" and outputs != [1]:
        raise _refusal("the last layer", f"a sigmoid for each of {outputs} classes, of which several may hold at once")
    if steps[-1].word == "softmax" and outputs == [1]:
        raise _refusal("the last layer", "a softmax of one score, which is 1 whatever the score")
    return tuple(steps[:-1])


_PIXELS = {"Rescaling", "Normalization", "Lambda"}
_RESCALED = "a layer that scales the pixels belongs into --normalise: leave it out and save again"


def _refusal(name: str, what: str, advice: str = "") -> FormatError:
    told = f"this network computes something that no network here computes: {what}"
    return FormatError(told, where=name, advice=advice)


# --- what else is said ----------------------------------------------------------------------------------------------


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
