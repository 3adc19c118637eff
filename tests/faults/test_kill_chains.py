"""A training killed at any moments, and resumed any number of times, ends in the bits of one never killed.

Real processes and real SIGKILLs, at moments drawn from a seed that each case prints: before and after steps, while it
scores, at every call of a save. 5 chains here, and 200 with at least 500 kills in `make test-slow`.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from faults.chains import BASE as BASE  # noqa: PLC0414 - for test_signals
from faults.chains import KINDS, RUINED, Bench, bits
from faults.children import Children
from faults.moments import LEFT_OUT
from unetkit.runs import RunFolder, load_newest_intact
from unetkit.scenes.folder import write_scenes

Count = Callable[[str], None]


@pytest.fixture(scope="module")
def bench(children: Children, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("chains")
    write_scenes(folder / "scenes", 20, seed=1, height=24, width=32)
    return Bench(children, folder, folder / "scenes")


def differing(bench: Bench, seed: int, kind: str) -> tuple[list[str], int]:
    """What a chain made otherwise than the run never killed, and its kills."""
    chain = bench.chain(seed, kind)
    made, (wanted, _) = bits(chain.out), bench.whole(kind)
    return [name for name in wanted if made.get(name) != wanted[name]], chain.kills


@pytest.mark.parametrize("seed", range(5))
def test_a_chain_of_kills_ends_in_the_bits_of_the_run_never_killed(bench: Bench, seed: int, count_cases: Count) -> None:
    kind = list(KINDS)[seed % len(KINDS)]
    others, kills = differing(bench, seed, kind)
    count_cases(f"{kills} kills, {len(others)} differing")
    assert others == [], f"seed {seed}"


def test_the_run_that_jumps_goes_back_once(bench: Bench) -> None:
    bench.whole("jumps")
    state = load_newest_intact(RunFolder(bench.folder / "whole jumps" / "run"))[1]
    ((step, back_to),) = state["progress"]["guard"]["recoveries"]
    assert back_to < RUINED["jumps"] < step


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 10))])
def test_a_time_budget_killed_at_any_moments_is_repeated_to_the_bit_by_its_plan(
    bench: Bench, seed: int, count_cases: Count
) -> None:
    kind = "adamw, one-cycle"
    drawn = random.Random(seed)
    timed = bench.new(f"minutes {seed}", kind)
    timed.values = {**timed.values, "training.epochs": None, "training.minutes": 0.12}
    while timed.kills < 3 and not timed.part(die_at=drawn.randint(20, 120)):
        pass
    assert timed.kills
    while not timed.part():
        pass
    again = bench.new(f"plan of {seed}", kind)
    again.values = {**timed.values, "training.minutes": None, "training.plan": str(RunFolder(timed.out).plan)}
    assert again.part()
    count_cases(f"{timed.kills} kills")
    assert bits(again.out) == bits(timed.out)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_200_chains_of_500_kills_end_in_the_bits_of_the_runs_never_killed(bench: Bench, count_cases: Count) -> None:
    kills, seed = 0, 100
    while seed < 300 or kills < 500:
        kind = list(KINDS)[seed % len(KINDS)]
        others, killed = differing(bench, seed, kind)
        assert others == [], f"seed {seed} of '{kind}'"
        kills += killed
        seed += 1
    count_cases(f"{seed - 100} chains, {kills} kills, 0 differing")


@pytest.mark.parametrize(
    ("without", "kind"),
    [
        ("optimiser", "adamw, one-cycle"),
        ("average", "adamw, one-cycle"),
        ("statistics", "adamw, one-cycle"),
        ("order", "adamw, one-cycle"),
        ("dropout", "adamw, one-cycle"),
        ("schedule", "adamw, one-cycle"),
        ("patience", "stops early"),
        ("kept weights", "jumps"),
    ],
)
def test_control_what_goes_on_without_one_part_is_caught(bench: Bench, without: str, kind: str) -> None:
    assert without in LEFT_OUT
    wanted, moments = bench.whole(kind)
    chain = bench.new(f"without {without}", kind)
    chain.without = without
    assert not chain.part(die_at=moments * 2 // 3)
    assert chain.part()
    assert bits(chain.out) != wanted
