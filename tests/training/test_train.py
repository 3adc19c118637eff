"""The whole job, a step or two long."""

from __future__ import annotations

import hashlib
import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from unetkit.config.jobs import TrainSettings
from unetkit.config.sections import TrainingSettings
from unetkit.data import contents
from unetkit.data.arrays import Image, Mask
from unetkit.data.dataset import open_data, write_manifest
from unetkit.data.pair import Pair
from unetkit.data.parallel import reading_threads
from unetkit.errors import Interrupted, TrainingDiverged
from unetkit.files import sha256_file
from unetkit.modelfile import read_model
from unetkit.runs import RunFolder, load_newest_intact
from unetkit.training import train
from unetkit.training.batches import Batch
from unetkit.training.plan import Plan
from unetkit.training.planning import choose_plan
from unetkit.training.result import TrainResult
from unetkit.training.scoring import Scorer
from unetkit.training.session import Session
from unetkit.training.step import StepOutcome, Stepper

Run = Callable[..., TrainResult]
SEED = 5


@pytest.mark.parametrize("keep", ["ram", "disk", "off"])
def test_every_file_is_hashed_once(
    keep: str, scenes: Path, tmp_path: Path, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: Counter[str] = Counter()
    original = hashlib.file_digest

    def counting(file: Any, name: Any) -> Any:
        hashed[Path(file.name).parent.name] += 1
        return original(file, name)

    monkeypatch.setattr(hashlib, "file_digest", counting)
    monkeypatch.setattr(contents, "SETTLED", -(10**10))  # files so young are hashed again when they are read
    monkeypatch.setenv("UNETKIT_CACHE", str(tmp_path))
    trained(scenes, **{"training.cache": keep})
    assert (hashed["images"], hashed["masks"]) == (12, 12)


def test_the_threads_of_a_run_are_those_of_its_readers_too(
    scenes: Path, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def planning(run: RunFolder, session: Session, scorer: Scorer, extended: TrainSettings | None) -> Plan:
        seen.append(reading_threads())
        return choose_plan(run, session, scorer, extended)

    monkeypatch.setattr(train, "choose_plan", planning)
    trained(scenes)
    assert seen == [1]


def test_a_signal_in_the_first_scoring_is_not_kept_waiting_for_a_step(
    scenes: Path, tmp_path: Path, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scoring(_: Scorer) -> dict[str, float]:
        os.kill(os.getpid(), signal.SIGTERM)
        return {"mean_iou": 0.5}

    monkeypatch.setattr(Scorer, "__call__", scoring)
    with pytest.raises(Interrupted):
        trained(scenes)
    assert load_newest_intact(RunFolder(tmp_path / "run"))[1]["progress"]["step"] == 0


def test_a_signal_in_a_scoring_is_not_kept_waiting_for_its_end(
    scenes: Path, tmp_path: Path, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, asked = Scorer.read, list[int]()

    def reading(self: Scorer, pair: Pair) -> tuple[Image, Mask]:
        asked.append(1)
        if len(asked) == 3:  # the first two are those of the rehearsal
            os.kill(os.getpid(), signal.SIGTERM)
        return read(self, pair)

    monkeypatch.setattr(Scorer, "read", reading)
    with pytest.raises(Interrupted):
        trained(scenes)
    progress = load_newest_intact(RunFolder(tmp_path / "run"))[1]["progress"]
    assert (progress["step"], progress["scored_step"]) == (0, -1)
    assert train.train(TrainSettings(resume=str(tmp_path / "run"))) is not None


def test_a_signal_in_a_later_scoring_keeps_the_steps_before_it(
    scenes: Path, tmp_path: Path, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, stepped, steps, asked = Scorer.read, Stepper.step, list[int](), list[int]()

    def step(self: Stepper, batches: Sequence[Batch], seed: int) -> StepOutcome:
        if seed >> 32 == SEED:  # else it is one that is only tried
            steps.append(seed)
        return stepped(self, batches, seed)

    def reading(self: Scorer, pair: Pair) -> tuple[Image, Mask]:
        if steps and not asked:
            asked.append(1)
            os.kill(os.getpid(), signal.SIGTERM)
        return read(self, pair)

    monkeypatch.setattr(Stepper, "step", step)
    monkeypatch.setattr(Scorer, "read", reading)
    with pytest.raises(Interrupted):
        trained(scenes, **{"training.epochs": 4, "training.steps": None, "training.seed": SEED})
    progress = load_newest_intact(RunFolder(tmp_path / "run"))[1]["progress"]
    assert progress["step"] == len(steps) > 0
    assert progress["scored_step"] == 0, "the scoring that was stopped is made again"


def test_the_threads_of_a_run_are_those_it_computes_with(
    scenes: Path, trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    stepped, seen = Stepper.step, set[int]()

    def step(self: Stepper, batches: Sequence[Batch], seed: int) -> StepOutcome:
        seen.add(torch.get_num_threads())
        return stepped(self, batches, seed)

    monkeypatch.setattr(Stepper, "step", step)
    before = torch.get_num_threads()
    try:
        trained(scenes, **{"training.threads": before + 1})
    finally:
        torch.set_num_threads(before)
    assert seen == {before + 1}


def test_a_time_budget_is_replayed_from_its_plan_to_the_same_bits(scenes: Path, tmp_path: Path, trained: Run) -> None:
    timed = trained(scenes, **{"training.minutes": 0.15, "training.steps": None})
    plan = RunFolder(timed.run).read_plan()
    assert plan["changes"]
    assert rows_of(timed)[-1]["rate"] < 0.5 * TrainingSettings().learning_rate, "the plan met the clock before its end"
    replay = {"training.plan": str(timed.run / "plan.json"), "training.steps": None, "out": str(tmp_path / "again")}
    again = trained(scenes, **replay)
    assert again.steps == timed.steps
    assert (tensors_of(again), rows_of(again)) == (tensors_of(timed), rows_of(timed))
    assert RunFolder(again.run).read_plan()["scorings"] == plan["scorings"]


def tensors_of(result: TrainResult) -> dict[str, bytes]:
    return {name: tensor.tobytes() for name, tensor in read_model(result.model)[0].items()}


def rows_of(result: TrainResult) -> list[dict[str, Any]]:
    return [{**row, "seconds": 0} for row in RunFolder(result.run).read_history()]


def test_an_epoch_is_every_image_once_however_many_batches_make_a_step(scenes: Path, trained: Run) -> None:
    said = {"training.steps": None, "training.epochs": 2, "training.batch": 1, "training.accumulate": 4}
    result = trained(scenes, **said, **{"data.val": "4", "data.split_by": "random"})
    assert result.steps == 2 * 8 / 4
    assert RunFolder(result.run).read_history()[-1]["epoch"] == 2


def test_hashes_that_a_manifest_brought_are_not_believed(scenes: Path, tmp_path: Path, trained: Run) -> None:
    dataset = open_data(scenes)
    write_manifest(dataset, tmp_path, hashes={pair.image: "0" * 64 for pair in dataset.pairs})
    result = trained(tmp_path)
    true = [sha256_file(scenes / pair.image) for pair in dataset.pairs]
    assert open_data(result.run).columns["sha256"] == tuple(true)
    _, contract = read_model(result.model)
    assert all(contract.fingerprint.holds(sha256_file(scenes / pair.image)) for pair in dataset.split("train"))


@pytest.mark.parametrize(
    ("steps", "val", "says"),
    [(1, "0.2", r"after step 1: the network's scores are NaN"), (20, "0", r"step \d+: loss (nan|inf)")],
)
def test_a_run_that_diverges_names_the_step_and_its_images_and_leaves_no_model(
    scenes: Path, tmp_path: Path, trained: Run, steps: int, val: str, says: str
) -> None:
    rate = {
        "data.val": val,
        "training.learning_rate": 1e30,
        "training.schedule": "constant",
        "training.clip": 0,
        "training.ema": 0,
    }
    with pytest.raises(TrainingDiverged, match=says) as stopped:
        trained(scenes, **rate, **{"training.steps": steps})
    assert stopped.value.where.startswith("images of this step: images/")
    assert "--lr" in stopped.value.advice
    assert not RunFolder(tmp_path / "run").finished


def test_a_run_that_stops_early_says_so(scenes: Path, trained: Run) -> None:
    # A rate of nothing brings nothing better.
    still = {"training.learning_rate": 1e-12, "training.early_stopping": 2, "training.epochs": 9}
    result = trained(scenes, **still, **{"training.steps": None, "augmentation.strength": 0})
    assert "2 scorings without a better one (best" in RunFolder(result.run).log.read_text(encoding="utf-8")


def test_a_training_leaves_the_arithmetic_of_its_caller_as_it_was(scenes: Path, trained: Run) -> None:
    trained(scenes)
    smallest = np.nextafter(np.float32(0), np.float32(1))
    assert smallest * np.float32(1) > 0, "subnormal numbers are flushed to zero"
