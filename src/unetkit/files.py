"""Atomic, checksummed files: a reader sees the old file or the new one, whole and verified, and nothing between.

Every write goes to a temporary name in the same folder, is fsynced, renamed, and the folder fsynced. What kind of
seal a file carries depends on what its format allows: JSON a key, text a last line, safetensors a metadata field.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from unetkit.errors import DiskFull, FormatError, MachineError, PermissionRefused, UnetkitError

Array = npt.NDArray[Any]

_TEXT_SEALS = {".yaml": "# sha256: {}", ".csv": "# sha256: {}", ".html": "<!-- sha256: {} -->"}
_SEAL_LINE = re.compile(r"^(?:# |<!-- )sha256: ([0-9a-f]{64})(?: -->)?$")
_DIGEST_FIELD = re.compile(rb'"digest":"([0-9a-f]{64})"')
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


def sha256_bytes(data: bytes) -> str:
    """SHA-256 of `data`, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's content, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- bytes ------------------------------------------------------------------------------------------------------


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` whole or not at all; when this returns, it survives a power cut.

    Raises:
        DiskFull, PermissionRefused, MachineError: nothing was changed, and no temporary file stays behind.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise write_error(error, path, len(data)) from error
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the entries of `folder` durable (a rename is lost in a power cut without it)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_error(error: OSError, path: Path, size: int = 0) -> UnetkitError:
    """The error of ours for a failed write: path, bytes needed and free."""
    if error.errno in _FULL:
        free = shutil.disk_usage(path.parent).free
        return DiskFull(
            f"no space left: {size:,} bytes needed, {free:,} free",
            where=str(path),
            advice="free some space, or write elsewhere with --out",
        )
    if error.errno in _REFUSED:
        return PermissionRefused(
            "the system refused to write here", where=str(path), advice="choose another folder with --out"
        )
    return MachineError(f"writing failed: {error.strerror or error}", where=str(path))


# --- text, JSON and JSON lines ----------------------------------------------------------------------------------


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, without a seal (for files that people edit)."""
    write_bytes(path, text.encode())


def write_sealed_text(path: Path, text: str) -> None:
    """Write `text` with its checksum as a comment in the last line (YAML, HTML)."""
    body = text if text.endswith("\n") else text + "\n"
    seal = _TEXT_SEALS[path.suffix].format(sha256_bytes(body.encode()))
    write_bytes(path, f"{body}{seal}\n".encode())


def read_sealed_text(path: Path) -> str:
    """The text without its seal.

    Raises:
        FormatError: the seal is missing or does not fit the content.
    """
    body, _, seal = path.read_text(encoding="utf-8").rstrip("\n").rpartition("\n")
    body += "\n"
    match = _SEAL_LINE.match(seal)
    if match is None or match[1] != sha256_bytes(body.encode()):
        raise _damaged(path)
    return body


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write one JSON document with a `digest` of its other keys."""
    sealed = {**document, "digest": _digest_of(document)}
    write_bytes(path, (json.dumps(sealed, indent=1, ensure_ascii=False) + "\n").encode())


def read_json(path: Path) -> dict[str, Any]:
    """The document without its digest.

    Raises:
        FormatError: not JSON, or the digest does not fit.
    """
    return _unsealed(path, path.read_text(encoding="utf-8"))


def write_jsonl(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write one JSON document a line, each with its own digest; the file is replaced whole."""
    lines = [json.dumps({**row, "digest": _digest_of(row)}, ensure_ascii=False) for row in rows]
    write_bytes(path, "".join(line + "\n" for line in lines).encode())


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """The rows without their digests.

    Raises:
        FormatError: a line is damaged.
    """
    return [_unsealed(path, line) for line in path.read_text(encoding="utf-8").splitlines()]


def _digest_of(document: Mapping[str, Any]) -> str:
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256_bytes(canonical.encode())


def _unsealed(path: Path, text: str) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(text)
        digest = document.pop("digest")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise _damaged(path) from error
    if digest != _digest_of(document):
        raise _damaged(path)
    return document


# --- tensors ----------------------------------------------------------------------------------------------------


def write_tensors(path: Path, tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Write a safetensors file whose metadata `digest` covers its header (that field empty) and its tensor bytes."""
    write_bytes(path, pack_tensors(tensors, metadata))


def pack_tensors(tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> bytes:
    """The bytes of a sealed safetensors file."""
    from safetensors.numpy import save

    arrays = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    header, body = _split(save(arrays, dict(metadata)))
    entries = json.loads(header)
    # The library writes metadata in random order; sorted, the same tensors give the same bytes.
    entries["__metadata__"] = dict(sorted(metadata.items())) | {"digest": ""}
    empty = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
    sealed = empty.replace(b'"digest":""', b'"digest":"' + _tensor_digest(empty, body).encode() + b'"', 1)
    sealed += b" " * (-len(sealed) % 8)
    return len(sealed).to_bytes(8, "little") + sealed + body


def read_tensors(path: Path) -> tuple[dict[str, Array], dict[str, str]]:
    """The tensors and the metadata (without the digest), verified before use.

    Raises:
        FormatError: not a safetensors file of ours, truncated, or any bit of it changed.
    """
    return unpack_tensors(path.read_bytes(), path)


def unpack_tensors(data: bytes, path: Path) -> tuple[dict[str, Array], dict[str, str]]:
    """As `read_tensors`, from bytes; `path` is for the message."""
    from safetensors.numpy import load

    header, body = _split(data)
    found = _DIGEST_FIELD.search(header)
    if found is None or found[1].decode() != _tensor_digest(header, body):
        raise _damaged(path)
    metadata: dict[str, str] = json.loads(header)["__metadata__"]
    metadata.pop("digest")
    return load(data), metadata


def _split(data: bytes) -> tuple[bytes, bytes]:
    length = int.from_bytes(data[:8], "little")
    return data[8 : 8 + length], data[8 + length :]


def _tensor_digest(header: bytes, body: bytes) -> str:
    empty = _DIGEST_FIELD.sub(b'"digest":""', header, count=1).rstrip(b" ")
    return hashlib.sha256(empty + body).hexdigest()


def _damaged(path: Path) -> FormatError:
    return FormatError(
        "the file is damaged or was not written by unetkit: its checksum does not fit its content",
        where=str(path),
        advice="use another copy, or make it again",
    )
