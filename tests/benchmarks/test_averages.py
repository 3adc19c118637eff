"""The table of `benchmarks/averages.py`: no score stands under a time at which nobody had looked yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

GOOD, BAD = [[1, 0], [0, 1]], [[0, 1], [1, 0]]  # of mean IoU 1 and 0

Looks = Sequence[tuple[float, list[list[int]]]]


@pytest.fixture
def cells(benchmark: Callable[[str], Any]) -> Callable[..., dict[str, str]]:
    """Column → cell of a row, from the looks at each fold: seconds and confusion."""
    script = benchmark("averages")
    kinds = (script.NONE, *map(str, script.QUICKNESS))

    def told(*folds: Looks) -> dict[str, str]:
        runs = {
            f"forest · fold {number}": [{"seconds": at, "counts": dict.fromkeys(kinds, counts)} for at, counts in looks]
            for number, looks in enumerate(folds)
        }
        lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in script.table({"runs": runs})]
        row = next(line for line in lines if line[:2] == ["forest", kinds[0]])
        return dict(zip(lines[0], row, strict=True))

    return told


def test_between_two_looks_the_logarithm_of_the_time_counts_and_after_the_last_one_the_last(
    cells: Callable[..., dict[str, str]],
) -> None:
    told = cells([(9.0, BAD), (10.0, BAD), (40.0, GOOD), (50.0, GOOD)])
    assert [told[column] for column in ("20 s", "60 s")] == ["0.5000", "1.0000"]


def test_a_time_at_which_a_fold_had_not_been_looked_at_has_no_score(cells: Callable[..., dict[str, str]]) -> None:
    told = cells([(7.0, GOOD), (50.0, GOOD)], [(11.0, BAD), (50.0, BAD)])
    assert [told[column] for column in ("6 s", "8 s", "10 s")] == ["–"] * 3
    assert [told[column] for column in ("12 s", "60 s")] == ["0.5000"] * 2
