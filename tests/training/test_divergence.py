"""A loss that jumps is noticed, a hard image is not; and a run that jumps goes back to its best weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unetkit import console
from unetkit.runs import RunFolder, load_newest_intact
from unetkit.training import running
from unetkit.training.divergence import BEFORE, LOWER, MOST, NOW, Guard
from unetkit.training.result import TrainResult
from unetkit.training.step import StepOutcome, Stepper


def falling(steps: int, scatter: float = 0.3, seed: int = 0) -> list[float]:
    """A loss that falls from 2 to 0.1, as noisy as that of small batches."""
    noise = np.random.default_rng(seed).normal(0, scatter, steps)
    return [float(math.exp(math.log(2) + (math.log(0.1) - math.log(2)) * n / steps + noise[n])) for n in range(steps)]


def jumps(losses: list[float]) -> list[int]:
    guard = Guard()
    return [step for step, loss in enumerate(losses) if guard.jumped(loss)]


def test_a_loss_that_collapses_is_noticed_within_a_few_steps() -> None:
    losses = [*falling(200), *[1.9] * NOW]  # from 0.1 to 1.9, as it happened to a network without normalisation
    assert jumps(losses)
    assert jumps(losses)[0] < 200 + NOW


def test_a_loss_that_stays_four_times_as_high_is_noticed() -> None:
    assert jumps([*falling(200, 0.1), *[0.4] * NOW])


@pytest.mark.parametrize("seed", range(20))
def test_a_noisy_loss_that_falls_is_no_jump(seed: int) -> None:
    assert jumps(falling(2000, 0.8, seed)) == []


def test_single_hard_batches_are_no_jump() -> None:
    losses = falling(400, 0.1)
    for step in range(50, 400, 25):
        losses[step] *= 20
    assert jumps(losses) == []


def test_a_jump_is_told_once_and_the_rate_halves_with_each() -> None:
    guard = Guard()
    for loss in [*[0.1] * BEFORE, *[2.0] * NOW]:
        if guard.jumped(loss):
            guard.recovered(40, 30)
    assert guard.recoveries == [[40, 30]]
    assert guard.factor == LOWER
    assert guard.logs == []


def test_after_so_many_recoveries_a_run_is_left_to_itself() -> None:
    guard = Guard(recoveries=[[1, 0]] * MOST)
    assert not any(guard.jumped(loss) for loss in [*[0.1] * BEFORE, *[2.0] * NOW])


def spoilt(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Once, after step `at`, the weights are ruined, as by a step that was far too large."""
    step = Stepper.step
    taken: list[int] = []

    def ruining(self: Stepper, *words: Any, **named: Any) -> StepOutcome:
        outcome = step(self, *words, **named)
        taken.append(1)
        if len(taken) == at:
            for weight in self.network.parameters():
                weight.data.mul_(-30)
        return outcome

    monkeypatch.setattr(Stepper, "step", ruining)


RATE = 0.003
LONG = {
    "training.steps": 150,
    "augmentation.strength": 0,
    "training.schedule": "constant",
    "training.learning_rate": RATE,
}


def test_a_run_whose_loss_jumps_goes_back_and_on_with_half_the_rate(
    scenes: Path,
    trained: Callable[..., TrainResult],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    console.switch_on(quiet=True)
    spoilt(monkeypatch, at=103)  # three of them are tried before the run
    result = trained(scenes, **LONG)
    console.switch_off()
    said = capsys.readouterr().err
    guard = load_newest_intact(RunFolder(result.run))[1]["progress"]["guard"]
    ((step, back_to),) = guard["recoveries"]
    assert 100 < step < 100 + NOW + 1
    assert back_to <= step
    assert f"jumped at step {step}: back to the best weights, those of step {back_to}" in said
    assert guard["factor"] == LOWER
    assert RunFolder(result.run).read_history()[-1]["rate"] == pytest.approx(RATE * LOWER)
    assert RunFolder(result.run).read_history()[-1]["loss"] < 1


def test_who_wants_it_lets_a_loss_jump(
    scenes: Path, trained: Callable[..., TrainResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_words: Any) -> None:
        pytest.fail("it went back")

    monkeypatch.setattr(running, "go_back", never)
    spoilt(monkeypatch, at=103)
    trained(scenes, **LONG, **{"training.recover": False})
