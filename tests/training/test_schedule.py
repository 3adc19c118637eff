"""The learning rate over a run."""

import math

import pytest
import torch

from unetkit.training.schedule import SCHEDULES, Plateau, Rates, Shape, one_cycle_momentum, rate_factor

SHAPE = Shape(warm_up=0.1, final=0.01)
FALLING = ["one-cycle", "cosine", "poly"]


@pytest.mark.parametrize("name", FALLING)
def test_the_last_step_has_exactly_the_final_rate(name: str):
    assert rate_factor(name, 99, 100, SHAPE) == pytest.approx(0.01)


@pytest.mark.parametrize("name", FALLING)
@pytest.mark.parametrize("cut", [60, 80, 100])
def test_a_cut_plan_still_ends_at_the_final_rate(name: str, cut: int):
    assert rate_factor(name, cut - 1, cut, SHAPE) == pytest.approx(0.01)


@pytest.mark.parametrize("name", FALLING)
def test_the_rate_rises_to_its_peak_and_only_falls_after(name: str):
    rates = [rate_factor(name, step, 1000, SHAPE) for step in range(1000)]
    peak = rates.index(max(rates))
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert max(rates) == pytest.approx(1.0, abs=1e-3)


def test_one_cycle_equals_the_library_of_the_paper():
    weight = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([weight], lr=1.0)
    oracle = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 1.0, total_steps=101, pct_start=10 / 101, div_factor=25, final_div_factor=4, cycle_momentum=False
    )
    shape = Shape(warm_up=0.09, final=0.01)
    ours = [rate_factor("one-cycle", step, 101, shape) for step in range(101)]
    theirs = []
    for _ in range(101):
        theirs.append(oracle.get_last_lr()[0])
        optimiser.step()
        if len(theirs) < 101:
            oracle.step()
    assert ours == pytest.approx(theirs, abs=1e-6)


def test_momentum_is_lowest_where_the_rate_is_highest():
    momenta = [one_cycle_momentum(step, 1001, SHAPE) for step in range(1001)]
    assert min(momenta) == pytest.approx(0.85)
    assert momenta.index(min(momenta)) == 100


def test_a_plateau_halves_the_rate_after_three_scorings_without_a_better_one():
    plateau = Plateau()
    for score in (0.5, 0.4, 0.4, 0.4, 0.4):
        plateau = plateau.after(score)
    assert plateau.factor == 0.5
    assert plateau.best == 0.5


def test_a_better_score_resets_the_wait():
    plateau = Plateau()
    for score in (0.5, 0.4, 0.4, 0.6, 0.4, 0.4):
        plateau = plateau.after(score)
    assert plateau.factor == 1.0


def test_only_the_plateau_schedule_listens_to_the_scores():
    halved = Plateau(factor=0.5)
    assert Rates("plateau", SHAPE, 2.0).rate(5, 10, halved) == 1.0
    assert Rates("constant", SHAPE, 2.0).rate(5, 10, halved) == 2.0


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_a_run_of_one_step_has_a_rate(name: str):
    assert math.isfinite(rate_factor(name, 0, 1, SHAPE))
