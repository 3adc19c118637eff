"""A run folder appears whole, and nothing that exists is lost."""

from pathlib import Path

import pytest

from unetkit.errors import DataError, FormatError, OutputExists
from unetkit.files import write_sealed_text
from unetkit.runs import RunFolder


def manifest(folder: Path) -> None:
    write_sealed_text(folder / "manifest.csv", "image,mask\n")


def test_it_begins_with_settings_manifest_and_environment(run: RunFolder) -> None:
    assert {path.name for path in run.path.iterdir() if path.is_file()} == {
        "config.yaml",
        "data.yaml",
        "manifest.csv",
        "environment.json",
    }
    assert run.read_config() == "seed: 0\n"
    assert RunFolder.is_run(run.path)
    assert not run.finished


def test_it_appears_by_one_rename(tmp_path: Path) -> None:
    seen: list[bool] = []
    path = tmp_path / "run"
    RunFolder.create(
        path,
        config="a: 1",
        environment={},
        write_manifest=lambda folder: (manifest(folder), seen.append(path.exists())),
    )
    assert seen == [False]
    assert path.is_dir()


def test_a_failure_half_way_leaves_nothing(tmp_path: Path) -> None:
    def failing(folder: Path) -> None:
        raise DataError("no pairs")

    with pytest.raises(DataError):
        RunFolder.create(tmp_path / "run", config="a: 1", environment={}, write_manifest=failing)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_run_is_refused_and_untouched(run: RunFolder) -> None:
    before = run.run_id
    with pytest.raises(OutputExists, match="nothing is overwritten"):
        RunFolder.create(run.path, config="b: 2", environment={}, write_manifest=manifest)
    assert run.run_id == before


def test_overwrite_replaces_a_run_whole(run: RunFolder) -> None:
    run.write_plan({"steps": 1})
    RunFolder.create(run.path, config="b: 2", environment={}, write_manifest=manifest, overwrite=True)
    assert run.read_config() == "b: 2\n"
    assert run.read_plan() == {}
    assert [path.name for path in run.path.parent.iterdir()] == [run.path.name]


@pytest.mark.parametrize("overwrite", [True, False])
def test_what_is_no_run_is_never_replaced_and_no_flag_promises_it(tmp_path: Path, overwrite: bool) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.jpg").touch()
    with pytest.raises(OutputExists, match="not written by this command"):
        RunFolder.create(photos, config="a: 1", environment={}, write_manifest=manifest, overwrite=overwrite)
    assert (photos / "a.jpg").exists()


def test_a_file_among_the_parents_is_told_as_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(OutputExists, match="a file stands where a folder is needed"):
        RunFolder.create(tmp_path / "notes" / "run", config="a: 1", environment={}, write_manifest=manifest)
    assert (tmp_path / "notes").read_text() == "mine"


def test_an_empty_folder_may_be_taken(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    RunFolder.create(tmp_path / "run", config="a: 1", environment={}, write_manifest=manifest)
    assert RunFolder.is_run(tmp_path / "run")


def test_history_plan_and_scores_come_back_and_are_empty_before(run: RunFolder) -> None:
    assert run.read_history() == []
    assert run.read_plan() == run.read_scores() == {}
    run.write_history([{"step": 1}, {"step": 2}])
    run.write_scores({"mean_iou": 0.5})
    assert run.read_history() == [{"step": 1}, {"step": 2}]
    assert run.read_scores() == {"mean_iou": 0.5}


def test_a_damaged_configuration_is_refused(run: RunFolder) -> None:
    run.config.write_text(run.config.read_text().replace("seed: 0", "seed: 1"))
    with pytest.raises(FormatError, match="damaged"):
        run.read_config()


def test_opening_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no run folder"):
        RunFolder.open(tmp_path)


def test_two_runs_have_two_identities(run: RunFolder, tmp_path: Path) -> None:
    other = RunFolder.create(tmp_path / "b", config="a: 1", environment={}, write_manifest=manifest)
    assert other.run_id != run.run_id
