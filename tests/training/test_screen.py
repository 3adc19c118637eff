"""What the live table says where there is nothing to say, and what a resumed run knows already."""

import io

from rich.console import Console

from unetkit.training.observers import Scoring
from unetkit.training.screen import Screen


def shown(screen: Screen, **scores: float) -> str:
    screen.scored(Scoring(0, 0.0, None, 1.0, scores, "mean_iou", best=False))
    page = io.StringIO()
    Console(file=page, width=120).print(screen.render())
    return page.getvalue()


def test_a_score_that_is_not_known_is_no_zero():
    assert "0.0000" not in shown(Screen("mean_iou"))


def test_a_run_that_goes_on_knows_its_best():
    page = shown(Screen("mean_iou", best=0.75), mean_iou=0.5)
    assert "0.7500" in page
    assert "0.5000" in page
