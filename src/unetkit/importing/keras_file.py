"""Keras files: HDF5, or a zip that holds it. Members are read by their names, and nothing is unpacked anywhere.

Runs in the child process only.
"""

from __future__ import annotations

import json
import os
from io import BytesIO
from typing import Any, BinaryIO, cast
from zipfile import ZipFile

import h5py

from unetkit.errors import FormatError
from unetkit.importing.cage import MIB
from unetkit.importing.foreign import Foreign
from unetkit.importing.keras_config import read_outline
from unetkit.importing.keras_layers import layers_from
from unetkit.importing.keras_shelf import Shelf

_h5: Any = h5py  # without types of its own
_WEIGHTS, _CONFIG, _METADATA = "model.weights.h5", "config.json", "metadata.json"
_MOST_TEXT = 16 * MIB


def read_keras(file: BinaryIO) -> Foreign:
    """A `.keras` file, or a `.h5` file of a whole model or of weights alone.

    Raises:
        FormatError: it holds links, more than it is large, or layers that no U-Net here has.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    zipped = file.read(2) == b"PK"
    file.seek(0)
    most = 4 * size + MIB
    if not zipped:
        return _read(file, most, None, None)
    with ZipFile(file) as archive:
        config = _member(archive, _CONFIG, min(most, _MOST_TEXT)).decode()
        weights = BytesIO(_member(archive, _WEIGHTS, most))
        return _read(weights, most, config, _version(archive))


def _read(file: BinaryIO | BytesIO, most: int, config: str | None, version: str | None) -> Foreign:
    """The layers in an HDF5 file; what it does not say of the network is said by its neighbours in the archive."""
    with _h5.File(file, "r") as root:
        shelf = Shelf(root, most)
        outline = read_outline(config or shelf.text("model_config"))
        layers = layers_from([(row.name, row.arrays) for row in shelf.rows(outline)], outline)
        backend, version = shelf.text("backend"), version or shelf.text("keras_version")
    if outline is None:
        note = "the file does not describe its network: activations and joins are taken on trust, and not checked"
        return Foreign(layers, "Keras", backend=backend, version=version, notes=(note,))
    return Foreign(layers, "Keras", outline.joined, outline.size, backend, version, outline.steps)


def _version(archive: ZipFile) -> str | None:
    if _METADATA not in archive.namelist():
        return None
    metadata = cast("dict[str, Any]", json.loads(_member(archive, _METADATA, _MOST_TEXT)))
    return str(metadata.get("keras_version"))


def _member(archive: ZipFile, name: str, most: int) -> bytes:
    if name not in archive.namelist():
        raise FormatError(f"this archive holds no {name}: it is no .keras file")
    with archive.open(name) as member:
        data = member.read(most + 1)
    if len(data) > most:
        raise FormatError(f"{name} in this archive unpacks to far more than the archive is")
    return data
