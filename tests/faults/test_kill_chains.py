"""A training killed at any moments, and resumed any number of times, ends in the bits of one never killed.

Real processes and real SIGKILLs, at moments drawn from a seed that each case prints: before and after steps, while it
scores, at every call of a save. 5 chains here, and 200 with at least 500 kills in `make test-slow`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from faults.chains import BASE as BASE  # noqa: PLC0414 - for test_signals
from faults.chains import KINDS, Bench, Chain, bits
from faults.children import Children
from faults.moments import LEFT_OUT
from unetkit.scenes.folder import write_scenes


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
def test_a_chain_of_kills_ends_in_the_bits_of_the_run_never_killed(bench: Bench, seed: int) -> None:
    kind = list(KINDS)[seed % len(KINDS)]
    assert differing(bench, seed, kind)[0] == [], f"seed {seed}"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_200_chains_of_500_kills_end_in_the_bits_of_the_runs_never_killed(
    bench: Bench, count_cases: Callable[[str], None]
) -> None:
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
    ],
)
def test_control_what_goes_on_without_one_part_is_caught(bench: Bench, without: str, kind: str) -> None:
    assert without in LEFT_OUT
    wanted, moments = bench.whole(kind)
    chain = Chain(bench.children, bench.folder / f"without {without}", KINDS[kind], bench.source)
    chain.without = without
    assert not chain.part(die_at=moments * 2 // 3)
    assert chain.part()
    assert bits(chain.out) != wanted
