"""A run whose time goes into scoring says so once, with figures and the cure."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from unetkit import console
from unetkit.training.result import TrainResult
from unetkit.training.share import ScoringShare


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    """What is said while a test runs."""
    stream = io.StringIO()
    console.switch_on(quiet=True, stream=stream)
    yield stream
    console.switch_off()


def test_what_will_be_too_much_is_said_before_it_is_spent(said: io.StringIO) -> None:
    ScoringShare(budget=120.0, images=200).expect(20.0)
    figures = "the 200 validation images takes about 20 s a time and 1:00 min in all, 50% of the time budget"
    assert figures in said.getvalue()
    assert "train longer (--minutes 3), or score fewer (--val 133)" in said.getvalue()


def test_scorings_between_steps_add_up_and_it_is_said_once(said: io.StringIO) -> None:
    share = ScoringShare(budget=90.0, images=10)
    share.expect(5.0)
    times: list[int] = []
    for _ in range(6):
        share.took(5.0)
        times.append(said.getvalue().count("warning"))
    assert times == [0, 0, 0, 0, 1, 1]


def test_the_cure_is_enough(said: io.StringIO) -> None:
    ScoringShare(budget=60.0, images=1000).expect(17.0)
    minutes, images = map(float, re.findall(r"--(?:minutes|val) ([\d.]+)", said.getvalue()))
    ScoringShare(budget=minutes * 60, images=1000).expect(17.0)
    ScoringShare(budget=60.0, images=int(images)).expect(17.0 * images / 1000)
    assert said.getvalue().count("warning") == 1


def test_a_split_that_came_with_the_data_is_not_cut_by_a_flag(said: io.StringIO) -> None:
    ScoringShare(budget=60.0, images=50, given=True).expect(60.0)
    assert "--minutes 9)" in said.getvalue()
    assert "--val" not in said.getvalue()


def test_without_a_time_budget_nothing_is_too_much(said: io.StringIO) -> None:
    ScoringShare(budget=None, images=50).took(1e6)
    assert said.getvalue() == ""


def test_a_run_of_a_step_or_two_says_it_too(
    scenes: Path, trained: Callable[..., TrainResult], said: io.StringIO
) -> None:
    result = trained(scenes, **{"training.steps": None, "training.minutes": 1e-5})
    assert result.steps <= 2
    assert said.getvalue().count("of the time budget") == 1
