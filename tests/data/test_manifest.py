"""The manifest: what is written is read back, and what was changed is noticed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unetkit.data.manifest import Manifest, find_manifest, load_manifest, save_manifest
from unetkit.data.pair import Pair
from unetkit.errors import DataError, FormatError

NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\0") | st.just("\r"), min_size=1)
ROWS = st.lists(
    st.tuples(NAMES, NAMES, st.sampled_from([None, "train", "val", "test"]), st.none() | NAMES, NAMES),
    max_size=6,
    unique_by=lambda row: row[0],
)
DESCRIPTION: dict[str, Any] = {
    "classes": [{"id": 0, "name": "sea", "colour": [0, 84, 147], "source": 0}],
    "licence": "?",
}


def small(root: Path) -> Manifest:
    pairs = (Pair("a b/ü,1.png", "m/1.png", "train", "x"), Pair("2.png", "m/2|n/2", None, None))
    return Manifest(root, pairs, {"flight": ("f1", "")}, DESCRIPTION)


@given(rows=ROWS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_written_is_read_back(
    tmp_path: Path, rows: list[tuple[str, str, str | None, str | None, str]]
) -> None:
    pairs = tuple(Pair(image, mask, split, group) for image, mask, split, group, _ in rows)
    before = Manifest(tmp_path, pairs, {"note": tuple(row[4] for row in rows)}, DESCRIPTION)
    save_manifest(before, tmp_path)
    assert load_manifest(tmp_path / "manifest.csv") == before


def test_the_table_is_what_a_spreadsheet_shows(tmp_path: Path) -> None:
    save_manifest(small(tmp_path), tmp_path)
    lines = (tmp_path / "manifest.csv").read_text("utf-8").splitlines()
    assert lines == ["image,mask,split,group,flight", '"a b/ü,1.png",m/1.png,train,x,f1', "2.png,m/2|n/2,,,"]


def test_a_byte_order_mark_of_a_spreadsheet_is_read_over(tmp_path: Path) -> None:
    save_manifest(small(tmp_path), tmp_path)
    table = tmp_path / "manifest.csv"
    table.write_bytes(b"\xef\xbb\xbf" + table.read_bytes())
    assert load_manifest(table) == small(tmp_path)


def test_paths_are_relative_to_the_root_wherever_the_manifest_stands(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "x-1"
    run.mkdir(parents=True)
    save_manifest(small(tmp_path), run)
    assert load_manifest(run / "manifest.csv").root == tmp_path


def test_a_manifest_beside_its_images_can_be_moved_with_them(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    save_manifest(small(tmp_path / "old"), tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    assert load_manifest(tmp_path / "new" / "manifest.csv").root == tmp_path / "new"


@pytest.mark.parametrize("name", ["manifest.csv", "data.yaml"])
def test_a_changed_byte_in_a_sealed_manifest_is_noticed(tmp_path: Path, name: str) -> None:
    save_manifest(small(tmp_path), tmp_path, sealed=True)
    assert load_manifest(tmp_path / "manifest.csv") == small(tmp_path)
    file = tmp_path / name
    file.write_bytes(file.read_bytes().replace(b"a", b"e", 1))
    with pytest.raises(FormatError):
        load_manifest(tmp_path / "manifest.csv")


def test_an_unsealed_description_may_be_edited(tmp_path: Path) -> None:
    save_manifest(small(tmp_path), tmp_path)
    file = tmp_path / "data.yaml"
    file.write_text(file.read_text("utf-8").replace("sea", "water"), "utf-8")
    assert load_manifest(tmp_path / "manifest.csv").description["classes"][0]["name"] == "water"


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("a,b\n1,2\n", "no column image"),
        ("", "no column image"),
        ("image,mask\n1.png\n", "1 values for 2 columns"),
        ("image,mask,split\n1.png,2.png,dev\n", "'dev' is no split"),
        ("image,mask\n1.png,\n", "the mask is missing"),
        ("image,mask\n1.png,2.png\n\n1.png,3.png\n", "stands in line 2 already"),
    ],
)
def test_a_broken_table_names_its_line(tmp_path: Path, table: str, says: str) -> None:
    save_manifest(small(tmp_path), tmp_path)
    (tmp_path / "manifest.csv").write_text(table, "utf-8")
    with pytest.raises(DataError, match=says) as caught:
        load_manifest(tmp_path / "manifest.csv")
    assert "manifest.csv, line" in caught.value.where


def test_a_root_that_is_gone_is_named(tmp_path: Path) -> None:
    save_manifest(small(tmp_path / "gone"), tmp_path)
    with pytest.raises(DataError) as caught:
        load_manifest(tmp_path / "manifest.csv")
    assert str(tmp_path / "gone") in caught.value.where
    assert "change `root`" in caught.value.advice


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    save_manifest(small(tmp_path), tmp_path)
    file = tmp_path / "data.yaml"
    file.write_text(file.read_text("utf-8").replace("format: 1", "format: 2"), "utf-8")
    with pytest.raises(FormatError, match="reads up to 1"):
        load_manifest(tmp_path / "manifest.csv")


def test_a_folder_is_a_manifest_only_with_its_description(tmp_path: Path) -> None:
    assert find_manifest(tmp_path) is None
    (tmp_path / "manifest.csv").write_text("image,mask\n")
    assert find_manifest(tmp_path) is None
    (tmp_path / "data.yaml").write_text("classes: []\n")
    assert find_manifest(tmp_path) == find_manifest(tmp_path / "manifest.csv") == tmp_path / "manifest.csv"
