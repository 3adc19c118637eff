"""What the live table says where there is nothing to say, and what a resumed run knows already."""

import io

import pytest
from rich.console import Console

from unetkit import console
from unetkit.training.observers import Scoring, StepRecord
from unetkit.training.screen import Screen


def shown(screen: Screen, **scores: float) -> str:
    screen.scored(Scoring(0, 0.0, None, 1.0, None, scores, "mean_iou", best=False))
    page = io.StringIO()
    Console(file=page, width=120).print(screen.render())
    return page.getvalue()


def test_a_score_that_is_not_known_is_no_zero():
    assert "0.0000" not in shown(Screen("mean_iou"))


def test_a_run_that_goes_on_knows_its_best():
    page = shown(Screen("mean_iou", best=0.75), mean_iou=0.5)
    assert "0.7500" in page
    assert "0.5000" in page


@pytest.mark.parametrize(("scorings", "lines"), [(7, 7), (1000, 21)])
def test_a_long_run_is_told_in_about_twenty_lines(scorings: int, lines: int):
    page = io.StringIO()
    console.switch_on(stream=page)
    with console.live(lambda: "") as view:
        screen = Screen("mean_iou")
        screen.attach(view)
        for step in range(1, scorings + 1):
            screen.stepped(StepRecord(step, scorings, step, 0.5, 1.0, 0.1, 0.1, 0.0, 4))
            screen.scored(Scoring(step, step, 0.5, step, 1e-3, {"mean_iou": 0.5}, "mean_iou", best=False))
    console.switch_off()
    said = page.getvalue().splitlines()
    assert len(said) == lines
    assert said[-1].startswith(f"step {scorings}/{scorings} ")


def test_a_run_that_begins_with_a_scoring_where_it_was_stopped_is_told_to_its_end():
    page = io.StringIO()
    console.switch_on(stream=page)
    with console.live(lambda: "") as view:
        screen = Screen("mean_iou")
        screen.attach(view)
        for step in range(600, 1001):
            if step > 600:
                screen.stepped(StepRecord(step, 1000, step, 0.5, 1.0, 0.1, 0.1, 0.0, 4))
            screen.scored(Scoring(step, step / 10, 0.5, step, 1e-3, {"mean_iou": 0.5}, "mean_iou", best=False))
    console.switch_off()
    said = page.getvalue().splitlines()
    assert said[0].startswith("step 600  epoch 60.0 ")
    assert len(said) == 1 + 9
