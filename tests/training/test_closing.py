"""A run that has ended has a whole model, or makes it again."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unetkit import console
from unetkit.config.jobs import EvaluateSettings, TrainSettings
from unetkit.data.arrays import Image, Mask
from unetkit.data.cache import Cache
from unetkit.data.dataset import DataSet
from unetkit.data.pair import Pair
from unetkit.errors import FormatError, Interrupted, OtherFormat, OutputExists
from unetkit.evaluating.evaluate import evaluate_model
from unetkit.modelfile import Fingerprint, file, read_model
from unetkit.predicting.load import load
from unetkit.runs import RunFolder
from unetkit.training import closing, opening, running
from unetkit.training.interrupt import Interruption
from unetkit.training.prepare import Material
from unetkit.training.result import TrainResult
from unetkit.training.session import Session
from unetkit.training.step import StepOutcome, Stepper
from unetkit.training.train import train

Run = Callable[..., TrainResult]


@pytest.fixture
def ended(scenes: Path, trained: Run) -> TrainResult:
    return trained(scenes)


def weights(model: Path) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in read_model(model)[0].items()}


def test_a_damaged_model_is_refused_with_the_command_that_makes_it_again_from_the_best_weights(
    ended: TrainResult,
) -> None:
    before, data = weights(ended.model), bytearray(ended.model.read_bytes())
    data[-9] ^= 1
    ended.model.write_bytes(data)
    with pytest.raises(FormatError, match="damaged") as refused:
        load(ended.run)
    assert refused.value.advice.startswith(f"unetkit train --resume {ended.run}  #")
    again = train(TrainSettings(resume=str(ended.run)))
    assert again is not None
    assert again.scores == ended.scores
    assert weights(ended.model) == before


def test_nothing_damaged_beside_its_state_keeps_a_run_from_its_model(
    ended: TrainResult, capsys: pytest.CaptureFixture[str]
) -> None:
    run, before = RunFolder(ended.run), weights(ended.model)
    history = run.read_history()
    evaluate_model(EvaluateSettings(), str(ended.run))
    (scores,) = run.path.glob("evaluations/*/scores.json")
    for path in (run.history, scores):
        path.write_bytes(path.read_bytes()[:-9])
    ended.model.unlink()
    console.switch_on(quiet=True)
    assert train(TrainSettings(resume=str(ended.run))) is not None
    console.switch_off()
    assert weights(ended.model) == before
    assert run.read_history() == history
    assert "there is no report" in capsys.readouterr().err


def test_a_model_of_a_later_unetkit_is_not_replaced(ended: TrainResult, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ended.model.stat()
    with monkeypatch.context() as later:
        later.setattr(file, "FORMAT", 0)
        with pytest.raises(OtherFormat) as refused:
            load(ended.run)
        assert "pip install --upgrade unetkit" in refused.value.advice
        assert train(TrainSettings(resume=str(ended.run))) is not None
    assert ended.model.stat().st_ino == before.st_ino


def test_a_damaged_model_in_no_run_is_refused_without_a_command(ended: TrainResult, tmp_path: Path) -> None:
    model = tmp_path / "model.safetensors"
    model.write_bytes(ended.model.read_bytes()[:-1])
    with pytest.raises(FormatError) as refused:
        load(model)
    assert "--resume" not in refused.value.advice


def test_a_signal_while_the_training_masks_are_counted_ends_the_run_which_is_then_closed(
    scenes: Path, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted, added = closing.fingerprint, list[object]()

    def signalled(session: Session, stop: Interruption) -> Fingerprint:
        os.kill(os.getpid(), signal.SIGTERM)
        return counted(session, stop)

    def adding(_: object, mask: Mask) -> None:
        added.append(mask)

    with monkeypatch.context() as patched:
        patched.setattr(closing, "fingerprint", signalled)
        patched.setattr(closing.PositionPrior, "add", adding)
        with pytest.raises(Interrupted, match="the state is saved") as stopped:
            trained(scenes)
    assert added == [], "at the first image"
    again = train(TrainSettings(resume=stopped.value.where))
    assert again is not None
    assert again.model.exists()


@pytest.mark.parametrize("keep", ["ram", "off"])
def test_no_image_is_decoded_for_the_baseline_of_the_masks(
    keep: str, scenes: Path, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where they are kept nowhere, or too many for the time there was, that would be a second training's worth."""
    counted, images = closing.fingerprint, list[Pair]()

    def read_image(dataset: DataSet, pair: Pair) -> Image:
        images.append(pair)
        return read(dataset, pair)

    def counting(session: Session, stop: Interruption) -> Fingerprint:
        images.clear()
        found = counted(session, stop)
        assert len(images) <= 2, "but those that were in work"
        return found

    read = DataSet.read_image
    monkeypatch.setattr(DataSet, "read_image", read_image)
    monkeypatch.setattr(closing, "fingerprint", counting)
    trained(scenes, **{"training.cache": keep})


@pytest.mark.parametrize("keep", ["ram", "off"])
def test_time_is_left_to_read_all_masks_where_none_is_kept(
    keep: str, scenes: Path, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted_mask, made, left = Material.fitted_mask, running.Loop, list[float]()

    def slow(material: Material, pair: Pair) -> Mask:
        time.sleep(0.03)
        return fitted_mask(material, pair)

    def told(**parts: Any) -> object:
        left.append(parts["closing"] - running.FINISH_SECONDS)
        return made(**parts)

    monkeypatch.setattr(Material, "fitted_mask", slow)
    monkeypatch.setattr(running, "Loop", told)
    trained(scenes, **{"training.cache": keep})
    slept = 9 * 0.03  # by one thread; of twelve scenes a clip of three is held out
    assert left[0] >= slept if keep == "off" else left == [0.0], f"{left[0]:.2f} s are left for the masks"


def test_a_run_that_cannot_be_opened_decodes_no_more(
    ended: TrainResult, scenes: Path, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    close, closed = Cache.close, list[Cache]()

    def closing_too(cache: Cache) -> None:
        closed.append(cache)
        close(cache)

    monkeypatch.setattr(Cache, "close", closing_too)

    def seen_too_late(*_: object, **__: object) -> None: ...

    monkeypatch.setattr(opening, "refuse_taken", seen_too_late)
    with pytest.raises(OutputExists):
        trained(scenes, out=str(ended.run))
    assert len(closed) == 1, "the one that had begun to decode before the folder was found taken"


def test_a_run_that_is_stopped_decodes_no_more(scenes: Path, trained: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    read, decoded, step = Material.read, list[str](), Stepper.step

    def slowly(self: Material, pair: Pair) -> tuple[Image, Mask]:
        decoded.append(pair.image)
        if threading.current_thread() is not threading.main_thread():
            time.sleep(0.4)
        return read(self, pair)

    def signalled(*words: Any, **named: Any) -> StepOutcome:
        os.kill(os.getpid(), signal.SIGTERM)
        return step(*words, **named)

    monkeypatch.setattr(Material, "read", slowly)
    monkeypatch.setattr(Stepper, "step", signalled)
    with pytest.raises(Interrupted):
        trained(scenes, **{"training.batch": 1})
    time.sleep(0.6)  # for what was in work
    before = len(decoded)
    time.sleep(0.9)
    assert len(decoded) == before < 8, "of eight to be decoded"
