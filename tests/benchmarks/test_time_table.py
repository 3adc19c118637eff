"""The table of `benchmarks/time_to_quality.py`: what counts, and what is said of who never arrived."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import pytest

GOALS = (0.95, 0.98, 0.99)


@pytest.fixture
def table(benchmark: Callable[[str], Any]) -> Any:
    return benchmark("time_table")


def record(contestant: str, dice: Sequence[float], ended: str = "goal", **entry: Any) -> dict[str, Any]:
    """Scored every ten seconds."""
    said = {"contestant": contestant, "field": "ir-horizon", "seed": 0, "goal": 0.98, "trial": False, **entry}
    scorings = [
        {
            "seconds": 10.0 * place,
            "step": place,
            "precision": "fp32",
            "dice": value,
            "mean_iou": value,
            "rate": 0.1 - 0.01 * abs(place - 2),
            "done": {"imports": 2.5, "plan": 6.0},
        }
        for place, value in enumerate(dice, start=1)
    ]
    machine = {"cpu": "a processor", "cores": 2, "packages": {"torch": "2"}}
    key = {"entry": said, "specification": {"epochs": 0}, "source": "the same"}
    return {"key": key, "machine": machine, "cap": 1200.0, "ended": ended, "scorings": scorings}


def after(seconds: int, contestant: str, **entry: Any) -> dict[str, Any]:
    """Good from then on."""
    return record(contestant, [0.0] * (seconds // 10 - 1) + [0.98, 0.98], **entry)


def stopped(contestant: str = "plain", **entry: Any) -> dict[str, Any]:
    """By the cap of 1200 seconds."""
    return record(contestant, [0.5] * 121, "cap", **entry)


def rows(text: str) -> dict[tuple[str, str], list[str]]:
    """(contestant, goal) → the last two cells of a table."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:4] == "| ir"]
    return {(cell[2], cell[1]): cell[-2:] for cell in cells}


def unwrapped(text: str) -> str:
    return " ".join(text.split())


def test_a_goal_is_reached_by_the_first_of_two_scorings_in_a_row(table: Any) -> None:
    scorings = record("ours", [0.99, 0.5, 0.98, 0.99, 0.5])["scorings"]
    assert table.first_reached(scorings, 0.98) == 30.0
    assert table.first_reached(scorings, 0.98, cap=29.0) is None
    assert table.first_reached(scorings, 0.985) is None


def test_where_the_time_of_ours_goes_is_told_up_to_the_goal(table: Any) -> None:
    told = unwrapped(table.table([record("ours", [0.5, 0.9, 0.98, 0.99])], GOALS))
    assert "30.0 s of ours" in told
    assert "10.0 pass before the second step: imports 2.5, plan 3.5, the first step 4.0." in told
    assert "In the other 20.0 it makes 2 steps" in told
    assert "its rate rises for 10.0 of these" in told


def test_trials_are_no_results_and_medians_are_of_the_seeds(table: Any) -> None:
    ours = [record("ours", [0.98, 0.98], seed=seed) for seed in range(3)]
    plain = [record("plain", [0.0] * late + [0.98, 0.98], seed=seed) for seed, late in enumerate((19, 29, 99))]
    trial = record("plain", [0.95, 0.95], goal=0.95, trial=True, batch=4, channels_last=True)
    text = table.table([trial, *ours, *plain], (0.95, 0.98))
    assert rows(text)["plain", "0.95"] == ["300.0 (1000.0)", "30.0"]
    assert "that is 1/30.0 of the plain loop's time. The bar, 1/16, is met" in unwrapped(text)
    assert "batch 4, channels last: 10 s" in text
    assert "Of the 10.0 s of ours to Dice 0.98 on `ir-horizon` (seed 0) 10.0 pass before" in unwrapped(text)


