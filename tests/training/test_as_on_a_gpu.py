"""A whole run on the way that a GPU goes, on a CPU: tensors augmented together, pairs that stay, queued steps."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from unetkit.config.jobs import TrainSettings
from unetkit.errors import Interrupted
from unetkit.modelfile import read_model
from unetkit.runs import RunFolder
from unetkit.training import train
from unetkit.training.batches import Batch, BatchMaker
from unetkit.training.resident import Feed
from unetkit.training.result import TrainResult
from unetkit.training.session import Session, assemble, ranges_for
from unetkit.training.step import Launched, Stepper

Run = Callable[..., TrainResult]
SIX = {"training.steps": 6}


def on_tensors(session: Session) -> Session:
    """The session with what a GPU would get, but for the device."""
    material, training = session.material, session.settings.training
    feed = Feed(session.maker.cache, torch.device("cpu"), lambda: session.stepper.steps > 0)
    session.maker = BatchMaker(
        session.maker.cache,
        material.normalisation,
        ranges_for(session.settings, material),
        seed=training.seed,
        batch=training.batch,
        feed=feed,
    )
    session.stepper.looks_first = False
    return session


@pytest.fixture
def gpu_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def assembled(*words: Any) -> Session:
        return on_tensors(assemble(*words))

    monkeypatch.setattr(train, "assemble", assembled)


def tensors_of(model: Path) -> dict[str, bytes]:
    return {name: tensor.tobytes() for name, tensor in read_model(model)[0].items()}


def losses_of(result: TrainResult) -> list[float]:
    return [row["loss"] for row in RunFolder(result.run).read_history() if row["loss"] is not None]


def test_it_learns_what_a_run_on_the_cpu_learns(
    scenes: Path, tmp_path: Path, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = trained(scenes, **SIX)
    monkeypatch.setattr(train, "assemble", lambda *words: on_tensors(assemble(*words)))  # type: ignore[misc]
    theirs = trained(scenes, **SIX, out=str(tmp_path / "tensors"))
    np.testing.assert_allclose(losses_of(theirs), losses_of(ours), rtol=0.1)
    assert tensors_of(theirs.model) != tensors_of(ours.model), "the same way twice"


@pytest.mark.usefixtures("gpu_way")
def test_the_pairs_come_to_stay_after_the_first_step_and_it_is_said_once(scenes: Path, trained: Run) -> None:
    log = RunFolder(trained(scenes, **SIX).run).log.read_text(encoding="utf-8")
    assert log.count("they stay there") == 1


@pytest.mark.usefixtures("gpu_way")
@pytest.mark.parametrize("stop", [1, 4])
def test_a_run_that_was_stopped_goes_on_to_the_same_bits(
    scenes: Path, tmp_path: Path, trained: Run, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    whole = trained(scenes, **SIX)
    launch = Stepper.launch

    def stopped(self: Stepper, batches: Sequence[Batch], seed: int) -> Launched:
        if self.steps == stop - 1 and not self.looks_first:  # not the twin that is tried before
            os.kill(os.getpid(), signal.SIGTERM)
        return launch(self, batches, seed)

    monkeypatch.setattr(Stepper, "launch", stopped)
    with pytest.raises(Interrupted):
        trained(scenes, **SIX, out=str(tmp_path / "stopped"))
    monkeypatch.setattr(Stepper, "launch", launch)
    resumed = train.train(TrainSettings(resume=str(tmp_path / "stopped")))
    assert resumed is not None
    assert tensors_of(resumed.model) == tensors_of(whole.model)
    assert losses_of(resumed) == losses_of(whole)
