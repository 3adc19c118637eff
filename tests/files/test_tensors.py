"""Tensors come back, in files that other programs read and check."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from safetensors.numpy import load_file

from unetkit import files

NUMBERS = st.sampled_from([np.float32, np.float64, np.float16, np.int64, np.uint8, np.int8, np.uint16, np.bool_])
TENSORS = st.dictionaries(
    st.text(max_size=8), NUMBERS.flatmap(lambda dtype: arrays(dtype, array_shapes(min_dims=0, min_side=0, max_side=3)))
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@given(tensors=TENSORS, metadata=st.dictionaries(st.text().filter(lambda key: key != "digest"), st.text()))
def test_tensors_come_back_writable(tensors: dict[str, files.Array], metadata: dict[str, str], folder: Path) -> None:
    files.write_tensors(folder / "a.safetensors", tensors, metadata)
    read, said = files.read_tensors(folder / "a.safetensors")

    assert said == metadata
    assert set(read) == set(tensors)
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(read[name], tensor, strict=True)
        assert read[name].flags.writeable


def test_the_safetensors_library_reads_our_tensors(tmp_path: Path) -> None:
    tensors: dict[str, files.Array] = {"b": np.array([[1, 2]], np.float32), "a": np.arange(3), "c": np.array(True)}
    files.write_tensors(tmp_path / "a.safetensors", tensors, {"note": 'é "quoted"'})
    read = load_file(tmp_path / "a.safetensors")
    assert {name: tensor.tolist() for name, tensor in read.items()} == {"b": [[1, 2]], "a": [0, 1, 2], "c": True}


def test_the_same_tensors_give_the_same_bytes(tmp_path: Path) -> None:
    tensors = {"b": np.zeros(3), "a": np.ones(2)}
    files.write_tensors(tmp_path / "one", tensors, {"x": "1", "y": "2"})
    files.write_tensors(tmp_path / "two", dict(reversed(tensors.items())), {"y": "2", "x": "1"})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_tensors_that_are_not_contiguous_come_back(tmp_path: Path) -> None:
    tensor = np.arange(12, dtype=np.float32).reshape(3, 4).T[::2]
    files.write_tensors(tmp_path / "a", {"t": tensor}, {})
    np.testing.assert_array_equal(files.read_tensors(tmp_path / "a")[0]["t"], tensor)


def test_the_digest_is_the_sha256_of_the_file_without_its_64_digits(tmp_path: Path) -> None:
    files.write_tensors(tmp_path / "a", {"t": np.zeros(3)}, {"a": "1"})
    data = (tmp_path / "a").read_bytes()
    header, _ = json.JSONDecoder().raw_decode(data[8:].decode("latin-1"))
    digest = header["__metadata__"]["digest"]
    assert hashlib.sha256(data.replace(digest.encode(), b"")).hexdigest() == digest
