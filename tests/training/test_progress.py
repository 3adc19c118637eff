"""Counters, best score and patience, and their way through a checkpoint."""

import json
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unetkit.training.divergence import Guard
from unetkit.training.progress import Progress
from unetkit.training.schedule import Plateau


def scored(*values: float) -> Progress:
    progress = Progress()
    for step, value in enumerate(values):
        progress.step = step
        take(progress, value)
    return progress


def take(progress: Progress, value: float) -> bool:
    """As the loop does after a step, when it scores."""
    scores = {"mean_iou": value}
    better = progress.scored(scores, "mean_iou", now=progress.step, took=0.1)
    progress.scorings.append({"step": progress.step, "scores": scores, "best": better})
    return better


def test_the_best_score_and_its_step_are_kept():
    progress = scored(0.1, 0.5, 0.3)
    assert (progress.best, progress.best_step) == (0.5, 1)


def test_a_lucky_scoring_does_not_outdo_steady_ones():
    steady = [0.6] * 10
    progress = scored(*steady, 0.8, *[0.7] * 5)
    assert (progress.best, progress.best_step) == (0.7, 14)
    assert scored(*steady, 0.8, *[0.6] * 5).best_step == 10, "where all else is equal, luck decides"


def test_scorings_that_bring_nothing_better_lower_the_rate_of_a_plateau():
    assert [scored(0.5, *[0.4] * more).plateau.factor for more in (3, 4)] == [1.0, 0.5]


def test_weights_to_start_from_are_outdone_only_by_better_ones():
    assert scored(0.9, *[0.8] * 9).best_step == 0


@given(st.lists(st.integers(0, 10), min_size=1, max_size=40))
def test_the_best_weights_have_the_highest_mean_of_five_scorings_in_the_later_half_of_the_way(values: list[int]):
    means = [np.mean(values[max(step - 4, math.ceil(step / 2)) : step + 1]) for step in range(len(values))]
    first = min(step for step, mean in enumerate(means) if mean == max(means))
    progress = scored(*map(float, values))
    assert (progress.best, progress.best_step) == (values[first], first)


def test_what_a_jump_has_changed_comes_back_from_a_checkpoint():
    progress = scored(0.5)
    progress.guard = Guard([0.1, 0.2], 0.2, 0.3, 4, 48, 96, 3, 0.5, [[60, 48]])
    assert Progress.from_json(json.loads(json.dumps(progress.to_json()))).guard == progress.guard


def test_the_choice_goes_on_from_a_checkpoint_as_if_never_stopped():
    values = [0.1, 0.5, 0.55, 0.7, 0.5, 0.6, 0.6, 0.65, 0.6, 0.6]
    for stop in range(len(values)):
        progress = Progress.from_json(scored(*values[: stop + 1]).to_json())
        for step in range(stop + 1, len(values)):
            progress.step = step
            take(progress, values[step])
        assert progress == scored(*values), stop


def test_patience_runs_out_after_so_many_scorings_without_a_better_one():
    progress = scored(0.5, 0.4, 0.3)
    assert progress.out_of_patience(2)
    assert not progress.out_of_patience(3)


def test_without_patience_a_run_never_stops_early():
    assert not scored(*[0.5] + [0.1] * 50).out_of_patience(0)


def test_the_loss_of_a_scoring_is_the_mean_since_the_last_one():
    progress = Progress()
    for loss in (1.0, 3.0):
        progress.stepped(loss, 0.1)
    assert progress.take_mean_loss() == 2.0
    assert progress.take_mean_loss() is None
    assert progress.step == 2


def test_a_score_that_is_missing_is_never_the_best():
    progress = Progress()
    assert not progress.scored({}, "mean_iou", 0, 0)


def test_without_a_score_nobody_loses_patience_and_the_rate_stays():
    progress = Progress()
    for epoch in range(20):
        progress.scored({}, "mean_iou", epoch, 0)
    assert not progress.out_of_patience(1)
    assert progress.plateau.factor == 1
    assert not progress.has_best


def test_progress_survives_its_checkpoint_before_and_after_the_first_scoring():
    for progress in (Progress(step=3), scored(0.1, 0.5)):
        assert Progress.from_json(progress.to_json()) == progress
    assert isinstance(Progress.from_json(Progress().to_json()).plateau, Plateau)


def test_scorings_of_weights_that_were_given_up_test_nobodys_patience():
    progress = scored(*[0.7] * 16, 0.05)  # the loss jumped at step 17: back to the weights of step 15
    progress.guard.recoveries.append([17, 15])
    for value in (0.8, 0.81, 0.82):
        progress.step += 1
        assert take(progress, value)
    assert (progress.best, progress.best_step, progress.waited) == (0.82, 19, 0)