def test_who_was_stopped_took_longer_and_who_ended_never_arrived(table: Any) -> None:
    ours = [record("ours", [0.98, 0.98, 0.5], "itself", goal=0.99)]
    plain = [stopped(goal=0.99)]
    ended = [record("source", [0.5] * 4, "itself", goal=0.99)]
    told = rows(table.table([*ours, *plain, *ended], (0.98, 0.99)))
    assert told["plain", "0.98"] == ["more than 1200", "more than 120.0"]
    assert told["source", "0.98"] == ["not in its 40", "–"]
    assert told["ours", "0.99"] == ["not in its 30", "–"]
    assert told["plain", "0.99"] == ["more than 1200", "–"]


def test_a_median_is_a_figure_where_most_arrived_and_a_bound_where_most_were_stopped(table: Any) -> None:
    ours = after(10, "ours")
    most = [ours, after(300, "plain"), after(400, "plain"), stopped()]
    assert rows(table.table(most, (0.98,)))["plain", "0.98"] == ["400.0 (more than 1200)", "40.0"]
    few = [ours, after(300, "plain"), stopped(), stopped()]
    assert rows(table.table(few, (0.98,)))["plain", "0.98"] == ["more than 1200 (more than 1200)", "more than 120.0"]


def test_of_an_even_number_the_median_speaks_against_ours(table: Any) -> None:
    runs = [after(10, "ours"), after(20, "ours"), after(300, "plain"), after(600, "plain")]
    told = rows(table.table(runs, (0.98,)))
    assert told["ours", "0.98"] == ["20.0 (20.0)", "1.0"]
    assert told["plain", "0.98"] == ["300.0 (600.0)", "15.0"]


def test_a_trial_of_other_code_than_the_runs_of_the_plain_loop_is_left_out(table: Any) -> None:
    said: dict[str, Any] = {"goal": 0.95, "trial": True, "channels_last": True}
    runs = [after(50, "ours"), after(1000, "plain"), record("plain", [0.95, 0.95], batch=8, **said)]
    stale = record("plain", [0.95, 0.95], batch=4, **said)
    stale["key"]["source"] = "another"
    assert "batch 8, channels last: 10 s" in table.table(runs, GOALS)
    assert table.table([stale, *runs], GOALS) == table.table(runs, GOALS)
    assert table.verdict([stale, *runs]) == table.verdict(runs)


def test_trials_are_told_before_there_are_runs(table: Any) -> None:
    trial = record("plain", [0.95, 0.95], goal=0.95, trial=True, batch=4, channels_last=True)
    assert "batch 4, channels last: 10 s" in table.table([trial, after(50, "ours")], GOALS)


def test_any_subset_of_the_records_makes_a_table(table: Any) -> None:
    records = [
        after(10, "ours", goal=0.99),
        record("ours", [0.5, 0.5], "itself", seed=1),
        after(50, "source"),
        after(300, "plain"),
        stopped(seed=1),
        record("plain", [0.95, 0.95], goal=0.95, trial=True, batch=4, channels_last=True),
        after(10, "ours", field="horizon-uav"),
        stopped("plain-kept", field="horizon-uav"),
        record("ours", [0.4, 0.5], "itself", field="camvid", goal=2.0),
        record("plain", [0.3], "itself", field="camvid", goal=2.0),
    ]
    chosen = [subset for count in range(len(records) + 1) for subset in combinations(records, count)]
    texts = [table.table(subset, GOALS) for subset in chosen]
    assert all(text.startswith("| data |") for text in texts)
    assert not [text for text in texts if "inf" in text.split() or "nan" in text.split() or "1/0.0" in text]


def test_records_of_different_code_make_no_table(table: Any) -> None:
    other = record("source", [0.98, 0.98])
    other["key"]["source"] = "another"
    with pytest.raises(ValueError, match="different code"):
        table.table([record("ours", [0.98, 0.98]), other], (0.98,))


