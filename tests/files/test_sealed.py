"""Text and documents come back, sealed in a way that other programs can check."""

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unetkit import files

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
DOCUMENTS = st.dictionaries(st.text().filter(lambda key: key != "digest"), JSON, max_size=4)


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


def test_the_digest_is_the_sha256_of_the_file_without_its_64_digits(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", {"a": 1})
    data = (tmp_path / "a.json").read_bytes()
    digest = json.loads(data)["digest"]
    assert hashlib.sha256(data.replace(digest.encode(), b"")).hexdigest() == digest


def test_json_holds_no_nan_and_no_numpy(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", {"x": math.nan, "y": [np.float32(2), -math.inf], "z": np.arange(2)})
    assert files.read_json(tmp_path / "a.json") == {"x": None, "y": [2.0, None], "z": [0, 1]}


def test_no_rows_are_no_history() -> None:
    with pytest.raises(ValueError, match="at least one line"):
        files.write_jsonl(Path("never"), [])
