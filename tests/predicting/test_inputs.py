"""Every input has an output of its own, whose name can be guessed."""

from pathlib import Path

import pytest

from unetkit.errors import DataError
from unetkit.predicting.inputs import find_inputs, name_of_inputs


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def names(*texts: Path | str) -> list[str]:
    return [one.name for one in find_inputs([str(text) for text in texts])]


def test_a_file_is_called_like_itself(tmp_path: Path) -> None:
    touch(tmp_path, "küste 1.JPG")
    assert names(tmp_path / "küste 1.JPG") == ["küste 1.png"]


def test_a_folder_keeps_its_relative_names(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.jpg", "b/1.png", "a.tif", "notes.txt", ".DS_Store", "b/Thumbs.db")
    assert sorted(names(tmp_path)) == ["a.png", "b/1.png", "b/2.png"]


def test_a_glob_is_relative_to_its_fixed_part(tmp_path: Path) -> None:
    touch(tmp_path, "x/a/1.jpg", "x/b/1.jpg", "x/b/1.txt", "y/1.jpg")
    assert names(tmp_path / "x" / "**" / "*.jpg") == ["a/1.png", "b/1.png"]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path: Path) -> None:
    touch(tmp_path, "a[1].png", "a1.png")
    assert names(tmp_path / "a[1].png") == ["a[1].png"]


def test_same_names_from_different_folders_stay_apart(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "b/1.jpg", "b/2.jpg")
    assert sorted(names(tmp_path / "a", tmp_path / "b")) == ["2.png", "a/1.jpg.png", "b/1.jpg.png"]


def test_names_that_differ_only_in_their_ending_stay_apart(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg", "1.png", "2.png")
    assert sorted(names(tmp_path)) == ["1.jpg.png", "1.png.png", "2.png"]


def test_names_that_differ_only_in_case_stay_apart_on_every_system(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "A.jpg")
    found = names(tmp_path)
    assert len({name.casefold() for name in found}) == 2


def test_folders_of_one_name_with_files_of_one_name_stay_apart(tmp_path: Path) -> None:
    touch(tmp_path, "p/a/1.jpg", "q/a/1.jpg")
    assert len(set(names(tmp_path / "p/a", tmp_path / "q/a"))) == 2


def test_a_file_that_is_named_twice_counts_once(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg")
    assert names(tmp_path, tmp_path / "1.jpg", tmp_path / "*.jpg") == ["1.png"]


@pytest.mark.parametrize("text", ["missing", "missing.jpg"])
def test_a_missing_input_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such"):
        names(tmp_path / text)


@pytest.mark.parametrize("text", ["", "*.png"])
def test_no_image_at_all_is_refused(text: str, tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt")
    with pytest.raises(DataError, match="no image here"):
        names(tmp_path / text)


@pytest.mark.parametrize(("text", "expected"), [("boat.jpg", "boat"), ("sea", "sea"), ("sea/*.jpg", "sea")])
def test_the_output_folder_is_called_like_the_first_input(text: str, expected: str, tmp_path: Path) -> None:
    touch(tmp_path, "boat.jpg", "sea/1.jpg")
    assert name_of_inputs([str(tmp_path / text)]) == expected
