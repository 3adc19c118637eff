"""A budget becomes steps: exact for epochs and steps, planned high and only cut for minutes."""

from hypothesis import given
from hypothesis import strategies as st

from unetkit.training.plan import Pace, Plan, steps_for_epochs


@given(st.lists(st.integers(1, 2000), max_size=30))
def test_a_plan_is_only_cut_never_lengthened(feasible: list[int]):
    plan = Plan(1000, "1 minute", 60.0)
    totals = [plan.total]
    for step, steps in enumerate(feasible):
        plan.cut(step, steps)
        totals.append(plan.total)
    assert totals == sorted(totals, reverse=True)


def test_a_plan_is_never_cut_below_the_steps_already_made():
    plan = Plan(1000, "1 minute", 60.0)
    plan.cut(500, 3)
    assert plan.total == 500


def test_a_cut_of_less_than_a_hundredth_is_not_logged():
    plan = Plan(1000, "1 minute", 60.0)
    assert not plan.cut(10, 995)
    assert plan.cuts == []


def test_a_plan_survives_its_file():
    plan = Plan(1000, "1 minute", 60.0)
    plan.cut(10, 700)
    assert Plan.from_json(plan.to_json()) == plan


@given(st.integers(1, 50), st.integers(1, 200), st.integers(1, 64))
def test_after_the_steps_of_n_epochs_each_image_was_seen_n_times(epochs: int, images: int, batch: int):
    steps = steps_for_epochs(epochs, images, batch)
    assert (steps - 1) * batch < epochs * images <= steps * batch


def paced(*seconds: float, finish: float = 5.0) -> Pace:
    pace = Pace(finish)
    for each in seconds:
        pace.stepped(each)
    return pace


def test_nothing_is_cut_before_a_whole_stretch_was_measured():
    assert paced(*[9.0] * 9).feasible(now=20.0, deadline=45.0, step=9) is None


def test_the_pace_leaves_room_for_what_comes_after_the_last_step():
    pace = paced(*[0.1] * 10)
    assert pace.feasible(now=45.0, deadline=45.0, step=100) == 100
    assert pace.feasible(now=39.999, deadline=45.0, step=100) == 101


def test_a_slow_stretch_cuts_nothing_that_the_fastest_one_could_still_do():
    pace = paced(*[0.1] * 10, *[10.0] * 10)
    assert (pace.feasible(now=0.0, deadline=105.0, step=0) or 0) >= 1000


def test_time_spent_between_steps_halves_what_is_feasible():
    pace = paced(*[0.1] * 10)
    pace.aside = 1.0
    assert pace.feasible(now=0.0, deadline=105.0, step=0) == 1000
