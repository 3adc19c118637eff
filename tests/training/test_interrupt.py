"""Once there is a run to go on with, a signal ends with how to go on, at whatever it comes."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from training.conftest import TINY
from unetkit.config.jobs import TrainSettings
from unetkit.errors import Interrupted
from unetkit.files import read_tensors
from unetkit.predicting.stopping import Stop
from unetkit.recipes.settings import settings
from unetkit.runs import RunFolder, has_state, load_newest_intact, stepping_aside
from unetkit.runs.signals import STOPS
from unetkit.training import planning, recording, running
from unetkit.training import train as training
from unetkit.training.interrupt import Interruption
from unetkit.training.prepare import Material
from unetkit.training.result import TrainResult
from unetkit.training.scoring import Scorer
from unetkit.training.series import train_seeds
from unetkit.training.session import Session

Run = Callable[..., TrainResult]


@pytest.fixture
def signalled(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """`signalled(number, nth)` sends this process a real signal when it prepares data for the nth time."""

    def arrange(number: int, nth: int) -> None:
        prepare, times = training.prepare_data, list[int]()

        def preparing(*words: object) -> Material:
            times.append(1)
            if len(times) == nth:
                os.kill(os.getpid(), number)
            return prepare(*words)  # type: ignore[arg-type]

        monkeypatch.setattr(training, "prepare_data", preparing)

    return arrange


@pytest.mark.parametrize("number", STOPS)
@pytest.mark.usefixtures("signals_heard")
def test_a_signal_while_a_run_that_goes_on_is_prepared_ends_it_with_how_to_go_on(
    number: int, scenes: Path, trained: Run, signalled: Callable[[int, int], None]
) -> None:
    result = trained(scenes)
    result.model.unlink()
    before = signal.getsignal(number)
    signalled(number, 1)
    with pytest.raises(Interrupted, match="nothing is lost") as stopped:
        training.train(TrainSettings(resume=str(result.run)))
    assert stopped.value.exit_code == 128 + number
    assert stopped.value.advice == f"unetkit train --resume {result.run}"
    assert signal.getsignal(number) == before
    assert training.train(TrainSettings(resume=str(result.run))) is not None


TERM, HUP = signal.SIGTERM, signal.SIGHUP


@pytest.mark.parametrize("numbers", [(HUP, HUP), (HUP, TERM), (TERM, HUP), (TERM, signal.SIGINT)])
def test_only_the_same_signal_again_is_one_that_does_not_wait(numbers: tuple[int, ...], tmp_path: Path) -> None:
    """A session that is closed sends SIGHUP twice, or SIGTERM with it."""
    stop, predicting = Interruption(tmp_path), Stop(tmp_path, 3)
    for number in numbers:
        stop.on_signal(number, None)
        predicting.on_signal(number, None)
    assert (stop.requested, stop.at_once, predicting.requested) == (numbers[0], False, numbers[0])
    for handler in (Interruption(tmp_path, requested=TERM).on_signal, Stop(tmp_path, 3, requested=TERM).on_signal):
        with pytest.raises(Interrupted, match="at once"):
            handler(TERM, None)


def test_a_signal_that_a_launcher_repeats_is_still_the_same(tmp_path: Path) -> None:
    stop = Interruption(tmp_path, alone=False)
    for _ in range(3):
        stop.on_signal(TERM, None)
    assert stop.requested == TERM


@pytest.mark.parametrize("nth", [1, 2])
def test_a_signal_while_a_seed_is_prepared_ends_the_series_with_how_to_go_on(
    nth: int, scenes: Path, tmp_path: Path, signalled: Callable[[int, int], None]
) -> None:
    wanted = settings("train", {**TINY, "seeds": 2, "out": str(tmp_path / "two")})
    assert isinstance(wanted, TrainSettings)
    signalled(signal.SIGTERM, nth)
    with pytest.raises(Interrupted) as stopped:
        train_seeds(wanted, str(scenes))
    assert stopped.value.advice == f"unetkit train --resume {tmp_path / 'two'}"
    assert len(train_seeds(TrainSettings(resume=str(tmp_path / "two"))).runs) == 2


def test_before_its_first_step_a_run_has_the_state_that_is_said_to_be_saved(
    scenes: Path, trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And goes on exactly, though the model that it started from is another by then."""
    first = trained(scenes, out=str(tmp_path / "first"))
    model = Path(shutil.copy(first.model, tmp_path / "model.safetensors"))
    whole = trained(scenes, out=str(tmp_path / "whole"), start_from=str(model))

    def signalled(*_words: object) -> float:
        os.kill(os.getpid(), signal.SIGTERM)
        return 0.1

    with monkeypatch.context() as patched:
        patched.setattr(planning, "seconds_per_step", signalled)
        with pytest.raises(Interrupted, match="the state is saved") as stopped:
            trained(scenes, start_from=str(model))
    assert has_state(RunFolder(Path(stopped.value.where)))
    model.unlink()
    train_on = training.train(TrainSettings(resume=stopped.value.where))
    assert train_on is not None
    assert weights(train_on) == weights(whole)
    assert train_on.steps == whole.steps


