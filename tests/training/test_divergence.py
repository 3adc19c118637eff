"""A loss that jumps is noticed, a hard image is not; and a run that jumps goes back to weights that were good."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from unetkit import console
from unetkit.config.jobs import TrainSettings
from unetkit.errors import Interrupted
from unetkit.recipes.settings import settings
from unetkit.runs import RunFolder, load_newest_intact
from unetkit.training import divergence
from unetkit.training.batches import Batch
from unetkit.training.divergence import BEFORE, LOWER, NOW, Guard
from unetkit.training.result import TrainResult
from unetkit.training.step import StepOutcome, Stepper
from unetkit.training.train import train


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


@pytest.mark.parametrize(("times", "steps"), [(4, 40), (20, 100), (1000, 200)])
@pytest.mark.parametrize("seed", range(5))
def test_a_loss_that_rises_slowly_is_noticed_before_it_is_five_times_as_high(
    times: float, steps: int, seed: int
) -> None:
    noise = np.random.default_rng(seed).normal(0, 0.3, steps + 50)
    rising = 0.1 * times ** np.minimum(np.arange(steps + 50) / steps, 1)
    found = jumps([*falling(200, seed=seed), *map(float, rising * np.exp(noise))])
    assert found
    assert rising[found[0] - 200 - NOW] < 0.5


def test_a_loss_that_explodes_in_the_first_steps_is_noticed() -> None:
    assert jumps([*falling(NOW), *[50.0] * NOW])


def test_batches_without_a_labelled_pixel_say_nothing() -> None:
    """Their loss is 0; where most are such, a few others in a row are no jump."""
    sparse = [loss if step % 10 < 3 or step > 300 else 0.0 for step, loss in enumerate(falling(400, 0.1))]
    assert jumps(sparse) == []


@pytest.mark.parametrize("seed", range(20))
def test_a_noisy_loss_that_falls_is_no_jump(seed: int) -> None:
    assert jumps(falling(2000, 0.8, seed)) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_loss_that_stays_where_it_is_is_no_jump_however_long_and_noisy(seed: int) -> None:
    random = np.random.default_rng(seed)
    assert jumps(list(map(float, np.exp(random.normal(0, 0.8, 20_000))))) == []
    assert jumps(list(map(float, np.exp(0.4 * random.standard_t(3, 5_000))))) == []  # with outliers


def test_single_hard_batches_are_no_jump() -> None:
    losses = falling(400, 0.1)
    for step in range(50, 400, 25):
        losses[step] *= 20
    assert jumps(losses) == []


def test_each_recovery_halves_the_rate_and_forgets_the_losses_before() -> None:
    guard = Guard(kept=30)
    for step, loss in enumerate([*[0.1] * BEFORE, *[2.0] * NOW]):
        if guard.jumped(loss):
            guard.recovered(step)
    ((step, back_to),) = guard.recoveries
    assert BEFORE < step < BEFORE + NOW
    assert back_to == 30
    assert guard.factor == LOWER
    assert guard.lowest is None


def test_weights_are_worth_going_back_to_while_the_loss_is_low() -> None:
    guard = Guard()
    for loss in [0.1] * (BEFORE + NOW):
        assert not guard.jumped(loss)
    assert guard.wants_candidate(BEFORE + NOW)
    assert not guard.wants_candidate(BEFORE + NOW - 1)  # not so soon after the last ones
    for _ in range(NOW):
        assert not guard.jumped(0.2)
    assert not guard.wants_candidate(BEFORE + 2 * NOW)


@pytest.mark.parametrize(("loss", "good"), [(0.1, True), (0.2, False)])
def test_a_candidate_is_kept_if_the_losses_after_it_were_low(loss: float, good: bool) -> None:
    guard = Guard()
    for _ in range(BEFORE + NOW):
        assert not guard.jumped(0.1)
    guard.tries(BEFORE + NOW)
    for _ in range(NOW - 1):
        assert not guard.jumped(loss)
        assert not guard.jumped(0.0)  # without a labelled pixel it says nothing about them
        assert guard.judged() is None
    assert not guard.jumped(loss)
    assert guard.judged() is good
    assert (guard.kept, guard.candidate) == (BEFORE + NOW if good else 0, None)


RUINED = 100


def spoilt(monkeypatch: pytest.MonkeyPatch, also: Callable[[int], None] = lambda _: None) -> None:
    """After step `RUINED` of the run the weights are ruined, as by a step that was far too large."""
    made = Stepper.step

    def ruining(self: Stepper, batches: Sequence[Batch], seed: int) -> StepOutcome:
        outcome = made(self, batches, seed)
        if seed % 2**32 == RUINED:
            for weight in self.network.parameters():
                weight.data.mul_(-30)
        also(seed % 2**32)
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
    spoilt(monkeypatch)
    result = trained(scenes, **LONG)
    console.switch_off()
    said = capsys.readouterr().err
    guard = load_newest_intact(RunFolder(result.run))[1]["progress"]["guard"]
    ((step, back_to),) = guard["recoveries"]
    assert RUINED < step <= RUINED + NOW
    assert BEFORE < back_to <= RUINED
    assert f"jumped at step {step}: back to the weights of step {back_to}" in said
    assert guard["factor"] == LOWER
    assert RunFolder(result.run).read_history()[-1]["rate"] == pytest.approx(RATE * LOWER)
    assert RunFolder(result.run).read_history()[-1]["loss"] < 1


def test_a_run_without_a_validation_part_goes_back_to_weights_that_were_good(
    scenes: Path, trained: Callable[..., TrainResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt(monkeypatch)
    result = trained(scenes, **LONG, **{"data.val": "0"})
    ((_, back_to),) = load_newest_intact(RunFolder(result.run))[1]["progress"]["guard"]["recoveries"]
    assert BEFORE < back_to <= RUINED
    assert RunFolder(result.run).read_history()[-1]["loss"] < 1


@pytest.mark.parametrize("recover", [False, True])
def test_a_jump_that_is_let_be_is_said_once(
    recover: bool,
    scenes: Path,
    trained: Callable[..., TrainResult],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delattr(Stepper, "go_back")
    monkeypatch.setattr(divergence, "MOST", 0)  # it has gone back as often as it may
    spoilt(monkeypatch)
    console.switch_on(quiet=True)
    trained(scenes, **LONG, **{"training.recover": recover})
    console.switch_off()
    (said,) = [line for line in capsys.readouterr().err.splitlines() if "jumped" in line]
    assert "goes on as it is" in said
    assert ("gone back" in said) == recover


@pytest.mark.parametrize("stop", [RUINED + 3, pytest.param(RUINED + NOW + 10, marks=pytest.mark.slow)])
def test_a_run_that_is_stopped_around_a_jump_ends_as_if_it_never_was(
    stop: int,
    scenes: Path,
    tmp_path: Path,
    trained: Callable[..., TrainResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spoilt(monkeypatch)
    whole = trained(scenes, **LONG, out=str(tmp_path / "whole"))
    monkeypatch.undo()
    spoilt(monkeypatch, lambda step: os.kill(os.getpid(), signal.SIGTERM) if step == stop else None)
    with pytest.raises(Interrupted):
        trained(scenes, **LONG)
    again = settings("train", {"resume": str(tmp_path / "run")})
    assert isinstance(again, TrainSettings)
    train(again)
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == whole.model.read_bytes()


@pytest.mark.parametrize("ruined", [45, 47, 48, 93, 95, 96, 97])
def test_weights_that_were_kept_just_after_the_ruin_are_none_to_go_back_to(
    ruined: int, scenes: Path, trained: Callable[..., TrainResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The median of the last losses is low for some steps more."""
    monkeypatch.setattr(f"{__name__}.RUINED", ruined)
    spoilt(monkeypatch)
    result = trained(scenes, **LONG)
    ((step, back_to),) = load_newest_intact(RunFolder(result.run))[1]["progress"]["guard"]["recoveries"]
    assert back_to <= ruined < step
    assert RunFolder(result.run).read_history()[-1]["loss"] < 1
