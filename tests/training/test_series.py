"""Several seeds: a run each, their mean and spread, and a series that was stopped goes on."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from training.conftest import TINY
from unetkit.config.jobs import TrainSettings
from unetkit.config.layers import settings_of_text
from unetkit.errors import ConfigError, DataError, DiskFull, Interrupted, OutputExists, UsageError
from unetkit.files import read_json
from unetkit.modelfile import read_model
from unetkit.recipes.settings import settings
from unetkit.runs import RunFolder, locate_model
from unetkit.training import series
from unetkit.training import train as training
from unetkit.training.result import TrainResult
from unetkit.training.series import spread, train_seeds


def asked(**values: object) -> TrainSettings:
    made = settings("train", {**TINY, "seeds": 3, "training.seed": 4, **values})
    assert isinstance(made, TrainSettings)
    return made


def tensors_of(model: Path) -> bytes:
    return b"".join(array.tobytes() for _, array in sorted(read_model(model)[0].items()))


def test_each_seed_has_a_run_and_the_scores_their_mean_and_spread(scenes: Path, tmp_path: Path) -> None:
    result = train_seeds(asked(out=str(tmp_path / "three")), str(scenes))
    runs = [RunFolder(tmp_path / "three" / f"seed-{seed}") for seed in (4, 5, 6)]
    assert [run.finished for run in runs] == [True] * 3
    assert [settings_of_text(TrainSettings, run.read_config(), "").training.seed for run in runs] == [4, 5, 6]
    assert len({tensors_of(run.model) for run in runs}) == 3, "each has weights of its own"
    written = read_json(tmp_path / "three" / "scores.json")
    values = [run.scores["scores"]["mean_iou"] for run in result.runs.values() if run.scores]
    assert written["seeds"] == [4, 5, 6]
    assert written["scores"]["mean_iou"]["mean"] == pytest.approx(statistics.fmean(values))
    assert written["scores"]["mean_iou"]["deviation"] == pytest.approx(statistics.stdev(values))


def test_a_series_that_was_stopped_goes_on_with_the_runs_that_are_missing(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, train, begun, threads = tmp_path / "three", series.train, list[str | None](), list[int]()

    def stopping(settings: TrainSettings, source: str | None = None, *, started: float | None = None) -> object:
        begun.append(settings.out or settings.resume)
        threads.append(settings.training.threads)
        if len(begun) == 2:
            raise Interrupted("stopped", signal=15)
        return train(settings, source, started=started)

    monkeypatch.setattr(series, "train", stopping)
    with pytest.raises(Interrupted) as stopped:
        train_seeds(asked(out=str(folder)), str(scenes))
    assert stopped.value.advice == f"unetkit train --resume {folder}"
    (folder / "seed-4" / "model.safetensors").unlink()
    result = train_seeds(TrainSettings.model_validate({"resume": str(folder), "training": {"threads": 2}}))
    assert list(result.runs) == [4, 5, 6]
    assert begun[2:] == [str(folder / f"seed-{seed}") for seed in (4, 5, 6)]
    assert threads[2:] == [2, 2, 2], "what is said anew is said to the run that goes on, too"


def test_who_meets_a_full_disk_hears_how_the_whole_series_goes_on(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, train = tmp_path / "my three", series.train

    def full(*_: object) -> None:
        raise DiskFull("no space is left", advice="free some space")

    def filling(wanted: TrainSettings, source: str | None = None, *, started: float | None = None) -> object:
        if str(wanted.out).endswith("seed-5"):
            monkeypatch.setattr(training, "run_loop", full)
        return train(wanted, source, started=started)

    monkeypatch.setattr(series, "train", filling)
    with pytest.raises(DiskFull) as told:
        train_seeds(asked(out=str(folder)), str(scenes))
    assert f"unetkit train --resume '{folder}'  #" in told.value.advice


def test_two_series_at_once_have_folders_of_their_own_and_one_is_resumed_once(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    train, inside = series.train, list[Path]()

    def other_too(wanted: TrainSettings, source: str | None = None, *, started: float | None = None) -> object:
        if not inside:
            inside.append(Path())
            inside[0] = train_seeds(asked(seeds=2), str(scenes)).folder
            with pytest.raises(UsageError, match="another process"):
                train_seeds(TrainSettings(resume="runs/scenes-1"))
        return train(wanted, source, started=started)

    monkeypatch.setattr(series, "train", other_too)
    assert train_seeds(asked(seeds=2), str(scenes)).folder == Path("runs/scenes-1")
    assert inside == [Path("runs/scenes-2")]


def test_a_run_of_one_seed_does_not_go_on_as_several(scenes: Path, trained: Callable[..., TrainResult]) -> None:
    result = trained(scenes)
    with pytest.raises(ConfigError, match="of one seed") as refused:
        train_seeds(asked(resume=str(result.run)))
    assert f"unetkit train --resume {result.run}" in refused.value.advice


def test_the_spread_is_of_the_scores_that_all_runs_have() -> None:
    found = spread([{"a": 0.5, "b": None, "c": 1.0}, {"a": 0.7, "b": 0.3, "c": 1.0}])
    assert set(found) == {"a", "c"}
    assert found["a"] == {
        "mean": pytest.approx(0.6),
        "deviation": pytest.approx(0.1414, abs=1e-4),
        "lowest": 0.5,
        "highest": 0.7,
    }


def test_data_that_cannot_be_read_leave_no_folder_behind(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        train_seeds(asked(out=str(tmp_path / "three")), str(tmp_path / "nothing"))
    assert not (tmp_path / "three").exists()


def test_an_old_series_is_replaced_once_the_new_one_has_begun_and_not_before(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "three"
    train_seeds(asked(out=str(folder), seeds=2), str(scenes))
    old = read_json(folder / "scores.json")
    again = asked(out=str(folder), overwrite=True, seeds=2, **{"training.seed": 7})
    with pytest.raises(DataError):
        train_seeds(again, str(tmp_path / "nothing"))
    assert read_json(folder / "scores.json") == old

    def stopped_at_its_end(*given: Any, **named: Any) -> None:
        train(*given, **named)
        raise Interrupted("stopped", signal=15)

    train = series.train
    monkeypatch.setattr(series, "train", stopped_at_its_end)
    with pytest.raises(Interrupted):
        train_seeds(again, str(scenes))
    assert [path.name for path in folder.glob("seed-*")] == ["seed-7"]
    assert list(tmp_path.iterdir()) == [folder], "nothing that stepped aside stays"


def test_a_series_that_goes_on_stays_whatever_its_first_run_meets(scenes: Path, tmp_path: Path) -> None:
    folder = tmp_path / "three"
    train_seeds(asked(out=str(folder), seeds=2), str(scenes))
    for run in folder.glob("seed-*"):
        shutil.rmtree(run)
    scenes.rename(scenes.with_name("moved"))
    with pytest.raises(DataError):
        train_seeds(TrainSettings(resume=str(folder)))
    scenes.with_name("moved").rename(scenes)
    assert list(train_seeds(TrainSettings(resume=str(folder))).runs) == [4, 5]


def test_a_series_under_torchrun_is_refused_before_anything_is_made(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ConfigError, match="several processes train one run") as refused:
        train_seeds(asked(out=str(tmp_path / "three")), str(scenes))
    assert "torchrun ... -m unetkit train DATA --seed 1" in refused.value.advice
    assert not (tmp_path / "three").exists()


def test_what_does_not_fit_a_series_is_refused(
    scenes: Path, tmp_path: Path, trained: Callable[..., TrainResult]
) -> None:
    result = trained(scenes)
    with pytest.raises(OutputExists):
        train_seeds(asked(out=str(result.run)), str(scenes))
    train_seeds(asked(out=str(tmp_path / "three"), seeds=2), str(scenes))
    for wrong in ({"extend": True}, {"training.learning_rate": 0.5}, {"training.steps": 9}):
        said = settings("train", {"resume": str(tmp_path / "three"), **wrong})
        assert isinstance(said, TrainSettings)
        with pytest.raises(ConfigError) as refused:
            train_seeds(said)
        assert "--extend" not in refused.value.advice
    with pytest.raises(ConfigError, match="has its data already"):
        train_seeds(TrainSettings(resume=str(tmp_path / "three")), str(scenes))
    plan = str(tmp_path / "three" / "seed-4" / "plan.json")
    with pytest.raises(ConfigError, match="--overwrite would replace"):
        train_seeds(
            asked(out=str(tmp_path / "three"), overwrite=True, **{"training.steps": None, "training.plan": plan}),
            str(scenes),
        )
    with pytest.raises(DataError, match="a run for each seed"):
        locate_model(str(tmp_path / "three"))
