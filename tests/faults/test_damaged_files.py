"""Any change of any file of ours is found before its content is used.

Each format is written once, then damaged in every way of RELIABILITY's row: single bits, cuts, zeroed pages, added
bytes. The negative control reads the same damaged tensors with the plain safetensors library, which accepts them.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors.numpy import load as plain_load

from unetkit import files
from unetkit.errors import FormatError

SEED = 20240
ROWS = [{"step": step, "loss": 1.0000000000000002 / step, "name": "Küste"} for step in range(1, 40)]
TENSORS = {"weight": np.arange(3000, dtype=np.float32), "steps": np.array(7), "flags": np.array([True, False])}

Reader = Callable[[Path], Any]
FORMATS: dict[str, tuple[Callable[[Path], None], Reader]] = {
    "scores.json": (lambda path: files.write_json(path, {"rows": ROWS, "e": 1e-30}), files.read_json),
    "history.jsonl": (lambda path: files.write_jsonl(path, ROWS), files.read_jsonl),
    "config.yaml": (lambda path: files.write_sealed_text(path, "lr: 0.1  # Küste\n" * 300), files.read_sealed_text),
    "images.csv": (lambda path: files.write_sealed_text(path, "a,b\n1,2\n" * 600), files.read_sealed_text),
    "report.html": (lambda path: files.write_sealed_text(path, "<p>é</p>\n" * 500), files.read_sealed_text),
    "model.safetensors": (lambda path: files.write_tensors(path, TENSORS, {"unetkit": "{}"}), files.read_tensors),
}


def flipped(data: bytes, count: int) -> Iterator[bytes]:
    draw = np.random.default_rng(SEED)
    for place in draw.choice(len(data) * 8, min(count, len(data) * 8), replace=False).tolist():
        damaged = bytearray(data)
        damaged[place // 8] ^= 1 << (place % 8)
        yield bytes(damaged)


def cut(data: bytes, count: int) -> Iterator[bytes]:
    lengths = np.random.default_rng(SEED).choice(len(data), min(count, len(data)), replace=False).tolist()
    yield from (data[:length] for length in {*lengths, 0, 1, 7, 8, 9, len(data) - 1})


def zeroed(data: bytes, count: int, page: int = 64) -> Iterator[bytes]:
    # Pages of 4 KiB on the disk; smaller here, as the files are.
    for start in np.random.default_rng(SEED).integers(0, len(data) - page, count).tolist():
        yield data[:start] + bytes(page) + data[start + page :]


def lengthened(data: bytes) -> Iterator[bytes]:
    yield from (data + tail for tail in (b"\0", b" ", b"\n", b"{}\n", data))


def undetected(path: Path, read: Reader, mutants: Iterator[bytes]) -> list[bytes]:
    accepted: list[bytes] = []
    for mutant in mutants:
        path.write_bytes(mutant)
        try:
            read(path)
        except FormatError:
            continue
        accepted.append(mutant)
    return accepted


@pytest.fixture(params=FORMATS)
def written(request: pytest.FixtureRequest, shelf: Path) -> tuple[Path, Reader, bytes]:
    write, read = FORMATS[request.param]
    path = shelf / request.param
    write(path)
    assert read(path)
    return path, read, path.read_bytes()


def test_every_flipped_bit_is_detected(written: tuple[Path, Reader, bytes]) -> None:
    path, read, data = written
    assert undetected(path, read, flipped(data, 400)) == []


def test_every_cut_is_detected(written: tuple[Path, Reader, bytes]) -> None:
    path, read, data = written
    assert undetected(path, read, cut(data, 50)) == []


def test_every_zeroed_page_is_detected(written: tuple[Path, Reader, bytes]) -> None:
    path, read, data = written
    assert undetected(path, read, zeroed(data, 50)) == []


def test_every_added_tail_is_detected(written: tuple[Path, Reader, bytes]) -> None:
    path, read, data = written
    assert undetected(path, read, lengthened(data)) == []


def test_every_bit_of_a_tensor_header_is_covered(shelf: Path) -> None:
    path = shelf / "model.safetensors"
    files.write_tensors(path, TENSORS, {"unetkit": "{}"})
    data = path.read_bytes()
    end = 8 * (8 + int.from_bytes(data[:8], "little"))
    mutants = (_with_flip(data, place) for place in range(end))
    assert undetected(path, files.read_tensors, mutants) == []


def test_lines_of_a_history_can_be_neither_lost_nor_swapped(shelf: Path) -> None:
    path = shelf / "history.jsonl"
    files.write_jsonl(path, ROWS)
    lines = path.read_bytes().splitlines(keepends=True)
    mutants = [lines[:-1], lines[1:], [*lines, lines[-1]], [lines[1], lines[0], *lines[2:]], lines[:1]]
    assert undetected(path, files.read_jsonl, (b"".join(mutant) for mutant in mutants)) == []


def test_control_the_plain_library_accepts_most_flipped_bits() -> None:
    data = _sealed_bytes()
    accepted = sum(_loads(mutant) for mutant in flipped(data, 300))
    assert accepted > 200


def test_a_foreign_file_is_called_foreign(shelf: Path) -> None:
    from safetensors.numpy import save_file

    path = shelf / "foreign.safetensors"
    save_file(TENSORS, path)
    with pytest.raises(FormatError, match="not written by unetkit"):
        files.read_tensors(path)


@pytest.mark.parametrize("size", [0, 2**62, 2**64 - 1])
def test_a_header_length_is_never_trusted(size: int, shelf: Path) -> None:
    path = shelf / "bomb.safetensors"
    path.write_bytes(size.to_bytes(8, "little") + b"{}")
    with pytest.raises(FormatError):
        files.read_tensors(path)


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [1], "data_offsets": [0, 400]},
        {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]},
        {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": "x", "data_offsets": [0, 4]},
        {"shape": [1]},
        [],
    ],
)
def test_a_hostile_header_with_a_right_digest_is_refused(entry: object, shelf: Path) -> None:
    path = shelf / "hostile.safetensors"
    path.write_bytes(_forged({"__metadata__": {"digest": ""}, "weight": entry}, b"\0" * 4))
    with pytest.raises(FormatError):
        files.read_tensors(path)


def _with_flip(data: bytes, place: int) -> bytes:
    damaged = bytearray(data)
    damaged[place // 8] ^= 1 << (place % 8)
    return bytes(damaged)


def _loads(data: bytes) -> bool:
    try:
        plain_load(data)
    except (SafetensorError, ValueError, KeyError, TypeError, UnicodeDecodeError):
        return False
    return True


def _sealed_bytes() -> bytes:
    from safetensors.numpy import save

    return save(TENSORS)


def _forged(header: dict[str, object], body: bytes) -> bytes:
    empty = json.dumps(header, separators=(",", ":")).encode()
    length = (len(empty) + 64).to_bytes(8, "little")
    digest = files.sha256_bytes(length + empty + body).encode()
    return length + empty.replace(b'"digest":""', b'"digest":"' + digest + b'"') + body
