"""Files that a run begins with are found again from every working directory."""

from pathlib import Path

import pytest

from unetkit.config.jobs import TrainSettings
from unetkit.config.sections import DataSettings
from unetkit.data.classes import ClassTable
from unetkit.training.places import with_whole_paths


def classes(text: str) -> str | None:
    return with_whole_paths(TrainSettings(data=DataSettings(classes=text))).data.classes


def test_a_file_of_classes_is_the_same_one_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "size=large"
    home.mkdir()
    (home / "classes.txt").write_text("0=sea\n255=sky\n", encoding="utf-8")
    monkeypatch.chdir(home)
    here = ClassTable.from_text("classes.txt")
    said = classes("classes.txt")
    monkeypatch.chdir(tmp_path)
    assert said is not None
    assert ClassTable.from_text(said) == here


@pytest.mark.parametrize("text", ["0=sea,255=sky", "camvid", "sea, sky"])
def test_classes_that_are_no_file_stay_as_they_are_said(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "camvid").touch()
    assert classes(text) == text
