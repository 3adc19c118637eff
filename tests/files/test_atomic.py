"""A file is replaced whole, and what a killed writer left can be removed."""

import hashlib
from pathlib import Path

import pytest

from unetkit import files
from unetkit.errors import FormatError, MachineError


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


def test_a_file_that_cannot_be_hashed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise OSError(5, "Input/output error")

    (tmp_path / "a.png").touch()
    monkeypatch.setattr(hashlib, "file_digest", failing)
    with pytest.raises(OSError, match="Input/output error") as failed:
        files.sha256_file(tmp_path / "a.png")
    assert failed.value.filename == str(tmp_path / "a.png")
