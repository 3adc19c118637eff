"""Keras's arrays as layers: kernels turned to PyTorch's layout, weights by their role.

Keras keeps a kernel as h × w × inputs × outputs, and that of a transposed convolution as h × w × outputs × inputs: the
same turn brings both to what PyTorch expects, [outputs, inputs, h, w] and [inputs, outputs, h, w].
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np

from unetkit.data.arrays import Floats
from unetkit.errors import FormatError
from unetkit.importing.foreign import Kind, Layer, lacking
from unetkit.importing.keras_config import KINDS, Outline, snake

_ROLES = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "mean",
    "moving_variance": "variance",
}
_SNAKE: dict[str, Kind] = {snake(name): kind for name, kind in KINDS.items()}
"""How the names of layers begin that nobody named: conv2d, conv2d_transpose, batch_normalization."""


def layers_from(rows: Iterable[tuple[str, Mapping[str, Floats]]], outline: Outline | None) -> tuple[Layer, ...]:
    """The layers of a file.

    Args:
        rows: name and arrays of each layer; arrays by their own names, or by number ("0", "1", ...) as Keras 3 has it.
        outline: what the file says of the network, if it does.

    Raises:
        FormatError: a layer is neither a convolution nor a batch norm.
    """
    layers = [_whole(_layer(name, arrays, outline)) for name, arrays in rows]
    if outline is not None:
        layers.sort(key=lambda layer: outline.place(layer.name))
    return tuple(layers)


def _layer(name: str, arrays: Mapping[str, Floats], outline: Outline | None) -> Layer:
    kind = outline.kind(name) if outline else _kind(name, arrays)
    if kind is not None and all(key.isdecimal() for key in arrays):
        arrays = _by_role(name, kind, arrays, outline)
    elif kind is not None and outline is not None and set(arrays) != set(_made(name, kind, outline)):
        raise _misdescribed(name)
    unknown = sorted(set(arrays) - set(_ROLES))
    if kind is None or unknown:
        raise FormatError(
            "a layer of these weights is neither a convolution nor a batch norm",
            where=f"{name}: {', '.join(unknown or arrays)}",
            advice="only U-Nets of convolutions and batch norms can be imported",
        )
    turned = {_ROLES[role]: _turned(array) for role, array in arrays.items()}
    return Layer(name, kind, turned, outline.epsilon(name) if outline else None)


def _by_role(name: str, kind: Kind, arrays: Mapping[str, Floats], outline: Outline | None) -> dict[str, Floats]:
    """Numbers become roles: the weights of a layer are made in one order, and those it does without are left out."""
    roles = _made(name, kind, outline)
    numbered = [arrays[key] for key in sorted(arrays, key=int)]
    without_bias = outline is None and kind != "norm" and len(numbered) == 1
    if len(roles) != len(numbered) and not without_bias:
        raise _misdescribed(name)
    return dict(zip(roles, numbered, strict=False))


def _made(name: str, kind: Kind, outline: Outline | None) -> list[str]:
    """The weights that a layer has, in the order in which Keras makes them."""
    roles = ["kernel", "bias"] if kind != "norm" else ["gamma", "beta", "moving_mean", "moving_variance"]
    return roles if outline is None else [role for role in roles if role not in outline.without(name)]


def _misdescribed(name: str) -> FormatError:
    return FormatError("a layer of these weights has not the weights that it is said, or usual, to have", where=name)


def _whole(layer: Layer) -> Layer:
    if lacking(layer):
        raise FormatError(f"a layer of these weights has no {lacking(layer)}", where=layer.name)
    return layer


def _kind(name: str, arrays: Mapping[str, Floats]) -> Kind | None:
    """What a layer is by its name, or by its arrays where somebody named it: a bias has the length of the outputs."""
    base = re.sub(r"_\d+$", "", name)
    if base in _SNAKE:
        return _SNAKE[base]
    if "moving_mean" in arrays:
        return "norm"
    kernel, bias = arrays.get("kernel"), arrays.get("bias")
    if kernel is None or kernel.ndim != 4:
        return None
    outputs = kernel.shape[3] if bias is None else len(bias)
    return "convolution" if outputs == kernel.shape[3] else "transposed"


def _turned(array: Floats) -> Floats:
    return np.ascontiguousarray(array.transpose(3, 2, 0, 1)) if array.ndim == 4 else array
