"""A Keras U-Net without Keras: drawn weights, the files that Keras would write of them, and what it would compute.

The computing is NumPy and follows TensorFlow's definitions: "same" padding puts the odd row at the bottom and the odd
column on the right, and a transposed convolution is the adjoint of the convolution that would lead back.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Weights = dict[str, dict[str, Array]]

ORDER = {
    "Conv2D": ("kernel", "bias"),
    "Conv2DTranspose": ("kernel", "bias"),
    "BatchNormalization": ("gamma", "beta", "moving_mean", "moving_variance"),
}
SNAKE = {
    "Conv2D": "conv2d",
    "Conv2DTranspose": "conv2d_transpose",
    "BatchNormalization": "batch_normalization",
    "MaxPooling2D": "max_pooling2d",
    "Concatenate": "concatenate",
    "Dropout": "dropout",
    "InputLayer": "input_layer",
}


@dataclass
class KerasUNet:
    """A U-Net as a script of Keras's functional API would make it.

    Attributes:
        grow: side of the transposed convolutions' kernels.
        extra: one more 3×3 before the last 1×1, as in the course network.
        norm: a batch norm between each convolution and its ReLU.
        grown_first: what stands first in a join.
        torch_grows: transposed convolutions lie as the PyTorch backend of older Keras lays them.
    """

    channels: int = 3
    outputs: int = 5
    width: int = 4
    depth: int = 4
    grow: int = 3
    extra: bool = True
    norm: bool = False
    epsilon: float = 1e-3
    grown_first: bool = True
    torch_grows: bool = False
    size: tuple[int, int] = (32, 48)
    version: str = "3.4.0"
    weights: Weights = field(default_factory=dict)
    layers: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(0)
        self._counts: dict[str, int] = {}
        self._build()

    # --- the layers -------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        last = self._layer("InputLayer", [], {"batch_shape": [None, *self.size, self.channels]})
        inputs, skips = self.channels, list[str]()
        for level in range(self.depth):
            last = self._double(last, inputs, self.width * 2**level)
            inputs = self.width * 2**level
            skips.append(self._layer("Dropout", [last], {"rate": 0.3}) if level == self.depth - 1 else last)
            last = self._layer(
                "MaxPooling2D", [skips[-1]], {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid"}
            )
        last = self._double(last, inputs, 2 * inputs)
        for level in reversed(range(self.depth)):
            outputs = self.width * 2**level
            grown = self._kernel("Conv2DTranspose", last, 2 * outputs, outputs, self.grow, "linear")
            pair = [grown, skips[level]] if self.grown_first else [skips[level], grown]
            last = self._double(self._layer("Concatenate", pair, {"axis": 3}), 2 * outputs, outputs)
        if self.extra:
            last = self._convolution(last, self.width, self.width)
        self._kernel("Conv2D", last, self.width, self.outputs, 1, "linear")

    def _double(self, last: str, inputs: int, outputs: int) -> str:
        return self._convolution(self._convolution(last, inputs, outputs), outputs, outputs)

    def _convolution(self, last: str, inputs: int, outputs: int) -> str:
        if not self.norm:
            return self._kernel("Conv2D", last, inputs, outputs, 3, "relu")
        last = self._kernel("Conv2D", last, inputs, outputs, 3, "linear")
        name = self._layer("BatchNormalization", [last], {"axis": -1, "epsilon": self.epsilon})
        positive, centred = self._random.uniform(0.01, 1, (2, outputs)), self._random.normal(0, 0.2, (2, outputs))
        values = (positive[0], centred[0], centred[1], positive[1])
        self.weights[name] = {
            role: value.astype(np.float32) for role, value in zip(ORDER["BatchNormalization"], values, strict=True)
        }
        return self._layer("Activation", [name], {"activation": "relu"})

    def _kernel(self, kind: str, last: str, inputs: int, outputs: int, side: int, activation: str) -> str:
        strides = [2, 2] if kind == "Conv2DTranspose" else [1, 1]
        config = {"kernel_size": [side, side], "strides": strides, "padding": "same", "activation": activation}
        name = self._layer(kind, [last], config | {"filters": outputs, "data_format": "channels_last"})
        pair = (outputs, inputs) if kind == "Conv2DTranspose" else (inputs, outputs)
        spread = np.sqrt(2 / (side * side * inputs))
        kernel = self._random.normal(0, spread, (side, side, *pair))
        bias = self._random.normal(0, 0.1, outputs)
        self.weights[name] = {"kernel": kernel.astype(np.float32), "bias": bias.astype(np.float32)}
        return name

    def _layer(self, kind: str, inputs: list[str], config: dict[str, Any]) -> str:
        base = SNAKE.get(kind, kind.lower())
        count = self._counts.get(kind, 0)
        self._counts[kind] = count + 1
        name = f"{base}_{count}" if count else base
        self.layers.append({"class_name": kind, "name": name, "config": {"name": name, **config}, "inputs": inputs})
        return name

    # --- what it computes -------------------------------------------------------------------------------------------

    def scores(self, image: Array) -> Array:
        """H×W×C → H×W×outputs, float64 throughout."""
        values: dict[str, npt.NDArray[np.float64]] = {}
        for layer in self.layers:
            given = [values[name] for name in layer["inputs"]]
            values[layer["name"]] = self._value(layer, given or [image.astype(np.float64)])
        return values[self.layers[-1]["name"]].astype(np.float32)

    def _value(self, layer: Mapping[str, Any], given: list[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
        kind, own, config = layer["class_name"], self.weights.get(layer["name"], {}), layer["config"]
        if kind == "Conv2D":
            out = convolution(given[0], own["kernel"]) + own["bias"]
        elif kind == "Conv2DTranspose":
            out = transposed(given[0], own["kernel"], first=int(self.torch_grows)) + own["bias"]
        elif kind == "BatchNormalization":
            spread = np.sqrt(own["moving_variance"].astype(np.float64) + config["epsilon"])
            out = (given[0] - own["moving_mean"]) / spread * own["gamma"] + own["beta"]
        elif kind == "MaxPooling2D":
            height, width, channels = given[0].shape
            out = given[0].reshape(height // 2, 2, width // 2, 2, channels).max(axis=(1, 3))
        else:
            out = np.concatenate(given, axis=2)
        return np.maximum(out, 0) if config.get("activation") == "relu" else out

    # --- its files --------------------------------------------------------------------------------------------------

    def config(self, notation: int) -> str:
        """Its description, as Keras 2 or 3 writes it."""
        rows = [
            {
                "class_name": layer["class_name"],
                "config": layer["config"],
                "name": layer["name"],
                "inbound_nodes": inbound(layer["inputs"], notation),
            }
            for layer in self.layers
        ]
        first, last = ([self.layers[at]["name"], 0, 0] for at in (0, -1))
        ends = (first, last) if notation == 3 else ([first], [last])
        told = {"name": "model", "layers": rows, "input_layers": ends[0], "output_layers": ends[1]}
        return json.dumps({"class_name": "Functional", "config": told})

    def write_legacy(self, path: Path, *, whole: bool = True, backend: str = "tensorflow") -> Path:
        """`model.save("x.h5")`, or with `whole` off `model.save_weights("x.h5")` of Keras 2."""
        import h5py

        with h5py.File(path, "w") as root:
            group = root.create_group("model_weights") if whole else root
            if whole:
                root.attrs["model_config"] = self.config(2)
                root.attrs["backend"], root.attrs["keras_version"] = backend, self.version
            group.attrs["layer_names"] = [layer["name"].encode() for layer in self.layers]
            for layer in self.layers:
                own, name = group.create_group(layer["name"]), layer["name"]
                arrays = self.weights.get(name, {})
                own.attrs["weight_names"] = [f"{name}/{role}:0".encode() for role in arrays]
                for role, array in arrays.items():
                    own.create_dataset(f"{name}/{role}:0", data=array)
        return path

    def write_weights(self, path: Path | io.BytesIO) -> None:
        """`model.save_weights("x.weights.h5")` of Keras 3."""
        import h5py

        with h5py.File(path, "w") as root:
            for layer in self.layers:
                variables = root.create_group(f"layers/{layer['name']}/vars")
                own = self.weights.get(layer["name"], {})
                made = [own[role] for role in ORDER.get(layer["class_name"], ()) if role in own]
                for number, array in enumerate(made):
                    variables.create_dataset(str(number), data=array)

    def write_keras(self, path: Path) -> Path:
        """`model.save("x.keras")` of Keras 3."""
        weights = io.BytesIO()
        self.write_weights(weights)
        with ZipFile(path, "w") as archive:
            archive.writestr("metadata.json", json.dumps({"keras_version": self.version}))
            archive.writestr("config.json", self.config(3))
            archive.writestr("model.weights.h5", weights.getvalue())
        return path


def inbound(inputs: list[str], notation: int) -> list[Any]:
    """What a layer takes, in the notation of Keras 2 or 3."""
    if not inputs:
        return []
    if notation == 2:
        return [[[name, 0, 0, {}] for name in inputs]]
    tensors = [{"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}} for name in inputs]
    return [{"args": tensors if len(tensors) == 1 else [tensors], "kwargs": {}}]


def convolution(x: npt.NDArray[np.float64], kernel: Array, stride: int = 1) -> npt.NDArray[np.float64]:
    """H×W×inputs, kernel h×w×inputs×outputs, "same" padding as TensorFlow has it."""
    sides = kernel.shape[:2]
    lengths = zip(x.shape, sides, strict=False)
    pads = [max((-(-length // stride) - 1) * stride + side - length, 0) for length, side in lengths]
    padded = np.pad(x, [(pad // 2, pad - pad // 2) for pad in pads] + [(0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, sides, axis=(0, 1))[::stride, ::stride]
    return np.einsum("xyiab,abio->xyo", windows, kernel.astype(np.float64), optimize=True)


def transposed(x: npt.NDArray[np.float64], kernel: Array, first: int = 0) -> npt.NDArray[np.float64]:
    """H×W×inputs, kernel h×w×outputs×inputs, stride 2, "same" padding → 2H×2W×outputs.

    Args:
        first: which row and column of all that the kernels reach is the first one kept.
    """
    height, width, _ = x.shape
    side = kernel.shape[0]
    reached = np.zeros((2 * height + side, 2 * width + side, kernel.shape[2]))
    for row in range(side):
        for column in range(side):
            part = np.einsum("xyi,oi->xyo", x, kernel[row, column].astype(np.float64))
            reached[row : row + 2 * height : 2, column : column + 2 * width : 2] += part
    return reached[first : first + 2 * height, first : first + 2 * width]
