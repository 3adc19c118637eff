"""A budget becomes steps: exact for epochs and steps, planned high and only cut for minutes."""

from hypothesis import given
from hypothesis import strategies as st

from unetkit.training.pace import Pace
from unetkit.training.plan import Plan, steps_for_epochs


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
    assert plan.changes == []


def decided() -> Plan:
    plan = Plan(1000, "1 minute", 60.0)
    plan.scored(0)
    plan.cut(10, 700)
    plan.scored(50)
    plan.cut(60, 300)
    return plan


def test_a_plan_survives_its_file_and_all_that_it_says_is_known():
    read = Plan.from_json(decided().to_json())
    assert read.to_json() == decided().to_json()
    assert read.known == 60


def test_each_step_is_taken_by_the_plan_of_its_time():
    plan = decided()
    assert [plan.total_at(step) for step in (0, 9, 10, 59, 60, 299)] == [1000, 1000, 700, 700, 300, 300]


def test_a_replay_has_the_same_steps_and_no_deadline():
    replay = Plan.replayed(decided().to_json())
    assert replay.deadline is None
    assert (replay.total, replay.total_at(20), replay.scorings) == (300, 700, [0, 50])


def test_only_what_was_decided_later_goes_on_from_a_plan():
    early, late = Plan(1000, "1 minute", 60.0), decided()
    assert late.goes_on_from(early)
    assert not early.goes_on_from(late)
    assert not decided().goes_on_from(Plan(900, "1 minute", 60.0))


def test_a_longer_plan_counts_from_the_step_at_which_it_was_asked_for():
    plan = Plan.from_json(decided().to_json())
    plan.extend(55, Plan(2000, "3 minutes", 180.0))
    assert [plan.total_at(step) for step in (20, 54, 55, 1999)] == [700, 700, 2000, 2000]
    assert (plan.deadline, plan.budget, plan.known) == (180.0, "3 minutes", 55)


def test_a_plan_that_is_ended_holds_nothing_that_was_decided_later():
    plan = Plan.from_json(decided().to_json())
    plan.end(30)
    assert plan.total == 30
    assert all(change.step <= 30 for change in plan.changes)
    assert plan.scorings == [0]


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


def test_a_plan_grows_where_it_was_made_longer_and_not_where_it_was_cut():
    plan = Plan(100, "1 minute", 60.0)
    plan.cut(50, 60)
    plan.extend(50, Plan(90, "2 minutes", 120.0))
    plan.cut(70, 80)
    assert [step for step in range(100) if plan.grows_at(step)] == [50]
    assert [step for step in range(100) if Plan.from_json(plan.to_json()).grows_at(step)] == [50]
