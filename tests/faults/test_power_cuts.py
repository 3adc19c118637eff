"""On real file systems, too: after a power cut all that was acknowledged is there, and nothing is half there.

Each cut is at a random moment of a child that saves without end, half of them while a `sync` is under way. A cut is
replayed by its seed: `UNETKIT_SEED=n pytest tests/faults/test_power_cuts.py`.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults.children import Children
from faults.cuts import FILE_SYSTEMS, Disk, cut_while_saving, new_disk, why_not
from faults.saves import BROKEN_ENDLESS, CONTENTS, create, place, save_all, silent
from faults.verdict import fault, mixed
from unetkit.errors import UnetkitError
from unetkit.runs import RunFolder, load_best, load_newest_intact

CUTS, CONTROL_CUTS, MANY_CUTS = 10, 20, 200
FIRST_SEED = 7_000

Count = Callable[[str], None]


@pytest.fixture(params=FILE_SYSTEMS)
def disk(request: pytest.FixtureRequest) -> Iterator[Disk]:
    """A file system with a run on it that has two saves, safely."""
    if why_not(request.param):
        pytest.skip(f"not run: {why_not(request.param)}")
    with new_disk(request.param) as fresh:
        run = create(fresh.point)
        for step in (1, 2):
            save_all(run, step, tell=silent)
        yield fresh


def seeds(count: int, first: int = FIRST_SEED) -> list[int]:
    told = os.environ.get("UNETKIT_SEED")
    return [int(told)] if told else list(range(first, first + count))


def survives(children: Children, disk: Disk, draws: list[int]) -> str:
    """Cut `disk` once for each seed; the figures."""
    for seed in draws:
        before = reached(RunFolder(place(disk.point)))
        said = cut_while_saving(children, disk, "endless", seed)
        wrong = fault(disk.point, {**before, **said})
        assert not wrong, f"UNETKIT_SEED={seed}: {wrong}"
    return f"{len(draws)} cuts, 0 bad (seeds from {draws[0]})"


def reached(run: RunFolder) -> dict[str, int]:
    return {
        "history": len(run.read_history()),
        "best": load_best(run)[1]["step"],
        "last": load_newest_intact(run)[1]["step"],
        "plan": run.read_plan()["total"],
    }


def caught(children: Children, disk: Disk, job: str, draws: list[int]) -> list[str]:
    """What the cuts did to a writer that goes through its contents again and again, up to the first fault."""
    for number, seed in enumerate(draws, start=1):
        said = cut_while_saving(children, disk, job, seed)["last"]
        wrong = torn_or_lost(disk.point, said)
        if wrong:
            return [f"cut {number}: {wrong}"]
    return []


def torn_or_lost(root: Path, said: int) -> str:
    try:
        arrays, metadata, _ = load_newest_intact(RunFolder(place(root)))
    except UnetkitError as error:
        return error.what
    allowed = {number % CONTENTS + 1 for number in (said, said + 1)}
    lost = f"{said} was acknowledged, and the content is {metadata['step']}"
    return mixed(arrays, metadata["step"]) or ("" if metadata["step"] in allowed else lost)


def test_nothing_acknowledged_is_lost_in_10_cuts(children: Children, disk: Disk, count_cases: Count) -> None:
    count_cases(survives(children, disk, seeds(CUTS)))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_acknowledged_is_lost_in_200_cuts(children: Children, disk: Disk, count_cases: Count) -> None:
    count_cases(survives(children, disk, seeds(MANY_CUTS, secrets.randbelow(10**9))))


@pytest.mark.parametrize("job", BROKEN_ENDLESS)
def test_control_a_broken_writer_is_caught_in_some_cuts(job: str, children: Children, count_cases: Count) -> None:
    kinds = [kind for kind in FILE_SYSTEMS if not why_not(kind)]
    if not kinds:
        pytest.skip(f"not run: {why_not('ext4')}")
    found = dict[str, list[str]]()
    for kind in kinds:
        with new_disk(kind) as disk:
            create(disk.point)
            found[kind] = caught(children, disk, job, seeds(CONTROL_CUTS))
    count_cases(", ".join(f"{kind}: {what[0] if what else 'not caught'}" for kind, what in found.items()))
    assert any(found.values())
