"""Atomic, checksummed files: a reader sees the old file or the new one, whole and verified, and nothing between.

Every write goes to a temporary name in the same folder, is fsynced, renamed, and the folder fsynced. Every file
carries its own SHA-256, always taken over the whole file with those 64 digits left out: JSON in a key `digest`, text
in a comment on its last line, safetensors in the metadata field `digest` (`files_tensors.py`). A reader computes it
before it believes anything else.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import math
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from unetkit.errors import (
    DiskFull,
    FormatError,
    MachineError,
    OutputExists,
    PermissionRefused,
    TrainingDiverged,
    UnetkitError,
)

Array = npt.NDArray[Any]
Buffer = bytes | bytearray | memoryview

LEFTOVER = ".tmp"
"""How the temporary names end that a killed writer may leave behind; nothing ever reads them."""

_SEALS = {".yaml": "# sha256: {}", ".csv": "# sha256: {}", ".html": "<!-- sha256: {} -->"}
_SEAL_LINE = re.compile(rb"(?:# |<!-- )sha256: ([0-9a-f]{64})(?: -->)?\n\Z")
_JSON_SEAL = re.compile(rb'"digest": "([0-9a-f]{64})"\n?\}\n\Z')
_TENSOR_SEAL = re.compile(rb'"digest":"([0-9a-f]{64})"')
_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "U64": "<u8", "I32": "<i4", "U32": "<u4",
    "I16": "<i2", "U16": "<u2", "I8": "|i1", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


def sha256_bytes(data: Buffer) -> str:
    """SHA-256 of `data`, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's content, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- bytes ------------------------------------------------------------------------------------------------------


def write_bytes(path: Path, data: Buffer) -> None:
    """Write `data` to `path` whole or not at all; when this returns, it survives a power cut.

    Raises:
        DiskFull, PermissionRefused, MachineError: nothing was changed, and no temporary file stays behind.
    """
    write_parts(path, [data])


def write_parts(path: Path, parts: Sequence[Buffer]) -> None:
    """As `write_bytes`, for content that lies in several buffers and would be costly to join."""
    try:
        _write_and_rename(path, parts)
    except OSError as error:
        raise write_error(error, path, sum(memoryview(part).nbytes for part in parts)) from error


