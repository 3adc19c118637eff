"""Arrays in an HDF5 file of Keras, as far as they are really in it.

HDF5 can point to other files, describe petabytes in a line and nest in circles; the weights of a network need none of
it. Only what a path of hard links leads to is read, and no more than the file can hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import PurePosixPath
from typing import Any

import h5py
import numpy as np

from unetkit.data.arrays import Floats
from unetkit.errors import FormatError
from unetkit.importing.keras_config import Outline

_h5: Any = h5py  # without types of its own
_NESTED = ("layers", "_layer_checkpoint_dependencies")
"""Under which name Keras 3, and Keras 2 in its last versions, keep the layers of a `.keras` or `.weights.h5` file."""


@dataclass(frozen=True, slots=True)
class Row:
    """A layer as it is filed: its name and its arrays, by name or by number."""

    name: str
    arrays: dict[str, Floats]


class Shelf:
    """The arrays of an open HDF5 file, as far as they are really in it.

    Args:
        root: the file.
        most: bytes that may be read in all.
    """

    def __init__(self, root: Any, most: int) -> None:
        self._root = root
        self._left = most

    def text(self, attribute: str) -> str | None:
        """An attribute of the whole file."""
        value = self._root.attrs.get(attribute)
        return None if value is None else _decoded(value)

    def rows(self, outline: Outline | None) -> Iterator[Row]:
        """The layers that have weights, in the order of the file.

        Args:
            outline: names the layers where the file counts them by class.
        """
        weights = self._item(self._root, "model_weights") if "model_weights" in self._root else self._root
        if any(f"layer_names{end}" in weights.attrs for end in ("", "0")):
            yield from self._named(weights)
            return
        nested = next((name for name in _NESTED if name in self._root), None)
        if nested is None:
            raise FormatError("this HDF5 file holds no layers as Keras files them")
        yield from self._counted(self._item(self._root, nested), outline)

    def _named(self, weights: Any) -> Iterator[Row]:
        """Keras 1 and 2: each layer lists the paths of its weights."""
        for name in _names(weights.attrs, "layer_names"):
            group = self._item(weights, name)
            paths = _names(group.attrs, "weight_names")
            if paths:
                yield Row(name, {_last(path): self._array(self._item(group, path), path) for path in paths})

    def _counted(self, layers: Any, outline: Outline | None) -> Iterator[Row]:
        """Keras 3: layers are counted by class, and their weights are numbers."""
        names: list[str] = sorted(layers, key=_number)
        for name in names:
            group = self._item(layers, name)
            keys: list[str] = sorted(self._item(group, "vars")) if "vars" in group else []
            arrays = {key: self._array(self._item(group, f"vars/{key}"), f"{name}/vars/{key}") for key in keys}
            if arrays:
                yield Row(outline.named(name) if outline else name, arrays)

    def _item(self, group: Any, path: str) -> Any:
        """What stands at `path`, part by part, by hard links alone."""
        for part in PurePosixPath(path).parts:
            if not isinstance(group, _h5.Group) or not isinstance(group.get(part, getlink=True), _h5.HardLink):
                raise FormatError("this HDF5 file does not hold what it lists, or only as a link", where=path)
            group = group[part]
        return group

    def _array(self, dataset: Any, where: str) -> Floats:
        """float32 of any floating type."""
        plain = isinstance(dataset, _h5.Dataset) and dataset.dtype.kind == "f"
        if not plain or dataset.is_virtual or dataset.external:
            raise FormatError("a weight in this HDF5 file is no plain array of floats", where=where)
        self._left -= dataset.size * max(dataset.dtype.itemsize, 4)
        if self._left < 0:
            raise FormatError("this HDF5 file describes far more than it holds", where=where)
        return np.asarray(dataset[()], np.float32)


def _names(attributes: Any, key: str) -> list[str]:
    """A list of names; a long one is split into `key0`, `key1`, ..."""
    split = takewhile(lambda part: part in attributes, (f"{key}{number}" for number in count()))
    parts = [key] if key in attributes else split
    return [_decoded(name) for part in parts for name in attributes[part]]


def _decoded(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _last(path: str) -> str:
    """conv2d/kernel:0 → kernel."""
    return path.rpartition("/")[2].partition(":")[0]


def _number(name: str) -> tuple[str, int]:
    """conv2d before conv2d_1, and conv2d_9 before conv2d_10."""
    base, _, number = name.rpartition("_")
    return (base, int(number)) if number.isdecimal() else (name, 0)
