"""What is written comes back, sealed in a way that other programs can read and check."""

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from safetensors.numpy import load_file

from unetkit import files
from unetkit.errors import FormatError, MachineError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
DOCUMENTS = st.dictionaries(st.text().filter(lambda key: key != "digest"), JSON, max_size=4)
NUMBERS = st.sampled_from([np.float32, np.float64, np.float16, np.int64, np.uint8, np.int8, np.uint16, np.bool_])
TENSORS = st.dictionaries(
    st.text(max_size=8), NUMBERS.flatmap(lambda dtype: arrays(dtype, array_shapes(min_dims=0, min_side=0, max_side=3)))
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@given(document=DOCUMENTS)
def test_json_comes_back(document: dict[str, object], folder: Path) -> None:
    files.write_json(folder / "a.json", document)
    assert files.read_json(folder / "a.json") == document


@given(rows=st.lists(DOCUMENTS, min_size=1, max_size=4))
def test_json_lines_come_back(rows: list[dict[str, object]], folder: Path) -> None:
    files.write_jsonl(folder / "a.jsonl", rows)
    assert files.read_jsonl(folder / "a.jsonl") == rows


@given(text=st.text(), suffix=st.sampled_from([".yaml", ".csv", ".html"]))
def test_sealed_text_comes_back(text: str, suffix: str, folder: Path) -> None:
    files.write_sealed_text(folder / f"a{suffix}", text)
    assert files.read_sealed_text(folder / f"a{suffix}") == (text if text.endswith("\n") else text + "\n")


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


@pytest.mark.parametrize("name", ["a.json", "a.safetensors"])
def test_the_digest_is_the_sha256_of_the_file_without_its_64_digits(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name == "a.json":
        files.write_json(path, {"a": 1})
    else:
        files.write_tensors(path, {"t": np.zeros(3)}, {"a": "1"})
    data = path.read_bytes()
    document, _ = json.JSONDecoder().raw_decode(data[data.index(b"{") :].decode("latin-1"))
    digest = document.get("digest") or document["__metadata__"]["digest"]
    assert hashlib.sha256(data.replace(digest.encode(), b"")).hexdigest() == digest


def test_json_holds_no_nan_and_no_numpy(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", {"x": math.nan, "y": [np.float32(2), -math.inf], "z": np.arange(2)})
    assert files.read_json(tmp_path / "a.json") == {"x": None, "y": [2.0, None], "z": [0, 1]}


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    for content in (b"old", b"new and longer", b""):
        files.write_bytes(tmp_path / "a", content)
        assert (tmp_path / "a").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_missing_file_and_a_missing_folder_are_told_apart_from_damage(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no such file"):
        files.read_json(tmp_path / "none.json")
    with pytest.raises(MachineError, match="No such file"):
        files.write_bytes(tmp_path / "none" / "a", b"")


def test_leftovers_of_a_killed_writer_are_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in (".a.json.0badc0de.tmp", "a.json", ".hidden", "b.tmp"):
        (tmp_path / name).touch()
    assert files.remove_leftovers(tmp_path) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"a.json", ".hidden", "b.tmp"}


def test_no_rows_are_no_history() -> None:
    with pytest.raises(ValueError, match="at least one line"):
        files.write_jsonl(Path("never"), [])
