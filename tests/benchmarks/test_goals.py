"""`benchmarks/goals.py`: when a run has reached its goal, and when it is stopped."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import pytest


@pytest.fixture
def goals(benchmark: Callable[[str], Any]) -> Any:
    return benchmark("goals")


@pytest.mark.parametrize(
    ("values", "first"),
    [
        ([], None),
        ([0.98], None),
        ([0.98, 0.97, 0.98], None),
        ([0.97, 0.98, 0.99], 1),
        ([0.99, 0.5, 0.98, 0.98, 0.5, 0.99, 0.99], 2),
        ([0.99, float("nan"), 0.99], None),
    ],
)
def test_a_goal_is_reached_by_the_first_of_two_scorings_in_a_row(
    values: Sequence[float], first: int | None, goals: Any
) -> None:
    scorings = [{"place": place, "mean_iou": value, "dice": 1.0} for place, value in enumerate(values)]
    assert goals.reached(scorings, "mean_iou", 0.98) == (None if first is None else scorings[first])


def scorer(*dice: float) -> list[str]:
    """A process that scores so, each ten seconds; it ends with its standard input, and without one by itself."""
    lines = [json.dumps({"seconds": 10.0 * place, "dice": value}) for place, value in enumerate(dice, start=1)]
    return [sys.executable, "-c", f"import sys\nprint(*{lines!r}, sep='\\n', flush=True)\nsys.stdin.read()"]


@pytest.mark.parametrize(
    ("dice", "ended", "scorings"),
    [
        ([0.98, 0.99, 0.0, 0.0], "goal", 2),
        ([1.0, 0.0, 1.0, 1.0, 0.0], "goal", 4),
        ([0.0, 1.0, 0.0, 0.97, 1.0, 1.0, 1.0], "cap", 5),
        ([0.0, 0.0, 0.0, 1.0, 1.0, 1.0], "goal", 5),
    ],
)
def test_a_run_is_stopped_at_two_good_scorings_in_a_row_or_at_the_cap(
    goals: Any, dice: Sequence[float], ended: str, scorings: int
) -> None:
    with subprocess.Popen(scorer(*dice), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        seen, why = goals.watched(child, json.loads, 0.98, 45.0)
        assert child.wait(60) == -signal.SIGKILL, "it would have gone on"
    assert why == ended
    assert [one["dice"] for one in seen] == dice[:scorings]
    assert [one["seconds"] for one in seen] == [10.0 * place for place in range(1, scorings + 1)]


def test_a_run_that_ends_before_has_ended_by_itself(goals: Any) -> None:
    with subprocess.Popen(scorer(0.0, 1.0), text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as child:
        seen, why = goals.watched(child, json.loads, 0.98, 45.0)
    assert (why, child.returncode, len(seen)) == ("itself", 0, 2)
