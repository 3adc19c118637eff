"""What is told of the best weights is what their file holds, wherever a run was killed."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from unetkit import console
from unetkit.config.jobs import TrainSettings
from unetkit.errors import FormatError
from unetkit.files import write_json
from unetkit.recipes.settings import settings
from unetkit.runs import RunFolder, save_last, versions
from unetkit.training import saving as saving_module
from unetkit.training.bottleneck import Spent
from unetkit.training.clock import Clock
from unetkit.training.device import Compute
from unetkit.training.plan import Plan
from unetkit.training.prepare import prepare_data
from unetkit.training.result import Landmark
from unetkit.training.saving import Saver, best_arrays, restore
from unetkit.training.session import Session, assemble
from unetkit.training.state import pack

EXACT, MINUTES = Plan(9, "9 steps"), Plan(9, "1 minutes", 60.0)


@pytest.fixture
def session(scenes: Path) -> Session:
    wanted = settings("train", {"data.size": "16", "network.preset": "nano", "network.depth": 1})
    assert isinstance(wanted, TrainSettings)
    material = prepare_data(wanted.data, str(scenes), 0)
    return assemble(wanted, material, Compute("cpu", 1, "fp32"), Clock(time.time()))


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(
        tmp_path / "run", config="a: 1\n", environment={}, write_manifest=lambda folder: (folder / "m").touch()
    )


def scored(session: Session, step: int, value: float) -> None:
    session.progress.step = step
    session.progress.scored({"mean_iou": value}, "mean_iou", step, 0.1)
    session.progress.scorings.append({"step": step, "scores": {"mean_iou": value}})


def killed_after_a_new_best(run: RunFolder, session: Session, plan: Plan) -> None:
    """A best of 0.5 at step 2, the state of step 3, a best of 0.7 at step 5, and no state after it."""
    saver = Saver(run, session, plan, Spent())
    scored(session, 2, 0.5)
    saver.best()
    session.progress.step = 3
    saver.state(now=True)
    scored(session, 5, 0.7)
    saver.best()


def told(session: Session) -> tuple[float, int]:
    return session.progress.best, session.progress.best_step


@pytest.mark.parametrize("plan", [EXACT, MINUTES])
def test_a_best_that_is_newer_than_the_state_is_made_again(run: RunFolder, session: Session, plan: Plan) -> None:
    killed_after_a_new_best(run, session, plan)
    restore(run, session)
    assert session.progress.step == 3
    assert told(session) == (0.5, 2)


def test_what_was_decided_after_the_state_is_followed(run: RunFolder, session: Session) -> None:
    plan = Plan(900, "1 minute", 60.0)
    saver = Saver(run, session, plan, Spent())
    session.progress.step = 3
    saver.state(now=True)
    plan.cut(5, 40)
    saver.decided()
    restored = restore(run, session)
    assert restored is not None
    assert (restored.total, restored.known) == (40, 5)


def test_the_clock_goes_on_from_what_earlier_parts_took(run: RunFolder, session: Session) -> None:
    session.clock = Clock(time.time() - 100)
    Saver(run, session, EXACT, Spent()).state(now=True)
    session.clock = Clock(time.time())
    restore(run, session)
    assert 100 <= session.clock() < 110


def test_a_run_stopped_before_its_first_state_follows_what_was_decided(run: RunFolder, session: Session) -> None:
    assert restore(run, session) is None
    Saver(run, session, MINUTES, Spent()).decided()
    restored = restore(run, session)
    assert restored is not None
    assert restored.total == 9


@pytest.mark.parametrize("history", [[{"step": 3}], []])
def test_a_run_whose_checkpoints_are_gone_begins_again_and_says_what_is_lost(
    run: RunFolder, session: Session, history: list[dict[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    killed_after_a_new_best(run, session, EXACT)
    (run.checkpoints / "last.safetensors").unlink()
    if history:
        run.write_history(history)
    console.switch_on(quiet=True)
    restore(run, session)
    console.switch_off()
    said = capsys.readouterr().err
    assert f"{run.checkpoints} holds no state any more" in said.replace("\n", "")
    assert ("3 steps are lost" in said) == bool(history)


def test_weights_of_another_network_are_refused_with_the_difference(run: RunFolder, session: Session) -> None:
    killed_after_a_new_best(run, session, EXACT)
    session.stepper.network.register_buffer("more", torch.zeros(1))
    with pytest.raises(FormatError, match="another network") as refused:
        restore(run, session)
    assert "more is missing" in refused.value.where


def test_a_best_that_is_damaged_is_made_again(run: RunFolder, session: Session) -> None:
    killed_after_a_new_best(run, session, EXACT)
    (run.checkpoints / "best.safetensors").write_bytes(b"gone")
    restore(run, session)
    assert told(session) == (0.5, 2), "that of the state stands beside it"
    (run.checkpoints / "best.safetensors").write_bytes(b"gone")
    restore(run, session)
    assert not session.progress.has_best
    scored(session, 6, 0.1)
    Saver(run, session, EXACT, Spent()).best()
    assert best_arrays(run, session)[1] == Landmark("mean_iou", 0.1, 6)


@pytest.mark.parametrize(
    ("damaged", "says"),
    [
        (["checkpoints/last.safetensors"], "going on from"),
        (["plan.json"], "what was planned after the last state is planned anew"),
        (["checkpoints/best.safetensors", "checkpoints/best-before.safetensors"], "that are scored count as the best"),
    ],
)
def test_what_is_damaged_is_said_when_a_run_goes_on(
    run: RunFolder, session: Session, damaged: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    killed_after_a_new_best(run, session, MINUTES)
    Saver(run, session, MINUTES, Spent()).state(now=True)
    for name in damaged:
        (run.path / name).write_bytes(b"gone")
    console.switch_on(quiet=True)
    restore(run, session)
    console.switch_off()
    said = " ".join(capsys.readouterr().err.split())
    assert says in said
    assert Path(damaged[0]).name in said


@pytest.mark.parametrize("changed", [{"threads": 2}, {"precision": "bf16"}, {"processes": 2}, {}])
def test_going_on_with_another_arithmetic_is_told(
    run: RunFolder, session: Session, changed: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    killed_after_a_new_best(run, session, EXACT)
    session.compute = replace(session.compute, **changed)
    console.switch_on(quiet=True)
    restore(run, session)
    console.switch_off()
    assert ("its bits may differ" in capsys.readouterr().err) == bool(changed)


def test_going_on_with_other_versions_than_those_of_the_latest_part_is_told(
    run: RunFolder, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    killed_after_a_new_best(run, session, EXACT)
    parts = [{"versions": {**versions(), "torch": version}} for version in ("2.0.0", "2.1.0")]
    write_json(run.environment, {**run.read_environment(), "parts": parts})
    console.switch_on(quiet=True)
    restore(run, session)
    console.switch_off()
    told = " ".join(capsys.readouterr().err.split())
    assert f"with torch 2.1.0, and now by 1 CPU threads in fp32 with torch {versions()['torch']}:" in told


def test_going_on_with_another_processor_is_told(
    run: RunFolder, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    killed_after_a_new_best(run, session, EXACT)
    write_json(run.environment, {**run.read_environment(), "processor": "Z80"})
    console.switch_on(quiet=True)
    restore(run, session)
    console.switch_off()
    assert "with processor Z80, and now by" in " ".join(capsys.readouterr().err.split())


def test_a_state_of_before_processes_were_counted_is_read(run: RunFolder, session: Session) -> None:
    tensors, metadata = pack(session.stepper, session.progress, EXACT)
    del metadata["compute"]["processes"]
    save_last(run, tensors, {**metadata, "seconds": 0.0}, 0)
    assert restore(run, session) == EXACT


def test_a_run_that_goes_on_in_another_way_has_the_best_weights_that_its_state_knows(
    run: RunFolder, session: Session
) -> None:
    """Those saved after the state were of steps that may never be made again, as with --extend or other threads."""
    killed_after_a_new_best(run, session, EXACT)
    assert best_arrays(run, session)[1] == Landmark("mean_iou", 0.7, 5)
    restore(run, session)
    assert best_arrays(run, session)[1] == Landmark("mean_iou", 0.5, 2)
    scored(session, 6, 0.1)
    assert told(session) == (0.5, 2)
    assert best_arrays(run, session)[1] == Landmark("mean_iou", 0.5, 2)


def test_of_several_new_best_weights_after_a_state_the_ones_it_knows_stay(run: RunFolder, session: Session) -> None:
    killed_after_a_new_best(run, session, EXACT)
    saver = Saver(run, session, EXACT, Spent())
    restore(run, session)
    for step, value in ((5, 0.7), (7, 0.9)):
        scored(session, step, value)
        saver.best()
    restore(run, session)
    assert best_arrays(run, session)[1] == Landmark("mean_iou", 0.5, 2)


@pytest.mark.parametrize("known", [True, False])
def test_older_best_weights_are_the_best_that_is_left_if_the_run_has_scored_them(
    known: bool, run: RunFolder, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    saver = Saver(run, session, EXACT, Spent())
    scored(session, 2, 0.5)
    saver.best()
    scored(session, 4, 0.6)
    if not known:  # they are of a way that the run has left
        session.progress.scorings[0] = {"step": 2, "scores": {"mean_iou": 0.4}}
    saver.state(now=True)  # and the best weights of step 4 are not on the disk any more
    console.switch_on(quiet=True)
    restore(run, session)
    console.switch_off()
    said = " ".join(capsys.readouterr().err.split())
    assert ("best weights are of step 4, and those of step 2 are left" in said) == known
    assert told(session) == ((0.5, 2) if known else (-math.inf, 0))


@pytest.mark.parametrize(("step_seconds", "save_seconds"), [(0.1, 0.0), (0.9, 2.0), (4.0, 1.0)])
def test_a_kill_at_any_moment_between_scorings_costs_no_more_than_the_seconds_between_two_states(
    step_seconds: float, save_seconds: float, run: RunFolder, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, newest, lost = 0.0, 0.0, list[float]()

    def saving(*_: object) -> None:
        nonlocal now, newest
        held = now
        now += save_seconds
        lost.append(now - newest)  # killed just before the new one stands
        newest = held

    monkeypatch.setattr(saving_module, "save_last", saving)
    monkeypatch.setattr(saving_module.time, "monotonic", lambda: now)
    training = session.settings.training.model_copy(update={"checkpoint_every": 15})
    session.settings = session.settings.model_copy(update={"training": training})
    saver = Saver(run, session, EXACT, Spent())
    saver.state(now=True)
    while now < 300:
        now += step_seconds
        lost.append(now - newest)
        saver.state(ahead=step_seconds)
    assert 5 < max(lost[1:]) <= 15


def test_a_state_that_costs_more_than_may_be_lost_takes_no_more_than_half_of_the_time(
    run: RunFolder, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, saves = 0.0, list[float]()

    def saving(*_: object) -> None:
        nonlocal now
        now += 40
        saves.append(now)

    monkeypatch.setattr(saving_module, "save_last", saving)
    monkeypatch.setattr(saving_module.time, "monotonic", lambda: now)
    saver = Saver(run, session, EXACT, Spent())
    saver.state(now=True)
    while now < 2000:
        now += 1
        saver.state(ahead=1)
    assert 10 < len(saves) <= 26


def test_best_weights_that_were_damaged_at_the_end_are_said_to_be_older_ones(
    run: RunFolder, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    killed_after_a_new_best(run, session, EXACT)
    (run.checkpoints / "best.safetensors").write_bytes(b"gone")
    console.switch_on(quiet=True)
    assert best_arrays(run, session)[1] == Landmark("mean_iou", 0.5, 2)
    console.switch_off()
    said = " ".join(capsys.readouterr().err.split())
    assert "the best weights, of step 5, are damaged: those of step 2 are taken" in said
