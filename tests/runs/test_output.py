"""A folder of output appears whole, takes nobody's place, and a numbered one is nobody else's."""

from pathlib import Path

import pytest

from unetkit.errors import OutputExists
from unetkit.runs import new_folder, output_place


def ours(folder: Path) -> bool:
    return (folder / "ours").exists()


@pytest.mark.parametrize(("overwrite", "name"), [(False, "ours"), (True, "theirs")])
def test_what_came_while_a_folder_was_filled_is_not_replaced(tmp_path: Path, overwrite: bool, name: str) -> None:
    path = tmp_path / "out"

    def fill() -> None:
        with new_folder(path, overwrite=overwrite, ours=ours) as filling:
            (filling / "ours").touch()
            path.mkdir()
            (path / name).write_text("mine")

    with pytest.raises(OutputExists):
        fill()
    assert (path / name).read_text() == "mine"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_two_jobs_at_once_have_numbers_of_their_own(tmp_path: Path) -> None:
    with output_place(None, tmp_path / "runs", "sea") as first, output_place(None, tmp_path / "runs", "sea") as second:
        for path in (second, first):
            with new_folder(path) as filling:
                (filling / "scores").write_text(path.name)
    assert [(path.name, (path / "scores").read_text()) for path in (first, second)] == [("sea-1",) * 2, ("sea-2",) * 2]


def test_a_number_that_nothing_came_of_is_free_again(tmp_path: Path) -> None:
    for _ in range(2):
        with output_place(None, tmp_path) as path:
            assert path == tmp_path / "1"
            assert path.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_a_name_of_full_length_is_a_folder_too(tmp_path: Path) -> None:
    with new_folder(tmp_path / ("я" * 127)) as filling:
        (filling / "a").touch()
    assert [entry.name for entry in tmp_path.iterdir()] == ["я" * 127]


def test_a_place_that_was_said_is_that_and_nothing_is_made_there(tmp_path: Path) -> None:
    with output_place(str(tmp_path / "here"), tmp_path / "runs") as path:
        assert path == tmp_path / "here"
    assert list(tmp_path.iterdir()) == []
