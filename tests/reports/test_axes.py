"""Where values lie on an axis, and the round numbers beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unetkit.reports.axes import BY_FACTORS, EVEN, TOWARDS_ONE, Division, Frame, Scale, ticks

FRAME = Frame(10, 20, 110, 220)
scores = st.floats(0, 1)
losses = st.floats(1e-6, 1e6)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.913, 0.987), (-5, 12000), (1e-9, 2e-9)])
def test_ticks_are_round_and_inside(low: float, high: float):
    found = ticks(low, high)
    assert 2 <= len(found) <= 7
    assert all(low - 1e-9 <= value <= high + 1e-9 for value in found)


@pytest.mark.parametrize(
    ("division", "ends", "expected"),
    [
        (EVEN, (0.0, 1.0), [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (BY_FACTORS, (0.019, 1.2), [0.02, 0.05, 0.1, 0.2, 0.5, 1.0]),
        (BY_FACTORS, (0.9e-5, 3.0), [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0]),
        (BY_FACTORS, (0.31, 0.47), [0.35, 0.4, 0.45]),
        (TOWARDS_ONE, (0.2, 0.9951), [0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995]),
        (TOWARDS_ONE, (0.0, 0.999991), [0.0, 0.9, 0.99, 0.999, 0.9999, 0.99999]),
    ],
)
def test_each_division_has_round_values(division: Division, ends: tuple[float, float], expected: list[float]):
    assert division.ticks(*ends) == pytest.approx(expected)


@given(st.lists(scores, min_size=2))
def test_scores_lie_inside_the_frame_the_better_the_higher(values: list[float]):
    scale = Scale.around(enumerate(values), FRAME, TOWARDS_ONE)
    heights = [scale.y(value) for value in sorted(values)]
    assert heights == sorted(heights, reverse=True)
    assert all(FRAME.top <= height <= FRAME.bottom for height in heights)


@given(st.lists(st.tuples(losses, losses), min_size=1))
def test_losses_lie_inside_the_frame(points: list[tuple[float, float]]):
    scale = Scale.around(points, FRAME, BY_FACTORS)
    assert all(FRAME.left <= scale.x(x) <= FRAME.right and FRAME.top <= scale.y(y) <= FRAME.bottom for x, y in points)
    assert all(FRAME.top - 1 <= scale.y(value) <= FRAME.bottom + 1 for value in scale.rows())


def test_near_one_equal_shares_of_what_is_missing_are_equally_far_apart():
    scale = Scale.around([(0, 0.5), (1, 0.999)], FRAME, TOWARDS_ONE)
    assert scale.y(0.98) - scale.y(0.99) == pytest.approx(scale.y(0.8) - scale.y(0.9))


def test_a_loss_that_halves_falls_equally_far_wherever_it_is():
    scale = Scale.around([(0, 4.0), (1, 0.001)], FRAME, BY_FACTORS)
    assert scale.y(0.002) - scale.y(0.004) == pytest.approx(scale.y(2.0) - scale.y(4.0))


@pytest.mark.parametrize("division", [EVEN, BY_FACTORS, TOWARDS_ONE])
def test_a_single_point_has_a_scale_with_round_values_around_it(division: Division):
    scale = Scale.around([(0, 0.5)], FRAME, division)
    assert scale.columns()[0] == 0
    assert all(round(value, 6) == value for value in scale.columns())
    assert FRAME.top < scale.y(0.5) < FRAME.bottom
