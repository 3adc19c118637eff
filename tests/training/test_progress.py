"""Counters, best score and patience, and their way through a checkpoint."""

from unetkit.training.progress import Progress
from unetkit.training.schedule import Plateau


def scored(*values: float) -> Progress:
    progress = Progress()
    for step, value in enumerate(values):
        progress.step = step
        progress.scored({"mean_iou": value}, "mean_iou", now=step, took=0.1)
    return progress


def test_the_best_score_and_its_step_are_kept():
    progress = scored(0.1, 0.5, 0.3)
    assert (progress.best, progress.best_step) == (0.5, 1)


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