def _write_and_rename(path: Path, parts: Sequence[Buffer]) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{LEFTOVER}")
    try:
        with temporary.open("xb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        # Gone already after the rename; on a read-only disk it cannot be removed, and the first error is the news.
        with contextlib.suppress(OSError):
            temporary.unlink()


def read_bytes(path: Path) -> bytearray:
    """The content of a file, in memory that may be written to.

    Raises:
        FormatError: there is no such file, or it is a folder.
        PermissionRefused, MachineError: the system refused to read it, or could not.
    """
    try:
        with path.open("rb") as file:
            data = bytearray(os.fstat(file.fileno()).st_size)
            del data[file.readinto(data) :]
            return data
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise FormatError("there is no such file", where=str(path)) from error
    except OSError as error:
        if error.errno in _REFUSED:
            raise PermissionRefused("the system refused to read this file", where=str(path)) from error
        raise MachineError(f"reading failed: {error.strerror or error}", where=str(path)) from error


def sync_folder(folder: Path) -> None:
    """Make the entries of `folder` durable (a rename is lost in a power cut without it)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> int:
    """Delete the temporary files that a killed writer left in `folder`; only for a folder that nobody is writing to.

    Returns:
        How many there were.
    """
    leftovers = [path for path in folder.glob(f".*{LEFTOVER}") if path.is_file()]
    for path in leftovers:
        path.unlink(missing_ok=True)
    return len(leftovers)


def write_error(error: OSError, path: Path, size: int = 0) -> UnetkitError:
    """The error of ours for a failed write: path, bytes needed and free."""
    if error.errno in _FULL:
        return DiskFull(
            f"no space left: {size:,} bytes needed, {_free(path):,} free",
            where=str(path),
            advice="free some space, or write elsewhere with --out",
        )
    if isinstance(error, NotADirectoryError | FileExistsError):
        return OutputExists(
            "a file stands where a folder is needed", where=str(path), advice="choose another place with --out"
        )
    if error.errno in _REFUSED:
        return PermissionRefused(
            "the system refused to write here", where=str(path), advice="choose another folder with --out"
        )
    return MachineError(f"writing failed: {error.strerror or error}", where=str(path))


def _free(path: Path) -> int:
    with contextlib.suppress(OSError):
        return shutil.disk_usage(path.parent).free
    return 0


# --- text, JSON and JSON lines ----------------------------------------------------------------------------------


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, without a seal (for files that people edit)."""
    write_bytes(path, text.encode())


def write_sealed_text(path: Path, text: str) -> None:
    """Write `text` with its checksum as a comment in the last line (YAML, CSV, HTML)."""
    body = (text if text.endswith("\n") else text + "\n").encode(errors="surrogateescape")
    seal = _SEALS[path.suffix].format(sha256_bytes(body))
    write_bytes(path, body + f"{seal}\n".encode())


def read_sealed_text(path: Path) -> str:
    """The text without its seal.

    Raises:
        FormatError: the seal is missing or does not fit the content.
    """
    data = read_bytes(path)
    seal = _SEAL_LINE.search(data)
    if seal is None or seal[1].decode() != sha256_bytes(memoryview(data)[: seal.start()]):
        raise damaged(path)
    return data[: seal.start()].decode(errors="surrogateescape")


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write one JSON document and, as its last key, a `digest` over the file without these 64 digits.

    NumPy numbers become plain ones; NaN and infinity, which JSON has no word for, become null.
    """
    write_bytes(path, _sealed(document, indent=1))


def read_json(path: Path) -> dict[str, Any]:
    """The document without its digest.

    Raises:
        FormatError: not one of ours, or any bit of it changed.
    """
    return _unsealed(path, read_bytes(path))


def write_jsonl(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write one JSON document a line, at least one; the file is replaced whole.

    The digest of a line covers its place, too ("3 of 12"), so that a lost, swapped or added line is seen.
    """
    if not rows:
        raise ValueError("a file of JSON lines has at least one line")
    write_parts(path, [_sealed(row, place=f"{n} of {len(rows)}") for n, row in enumerate(rows, start=1)])


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """The rows without their digests.

    Raises:
        FormatError: a line is damaged, missing or in another place.
    """
    lines = read_bytes(path).split(b"\n")
    if lines.pop() or not lines:
        raise damaged(path)
    return [_unsealed(path, line + b"\n", place=f"{n} of {len(lines)}") for n, line in enumerate(lines, start=1)]


def plain(value: Any) -> Any:
    """`value` in the types of JSON: NumPy numbers and arrays, paths and tuples turned, NaN and infinity as None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in cast("Mapping[object, Any]", value).items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in cast("Iterable[Any]", value)]
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def _sealed(document: Mapping[str, Any], *, indent: int | None = None, place: str = "") -> bytes:
    sealed = plain({**document, "digest": ""})
    # A file name that is no UTF-8 holds lone surrogates: their escapes are JSON, too, and come back.
    text = json.dumps(sealed, ensure_ascii=False, allow_nan=False, indent=indent)
    empty = text.encode(errors="backslashreplace") + b"\n"
    at = empty.rindex(b'"')
    return empty[:at] + sha256_bytes(empty + place.encode()).encode() + empty[at:]


def _unsealed(path: Path, data: bytearray, *, place: str = "") -> dict[str, Any]:
    seal = _JSON_SEAL.search(data)
    if seal is None or seal[1].decode() != sha256_bytes(_without(data, seal) + place.encode()):
        raise damaged(path)
    document: dict[str, Any] = json.loads(data)
    del document["digest"]
    return document


def _without(data: bytearray, seal: re.Match[bytes]) -> bytearray:
    return data[: seal.start(1)] + data[seal.end(1) :]


def damaged(path: Path) -> FormatError:
    """The error for a file whose checksum is missing or does not fit."""
    return FormatError(
        "the file is damaged or was not written by unetkit: its checksum does not fit its content",
        where=str(path),
        advice="use another copy, or make it again",
    )


# --- tensors ----------------------------------------------------------------------------------------------------


def write_tensors(path: Path, tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Write a safetensors file with `metadata` and, as its last field, `digest`.

    The same tensors and metadata give the same bytes. No copy of a contiguous tensor is made.
    """
    arrays = {name: np.ascontiguousarray(tensors[name]).reshape(tensors[name].shape) for name in _by_alignment(tensors)}
    parts = [array.reshape(-1).data.cast("B") for array in arrays.values() if array.size]
    header = json.dumps(_header(arrays, metadata), separators=(",", ":"), ensure_ascii=False).encode()
    header += b" " * (-(len(header) + 64) % 8)
    length = (len(header) + 64).to_bytes(8, "little")
    digest = _sha256_parts([length, header, *parts])
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
    seal = _TENSOR_SEAL.search(header)
    if seal is None:
        raise FormatError("this file was not written by unetkit: it carries no digest", where=str(path))
    if seal[1].decode() != _sha256_parts([data[:8], _without(header, seal), body]):
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


def _sha256_parts(parts: Iterable[Buffer]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
