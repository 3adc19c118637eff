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


def test_the_pace_leaves_room_for_what_comes_after_the_last_step():
    pace = Pace(started=10.0, finish=5.0, steps=100)
    assert pace.feasible(now=20.0, deadline=45.0, step=100) == 100 + 200
