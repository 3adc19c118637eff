"""How a run goes on: with its own settings and its own weights, and nothing is dropped in silence."""

import shlex
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unetkit import console
from unetkit.config.jobs import TrainSettings
from unetkit.config.writing import to_yaml
from unetkit.errors import ConfigError
from unetkit.recipes.settings import settings
from unetkit.runs import RunFolder, save_last
from unetkit.training.interrupt import Interruption
from unetkit.training.opening import begin
from unetkit.training.result import TrainResult
from unetkit.training.train import train


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    text = to_yaml(TrainSettings(start_from="gone.safetensors"))
    return RunFolder.create(
        tmp_path / "run", config=text, environment={}, write_manifest=lambda folder: (folder / "manifest.csv").touch()
    )


def resumed(run: RunFolder, **values: object) -> TrainSettings:
    given = settings("train", {"resume": str(run.path), **values})
    assert isinstance(given, TrainSettings)
    return begin(given, None).settings


def test_what_is_said_beside_resume_is_told_to_have_no_effect(run: RunFolder, capsys: pytest.CaptureFixture[str]):
    console.switch_on()
    resumed(run)
    assert capsys.readouterr().err == ""
    resumed(run, **{"training.learning_rate": 1.0})
    assert "--lr" in capsys.readouterr().err
    console.switch_off()


def test_the_model_a_run_began_with_is_needed_only_until_its_first_checkpoint(run: RunFolder):
    assert resumed(run).start_from == "gone.safetensors"
    save_last(run, {"a": np.zeros(1, np.float32)}, {}, 1)
    assert resumed(run).start_from is None


def test_a_run_that_has_ended_or_data_beside_it_are_refused(run: RunFolder):
    with pytest.raises(ConfigError):
        begin(TrainSettings(resume=str(run.path)), "photos")
    run.model.touch()
    with pytest.raises(ConfigError, match="has ended"):
        resumed(run)


def test_commands_to_paste_hold_paths_with_blanks(run: RunFolder, tmp_path: Path):
    path = run.path.rename(tmp_path / "my run")
    RunFolder(path).model.touch()
    with pytest.raises(ConfigError) as ended:
        begin(TrainSettings(resume=str(path)), None)
    for error in (ended.value, Interruption(path, signal.SIGTERM).error()):
        assert shlex.split(error.advice)[-1] == str(path)


def test_images_that_changed_since_a_run_began_are_told(
    scenes: Path, tmp_path: Path, trained: Callable[..., TrainResult], capsys: pytest.CaptureFixture[str]
):
    data = Path(shutil.copytree(scenes, tmp_path / "data"))
    result = trained(data)
    result.model.unlink()
    image = sorted((data / "images").iterdir())[3]
    image.write_bytes(image.read_bytes() + b" ")
    console.switch_on(quiet=True)
    train(TrainSettings(resume=str(result.run)))
    said = capsys.readouterr().err
    console.switch_off()
    assert "1 of 12 images have changed" in said
    assert image.name in said
