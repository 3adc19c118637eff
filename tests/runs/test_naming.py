"""Outputs are numbered upwards, and MODEL means one file or is refused with the next step."""

from pathlib import Path

import pytest

from unetkit.errors import DataError, UsageError
from unetkit.runs import RunFolder, locate_model, name_of_data, next_free


def test_numbers_go_on_above_the_largest(tmp_path: Path) -> None:
    for name in ("sea-1", "sea-7", "sea-x", "seaside-9", "sea-2.bak"):
        (tmp_path / name).mkdir()
    assert next_free(tmp_path, "sea").name == "sea-8"
    assert next_free(tmp_path, "Sea").name == "Sea-8", "on some file systems they are the same"


def test_the_first_is_1_even_where_the_folder_is_missing(tmp_path: Path) -> None:
    assert next_free(tmp_path / "runs", "sea (2)") == tmp_path / "runs" / "sea (2)-1"
    assert next_free(tmp_path / "evaluations").name == "1"


def test_outputs_are_called_after_the_folder_or_the_stem_of_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "sea v1.2"
    home.mkdir()
    for name in ("manifest.csv", "pairs.2024.jsonl"):
        (home / name).touch()
    monkeypatch.chdir(home)
    assert [name_of_data(text) for text in (".", str(home), "manifest.csv")] == ["sea v1.2"] * 3
    assert name_of_data("pairs.2024.jsonl") == "pairs.2024"


def test_a_model_file_means_itself(tmp_path: Path) -> None:
    (tmp_path / "m.safetensors").touch()
    assert locate_model(str(tmp_path / "m.safetensors")) == tmp_path / "m.safetensors"


def test_a_finished_run_means_its_model(run: RunFolder) -> None:
    run.model.touch()
    assert locate_model(str(run.path)) == run.model
    assert RunFolder.of_model(run.model) == run


def test_an_unfinished_run_is_refused_with_the_command_that_resumes_it(run: RunFolder) -> None:
    with pytest.raises(UsageError, match="not ended") as caught:
        locate_model(str(run.path))
    assert caught.value.advice.startswith(f"unetkit train --resume {run.path}  #")
    run.write_history([{"step": 0}, {"step": 4}])
    with pytest.raises(UsageError, match="not ended") as caught:
        locate_model(str(run.path))
    _, here = caught.value.advice.splitlines()
    assert here.startswith(f"unetkit train --resume {run.path} --finish  #")


def test_a_path_with_a_blank_is_quoted_in_the_command(run: RunFolder) -> None:
    spaced = run.path.rename(run.path.with_name("my run"))
    with pytest.raises(UsageError) as caught:
        locate_model(str(spaced))
    assert all("my run'" in line for line in caught.value.advice.splitlines())


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no run"):
        locate_model(str(tmp_path))


def test_a_missing_model_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(DataError, match="no such model") as caught:
        locate_model(str(tmp_path / "modle.safetensors"))
    assert "model.safetensors" in caught.value.advice


def test_a_model_file_elsewhere_lies_in_no_run(tmp_path: Path) -> None:
    assert RunFolder.of_model(tmp_path / "model.safetensors") is None