def test_plain_loops_have_code_of_their_own(table: Any) -> None:
    other = record("plain", [0.98, 0.98])
    other["key"]["source"] = "another"
    assert rows(table.table([record("ours", [0.98, 0.98]), other], (0.98,)))["plain", "0.98"] == ["10.0", "1.0"]


# --- the verdict ------------------------------------------------------------------------------------------------------


def test_a_verdict_says_who_needs_what_to_what(table: Any) -> None:
    said = table.verdict([after(50, "ours"), after(1000, "plain")])
    assert said == (
        "To Dice 0.98 of the sea on the test part of `ir-horizon`, unetkit needs 50.0 seconds and the plain loop "
        "1000.0 (medians of 1 and 1 seeds): that is 1/20.0 of the plain loop's time. The bar, 1/16, is met; the "
        "aim, 1/25, is MISSED."
    )


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (10, "less than 1/120.0 of the plain loop's time. The bar, 1/16, is met; the aim, 1/25, is met."),
        (60, "less than 1/20.0 of the plain loop's time. The bar, 1/16, is met; the aim, 1/25, is open, since"),
        (70, "less than 1/17.1 of the plain loop's time. The bar, 1/16, is met"),
        (100, "less than 1/12.0 of the plain loop's time. The bar, 1/16, is open, since"),
    ],
)
def test_where_the_plain_loop_was_stopped_the_verdict_is_a_bound(table: Any, seconds: int, says: str) -> None:
    assert f"and the plain loop more than 1200 (medians of 1 and 1 seeds): that is {says}" in table.verdict(
        [after(seconds, "ours"), stopped()]
    )


def test_a_bar_is_missed_by_a_hair_and_no_share_is_rounded_towards_it(table: Any) -> None:
    said = table.verdict([after(70, "ours"), after(1110, "plain")])  # 15.857 times
    assert "that is 1/15.8 of the plain loop's time. The bar, 1/16, is MISSED" in said


def test_who_is_slower_than_the_plain_loop_is_told_how_many_times(table: Any) -> None:
    said = table.verdict([after(1000, "ours"), after(10, "plain")])
    assert "that is 100.0 times the plain loop's time. The bar, 1/16, is MISSED" in said


def test_where_ours_never_arrives_the_bar_is_missed_and_no_share_is_told(table: Any) -> None:
    said = table.verdict([record("ours", [0.5, 0.97, 0.97], "itself"), after(300, "plain")])
    assert said == (
        "unetkit has not reached Dice 0.98 of the sea on the test part of `ir-horizon` in its 30 seconds: the bar, "
        "1/16, is MISSED."
    )


@pytest.mark.parametrize("contestant", ["ours", "plain", "source"])
def test_one_contestant_alone_is_no_verdict(table: Any, contestant: str) -> None:
    assert table.verdict([after(10, contestant)]) == "Not measured yet."


# --- the machines -----------------------------------------------------------------------------------------------------


def test_every_machine_is_named_once(table: Any) -> None:
    runs = [after(10, "ours", seed=seed) for seed in range(3)]
    alone = unwrapped(table.table(runs, (0.98,)))
    assert alone.count("a processor, 2 cores; torch 2") == 1
    assert "cannot be compared" not in alone
    trial = record("plain", [0.95, 0.95], goal=0.95, trial=True, batch=4, channels_last=True)
    trial["machine"] = {"cpu": "a processor", "cores": 64, "packages": {"torch": "2"}}
    newer = after(300, "plain")
    newer["machine"] = {"cpu": "a processor", "cores": 2, "packages": {"torch": "3"}}
    text = unwrapped(table.table([*runs, trial, newer], (0.98,)))
    named = ("2 cores; torch 2 (3 runs)", "64 cores; torch 2 (1 run)", "2 cores; torch 3 (1 run)")
    assert [text.count(f"a processor, {one}") for one in named] == [1, 1, 1]
    assert "Seconds of different machines or versions cannot be compared." in text
