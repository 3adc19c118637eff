"""A run that was stopped is ended before its plan, with the best weights that it has."""

import io
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from unetkit.config.jobs import TrainSettings
from unetkit.errors import Interrupted, UsageError
from unetkit.files import read_tensors
from unetkit.recipes.settings import settings
from unetkit.runs import RunFolder
from unetkit.training import planning
from unetkit.training.result import TrainResult
from unetkit.training.step import Stepper
from unetkit.training.train import train

Run = Callable[..., TrainResult]


@pytest.fixture
def stopped(
    scenes: Path, trained: Run, tmp_path: Path, signals_heard: None, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., RunFolder]:
    """`stopped(3)` is a run of six steps of which three were made."""

    def at(step: int, **values: object) -> RunFolder:
        made, step_on = list[int](), Stepper.step

        def stepped(*words: object, **more: object) -> object:
            made.append(1)
            if len(made) == step:
                os.kill(os.getpid(), signal.SIGTERM)
            return step_on(*words, **more)  # type: ignore[arg-type]

        def tried(*_: object) -> float:
            if not step:
                os.kill(os.getpid(), signal.SIGTERM)
            return 0.1

        with monkeypatch.context() as patched:
            patched.setattr(planning, "seconds_per_step", tried)
            patched.setattr(Stepper, "step", stepped)
            with pytest.raises(Interrupted):
                trained(scenes, out=str(tmp_path / "stopped"), **{"training.steps": 6, **values})
        return RunFolder(tmp_path / "stopped")

    return at


def finishing(run: RunFolder) -> TrainSettings:
    given = settings("train", {"resume": str(run.path), "finish": True})
    assert isinstance(given, TrainSettings)
    return given


def test_it_ends_where_it_is_and_its_plan_repeats_it_to_the_bit(
    scenes: Path, trained: Run, stopped: Callable[[int], RunFolder], said: io.StringIO
) -> None:
    run = stopped(3)
    ended = train(finishing(run))
    assert ended is not None
    assert (ended.steps, run.read_plan()["changes"]) == (3, [[3, 3]])
    assert "this run ends here, after 3 of 6 steps" in said.getvalue()
    assert run.read_history()[-1]["step"] == 3, "the last weights were scored"
    assert "finish: false" in run.read_config(), "a run with this configuration is a new one"
    again = trained(scenes, **{"training.steps": None, "training.plan": str(run.plan)})
    ours, theirs = (read_tensors(result.model)[0] for result in (ended, again))
    assert ours.keys() == theirs.keys()
    assert all((ours[name] == theirs[name]).all() for name in ours)


@pytest.mark.parametrize("lost", ["checkpoints", "plan.json"])
def test_it_ends_though_killed_before_state_or_plan_told_of_it(lost: str, stopped: Callable[[int], RunFolder]) -> None:
    run = stopped(3)
    place = run.path / lost
    files = [place] if place.is_file() else [*place.iterdir()]
    before = {path: path.read_bytes() for path in files}
    assert train(finishing(run)) is not None
    run.model.unlink()
    for path, content in before.items():
        path.write_bytes(content)
    on_its_own = train(TrainSettings(resume=str(run.path)))
    assert on_its_own is not None
    assert on_its_own.steps == 3


def test_without_validation_images_its_last_weights_are_the_model(
    scenes: Path, trained: Run, stopped: Callable[..., RunFolder], said: io.StringIO
) -> None:
    ended = train(finishing(stopped(3, **{"data.val": "0"})))
    assert ended is not None
    assert ended.steps == 3
    assert "its last weights are the model" in said.getvalue()


def test_one_that_has_made_no_step_is_not_ended(stopped: Callable[[int], RunFolder]) -> None:
    run = stopped(0)
    with pytest.raises(UsageError, match="no step yet"):
        train(finishing(run))
    assert train(TrainSettings(resume=str(run.path))) is not None, "and goes on as before"


def test_one_that_has_ended_is_left_as_it_is(scenes: Path, trained: Run) -> None:
    result = trained(scenes)
    before = result.model.read_bytes()
    assert train(finishing(RunFolder(result.run))) is not None
    assert result.model.read_bytes() == before
