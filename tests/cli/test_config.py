"""`unetkit config`: defaults, schema, and a check of a file."""

import json
from pathlib import Path

import pytest

from unetkit.cli.app import main
from unetkit.config.jobs import JOBS
from unetkit.config.schema import schema_of
from unetkit.config.writing import commented_defaults

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize("name", JOBS)
def test_the_defaults_of_a_job_are_printed_unwrapped(
    name: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert main(["config", name]) == 0
    assert capsys.readouterr().out == commented_defaults(JOBS[name], name)


def test_without_a_job_it_is_train(capsys: Captured) -> None:
    main(["config"])
    assert capsys.readouterr().out == commented_defaults(JOBS["train"], "train")


def test_the_schema_is_printed(capsys: Captured) -> None:
    assert main(["config", "predict", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == schema_of(JOBS["predict"], "predict")


def test_a_right_file_is_called_right(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("training: {epochs: 3}\n")
    assert main(["config", str(path)]) == 0
    assert capsys.readouterr().out == "a right configuration for unetkit train: 1 setting of its own\n"


def test_a_file_for_another_job_is_recognised(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("as_source: true\n")
    assert main(["config", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["job"] == "predict"


def test_a_file_can_be_checked_for_one_job(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("as_source: true\n")
    assert main(["config", "train", str(path)]) == 2
    assert f"where  {path}:1" in capsys.readouterr().err


def test_a_wrong_file_is_told_with_its_line(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("training:\n  epochs: 0\n")
    assert main(["config", str(path)]) == 2
    assert f"{path}:2" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["tran", "nope"])
def test_an_unknown_job_lists_the_jobs(word: str, capsys: Captured) -> None:
    assert main(["config", word]) == 2
    assert f"choices: {', '.join(JOBS)}" in " ".join(capsys.readouterr().err.split())
