"""Tables of pairs in every dress, and tables that are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from unetkit.data.layouts import Reading, find_pairs
from unetkit.data.layouts.rows import read_rows
from unetkit.data.pair import Pair
from unetkit.errors import AmbiguityError, DataError

Plant = Callable[..., Path]


@pytest.fixture
def with_table(plant: Plant) -> Callable[..., Path]:
    """Folders a/ and b/ whose names say nothing, and a table that does."""

    def grow(text: str, name: str = "pairs.csv") -> Path:
        root = plant("a/{n}.png", "b/{n}.png", name)
        (root / name).write_bytes(text.encode())
        return root

    return grow


def pairs(reading: Reading) -> list[tuple[str, str]]:
    return [(pair.image, pair.mask) for pair in reading.pairs]


ONE = [("a/1.png", "b/1.png")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_delimiter_is_understood(with_table: Callable[..., Path], delimiter: str) -> None:
    root = with_table(f"mask{delimiter}image{delimiter}note\r\nb/1.png{delimiter}a/1.png{delimiter}1,5; 2\r\n")

    assert pairs(find_pairs(root)) == ONE


@pytest.mark.parametrize(
    "header",
    [
        "image,mask",
        "sat_image_path,mask_path",
        "filename,label",
        "Image,Ground Truth",
        "x,annotation",
        "rgb,y",
        "\ufeffimage,mask",
    ],
)
def test_headers_say_which_column_is_which(with_table: Callable[..., Path], header: str) -> None:
    assert pairs(find_pairs(with_table(f"{header}\na/1.png,b/1.png\n"))) == ONE


def test_without_a_header_the_image_comes_first(with_table: Callable[..., Path]) -> None:
    assert pairs(find_pairs(with_table("a/1.png,b/1.png\n"))) == ONE


def test_quoted_names_hold_anything(plant: Plant) -> None:
    root = plant('a/x, "1"\n.png', "b/1.png", "pairs.csv")
    (root / "pairs.csv").write_text('image,mask\n"a/x, ""1""\n.png",b/1.png\n')

    assert pairs(find_pairs(root)) == [('a/x, "1"\n.png', "b/1.png")]


def test_split_and_group_are_used_and_other_columns_kept(with_table: Callable[..., Path]) -> None:
    root = with_table(
        "image,mask,split,group,weather\na/2.png,b/2.png,Validation,clip 7,fog\na/1.png,b/1.png,train,,sun\n"
    )

    reading = find_pairs(root)

    assert reading.pairs == (Pair("a/1.png", "b/1.png", "train"), Pair("a/2.png", "b/2.png", "val", "clip 7"))
    assert reading.columns == {"weather": ("sun", "fog")}


def test_a_split_column_of_other_words_is_a_column_like_others(with_table: Callable[..., Path]) -> None:
    reading = find_pairs(with_table("image,mask,split\na/1.png,b/1.png,fold3\n"))

    assert (reading.pairs[0].split, reading.columns) == (None, {"split": ("fold3",)})


def test_json_lines_are_a_table(with_table: Callable[..., Path]) -> None:
    row = {"image": "a/1.png", "mask": "b/1.png", "size": [4, 3], "note": None}

    reading = find_pairs(with_table(json.dumps(row) + "\n\n", "pairs.jsonl"))

    assert (pairs(reading), reading.columns) == (ONE, {"size": ("[4, 3]",), "note": ("",)})


def test_a_table_adds_splits_groups_and_columns_to_what_the_folders_show(plant: Plant) -> None:
    root = plant("images/{n}.png", "masks/{n}.png", "list.csv")
    rows = (f"{number}.png,{number}.png,test,g{number}" for number in ("1", "2", "3", "21"))
    (root / "list.csv").write_text("image,mask,split,group\n" + "\n".join(rows))

    reading = find_pairs(root)

    assert (reading.layout, reading.flags) == ("folders", "--layout table:list.csv")
    assert reading.pairs[0] == Pair("images/1.png", "masks/1.png", "test", "g1")


def test_a_table_that_splits_otherwise_than_the_folders_is_a_question(plant: Plant) -> None:
    root = plant("train/images/1.png", "train/masks/1.png", "list.csv")
    (root / "list.csv").write_text("image,mask,split\ntrain/images/1.png,train/masks/1.png,test\n")

    with pytest.raises(AmbiguityError):
        find_pairs(root)


@pytest.mark.parametrize(
    "text", ["filename,slope\na/1.png,0.5\n", "class,r,g,b\nsea,0,0,255\n", "", "\x00\x01", "a\n" * 9]
)
def test_a_table_of_anything_else_is_no_reading(plant: Plant, text: str) -> None:
    root = plant("images/{n}.png", "masks/{n}.png", "other.csv")
    (root / "other.csv").write_text(text)

    assert find_pairs(root).layout == "folders"


def test_two_paths_a_line_may_hold_blanks_and_foreign_roots(with_table: Callable[..., Path]) -> None:
    root = with_table("C:\\Sea Data\\a\\1.png   /home/me/Sea Data/b/1.png\n", "list.txt")

    assert pairs(find_pairs(root)) == ONE


def test_lists_of_one_folder_are_one_table_with_splits(plant: Plant) -> None:
    root = plant("a/1.png", "a/2.png", "b/1.png", "b/2.png", "train.txt", "val.txt")
    (root / "train.txt").write_text("a/1.png b/1.png\n")
    (root / "val.txt").write_text("a/2.png b/2.png\n")

    assert [pair.split for pair in find_pairs(root).pairs] == ["train", "val"]


def test_base_names_that_two_folders_share_go_by_the_role_of_the_folder(plant: Plant) -> None:
    root = plant("images/1.png", "masks/1.png", "list.csv")
    (root / "list.csv").write_text("image,mask\n/far/away/1.png,/far/away/1.png\n")

    assert pairs(find_pairs(root)) == [("images/1.png", "masks/1.png")]


def test_rows_without_a_mask_are_orphans_and_rows_without_files_are_counted(with_table: Callable[..., Path]) -> None:
    reading = find_pairs(with_table("image,mask\na/1.png,b/1.png\na/2.png,\na/3.png,b/9.png\nno.png,no.png\n"))

    assert reading.orphan_images == ("a/2.png", "a/3.png")
    assert "1 rows name files that are not here" in reading.evidence


def test_a_table_can_be_pointed_at(with_table: Callable[..., Path]) -> None:
    root = with_table("image,mask\na/1.png,b/1.png\n")

    assert pairs(find_pairs(root / "pairs.csv")) == ONE


def test_of_two_tables_one_can_be_named(with_table: Callable[..., Path]) -> None:
    root = with_table("image,mask\na/1.png,b/1.png\n")
    (root / "more.csv").write_text("image,mask\na/1.png,b/1.png\na/2.png,b/2.png\n")

    with pytest.raises(AmbiguityError, match="2 readings"):
        find_pairs(root)
    assert pairs(find_pairs(root, layout="table:pairs.csv")) == ONE


@pytest.mark.parametrize(
    "value", ["../../secret.png", "b/../../secret.png", "..\\..\\secret.png", "{outside}/secret.png"]
)
def test_a_path_that_leads_out_of_the_folder_is_refused(
    with_table: Callable[..., Path], tmp_path: Path, value: str
) -> None:
    (tmp_path / "secret.png").touch()
    root = with_table(f"image,mask\na/1.png,b/1.png\na/2.png,{value.format(outside=tmp_path)}\n")

    with pytest.raises(DataError, match="outside of the data folder"):
        find_pairs(root)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,mask\na/1.png,b/1.png\na/1.png,b/2.png\n", "one image two masks"),
        ("filename,slope\na/1.png,3\n", "no column of images"),
        ("", "cannot be read as a table"),
    ],
)
def test_a_table_that_was_named_must_be_one(with_table: Callable[..., Path], text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        find_pairs(with_table(text), layout="table:pairs.csv")


def test_a_table_of_objects_with_several_masks_an_image_is_no_table_of_pairs(plant: Plant) -> None:
    root = plant("images/{n}.png", "masks/{n}.png", "objects.csv")
    (root / "objects.csv").write_text("image,mask\nimages/1.png,masks/1.png\nimages/1.png,masks/2.png\n")

    assert find_pairs(root).layout == "folders"


def test_prose_that_mentions_two_files_is_no_list(plant: Plant) -> None:
    root = plant("images/{n}.png", "masks/{n}.png", "readme.txt")
    (root / "readme.txt").write_text("The data.\nimages/1.png masks/2.png\n")

    assert find_pairs(root).layout == "folders"


def test_a_table_that_is_not_there_is_said(with_table: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match="no such table"):
        find_pairs(with_table(""), layout="table:gone.csv")


def test_a_folder_full_of_label_files_is_not_opened(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    root = plant("images/{n}.png", "masks/{n}.png", *(f"labels/{number}.txt" for number in range(40)))
    monkeypatch.setattr("unetkit.data.layouts.table.read_rows", None)

    assert find_pairs(root).layout == "folders"


def test_rows_are_as_long_as_the_header(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1\n1,2,3\n")

    assert read_rows(tmp_path / "x.csv").rows == (("1", ""), ("1", "2"))