def test_a_signal_before_a_longer_budget_is_remembered_says_it_again(
    scenes: Path, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the command to paste would train the old budget to its end, after which there is no longer one."""
    result = trained(scenes)
    result.model.unlink()
    longer = settings("train", {"resume": str(result.run), "extend": True, "training.steps": 7})
    assert isinstance(longer, TrainSettings)
    advised = list[str]()
    for module, name in ((training, "prepare_data"), (planning, "seconds_per_step"), (training, "run_loop")):
        made = getattr(module, name)

        def signalled(*words: object, made: Callable[..., object] = made, **more: object) -> object:
            os.kill(os.getpid(), signal.SIGTERM)
            return made(*words, **more)

        with monkeypatch.context() as patched:
            patched.setattr(module, name, signalled)
            with pytest.raises(Interrupted) as stopped:
                training.train(longer)
        advised.append(stopped.value.advice.removeprefix(f"unetkit train --resume {result.run}"))
    assert advised == [" --extend --steps 7", " --extend --steps 7", ""]


def weights(result: TrainResult) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in read_tensors(result.model)[0].items()}


def test_a_second_signal_while_an_old_series_is_put_back_does_not_cost_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "model").write_text("of weeks")

    def signalled(*_words: object, **_named: object) -> None:
        monkeypatch.undo()
        raise KeyboardInterrupt

    def stopped() -> None:
        with stepping_aside(tmp_path / "old", replaces=True, until=lambda: False):
            (tmp_path / "old").mkdir()
            monkeypatch.setattr(shutil, "rmtree", signalled)
            raise Interrupted("stopped", signal=2)

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert (tmp_path / "old" / "model").read_text() == "of weeks"


def test_a_signal_before_the_first_seed_begins_leaves_the_series_that_was_to_be_replaced(
    scenes: Path, tmp_path: Path, signalled: Callable[[int, int], None]
) -> None:
    folder = tmp_path / "two"
    for out in (folder, tmp_path / "other"):
        wanted = settings("train", {**TINY, "seeds": 2, "out": str(out), "overwrite": True})
        assert isinstance(wanted, TrainSettings)
        train_seeds(wanted, str(scenes))
    before = {path: path.read_bytes() for path in folder.rglob("*.safetensors")}
    signalled(signal.SIGTERM, 1)
    wanted = settings("train", {**TINY, "seeds": 2, "training.seed": 7, "out": str(folder), "overwrite": True})
    assert isinstance(wanted, TrainSettings)
    with pytest.raises(Interrupted, match="is as it was") as stopped:
        train_seeds(wanted, str(scenes))
    assert "--resume" not in stopped.value.advice
    assert {path: path.read_bytes() for path in folder.rglob("*.safetensors")} == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.usefixtures("signals_heard")
def test_a_signal_while_figures_are_drawn_costs_no_step(
    number: int, scenes: Path, trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(scenes, out=str(tmp_path / "whole"))
    draw, drawn, done = running.draw_figures, list[int](), list[int]()

    def signalled(run: RunFolder, session: Session, scorer: Scorer) -> None:
        drawn.append(session.progress.step)
        if len(drawn) == 2:
            os.kill(os.getpid(), number)
        draw(run, session, scorer)
        done.append(session.progress.step)

    with monkeypatch.context() as patched:
        patched.setattr(recording, "FIGURE_SECONDS", 0)
        patched.setattr(running, "draw_figures", signalled)
        with pytest.raises(Interrupted, match="the state is saved") as stopped:
            trained(scenes)
    assert (len(drawn), len(done)) == (2, 1), "no signal waits for a picture"
    run = RunFolder(Path(stopped.value.where))
    assert load_newest_intact(run)[1]["progress"]["scored_step"] == drawn[-1], "what was scored before is in the state"
    gone_on = training.train(TrainSettings(resume=stopped.value.where))
    assert gone_on is not None
    assert weights(gone_on) == weights(whole)
