"""Safetensors files with the digest of all that is in them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from unetkit.errors import FormatError, TrainingDiverged
from unetkit.files.atomic import read_bytes, write_parts
from unetkit.files.digest import damaged, sha256_parts, without

Array = npt.NDArray[Any]

_SEAL = re.compile(rb'"digest":"([0-9a-f]{64})"')
_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "U64": "<u8", "I32": "<i4", "U32": "<u4",
    "I16": "<i2", "U16": "<u2", "I8": "|i1", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip


def write_tensors(path: Path, tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Write a safetensors file with `metadata` and, as its last field, `digest`.

    The same tensors and metadata give the same bytes. No copy of a contiguous tensor is made.
    """
    arrays = {name: np.ascontiguousarray(tensors[name]).reshape(tensors[name].shape) for name in _by_alignment(tensors)}
    parts = [array.reshape(-1).data.cast("B") for array in arrays.values() if array.size]
    header = json.dumps(_header(arrays, metadata), separators=(",", ":"), ensure_ascii=False).encode()
    header += b" " * (-(len(header) + 64) % 8)
    length = (len(header) + 64).to_bytes(8, "little")
    digest = sha256_parts([length, header, *parts])
    sealed = header.replace(b'"digest":""', b'"digest":"' + digest.encode() + b'"', 1)
    write_parts(path, [length, sealed, *parts])


def read_tensors(path: Path) -> tuple[dict[str, Array], dict[str, str]]:
    """The tensors (writable, views of one buffer) and the metadata without the digest, verified before use.

    Raises:
        FormatError: not a safetensors file, not one of ours, truncated, or any bit of it changed.
    """
    data = read_bytes(path)
    size = int.from_bytes(data[:8], "little")
    header, body = data[8 : 8 + size], memoryview(data)[8 + size :]
    if len(header) != size or not header.startswith(b"{"):
        raise damaged(path)
    seal = _SEAL.search(header)
    if seal is None:
        raise FormatError("this file was not written by unetkit: it carries no digest", where=str(path))
    if seal[1].decode() != sha256_parts([data[:8], without(header, seal), body]):
        raise damaged(path)
    try:
        return _parse(header, body)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise damaged(path) from error


def refuse_not_finite(tensors: Mapping[str, Array], path: Path) -> None:
    """Raise TrainingDiverged when a tensor holds NaN or infinity; `path` is where it would have gone."""
    for name, tensor in tensors.items():
        if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
            raise TrainingDiverged(
                f"tensor {name} holds NaN or infinity: nothing was saved",
                where=str(path),
                advice="train again with a lower --lr, or with --training.clip 1",
            )


def _by_alignment(tensors: Mapping[str, Array]) -> list[str]:
    # Widest numbers first: each tensor then begins at a multiple of its own width.
    return sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))


def _header(arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> dict[str, Any]:
    names = {np.dtype(code): name for name, code in _DTYPES.items()}
    entries: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items())) | {"digest": ""}}
    end = 0
    for name, array in arrays.items():
        begin, end = end, end + array.nbytes
        entries[name] = {"dtype": names[array.dtype], "shape": list(array.shape), "data_offsets": [begin, end]}
    return entries


def _parse(header: bytearray, body: memoryview) -> tuple[dict[str, Array], dict[str, str]]:
    entries = json.loads(header)
    metadata = {str(key): str(value) for key, value in entries.pop("__metadata__").items() if key != "digest"}
    return {name: _tensor(entry, body) for name, entry in entries.items()}, metadata


def _tensor(entry: Mapping[str, Any], body: memoryview) -> Array:
    begin, end = entry["data_offsets"]
    if not 0 <= begin <= end <= len(body):
        raise ValueError("a tensor lies outside the file")
    return np.frombuffer(body[begin:end], _DTYPES[entry["dtype"]]).reshape(entry["shape"])
