"""On real file systems: predictions that were reported survive a power cut, and no cache gives a wrong pixel after it.

As `test_power_cuts.py`, with writers that predict and that fill the cache without end; a seed replays a cut.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping

import pytest

from faults import decoded, masks
from faults.children import Children
from faults.cuts import FILE_SYSTEMS, Disk, cut_while_saving, new_disk, why_not
from faults.test_power_cuts import CUTS, MANY_CUTS, seeds

Count = Callable[[str], None]
Judge = Callable[[Disk, Mapping[str, int]], str]

CONTROL_CUTS = 20


@pytest.fixture(params=FILE_SYSTEMS)
def disk(request: pytest.FixtureRequest) -> Iterator[Disk]:
    """An empty file system, with what is read from beside it."""
    if why_not(request.param):
        pytest.skip(f"not run: {why_not(request.param)}")
    with new_disk(request.param) as fresh:
        prepare(fresh)
        yield fresh


def prepare(disk: Disk) -> None:
    masks.write_inputs(disk.point)
    decoded.large(disk.point)


def predicted(disk: Disk, said: Mapping[str, int]) -> str:
    return masks.fault(disk.point, said, masks.wanted(masks.inputs(disk.point)))


def filled(disk: Disk, said: Mapping[str, int]) -> str:
    del said  # nothing of a cache is promised to be there
    written = decoded.large(disk.point)
    wrong = {number: decoded.fill_one(written, disk.point, number) for number in range(decoded.SETS)}
    return f"wrong pixels by set: {wrong}" if any(wrong.values()) else ""


def believed(disk: Disk, said: Mapping[str, int]) -> str:
    with decoded.believed():
        return filled(disk, said)


# Folders that are not made sure are caught by the model alone: these file systems write all of them at any fsync.
JUDGES: dict[str, Judge] = {"endless predicting": predicted, "endless filling": filled}
CONTROLS: dict[str, tuple[str, Judge]] = {
    **{job: (job, predicted) for job in masks.BROKEN_ENDLESS},
    "a cache that believes what it finds": ("endless filling, index first", believed),
}


def survives(children: Children, disk: Disk, job: str, draws: list[int]) -> str:
    """Cut `disk` once for each seed; the figures."""
    for seed in draws:
        wrong = JUDGES[job](disk, cut_while_saving(children, disk, job, seed))
        assert not wrong, f"UNETKIT_SEED={seed}: {wrong}"
    return f"{len(draws)} cuts, 0 bad (seeds from {draws[0]})"


@pytest.mark.parametrize("job", JUDGES)
def test_outputs_survive_10_cuts(job: str, children: Children, disk: Disk, count_cases: Count) -> None:
    count_cases(survives(children, disk, job, seeds(CUTS)))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("job", JUDGES)
def test_outputs_survive_200_cuts(job: str, children: Children, disk: Disk, count_cases: Count) -> None:
    count_cases(survives(children, disk, job, seeds(MANY_CUTS, secrets.randbelow(10**9))))


def caught(children: Children, kind: str, name: str) -> str:
    """The first cut of those allowed on a file system of this kind that did harm."""
    job, judge = CONTROLS[name]
    with new_disk(kind) as disk:
        prepare(disk)
        for number, seed in enumerate(seeds(CONTROL_CUTS), start=1):
            wrong = judge(disk, cut_while_saving(children, disk, job, seed))
            if wrong:
                return f"cut {number}: {wrong}"
    return ""


@pytest.mark.parametrize("name", CONTROLS)
def test_control_a_broken_output_is_caught_in_some_cuts(name: str, children: Children, count_cases: Count) -> None:
    kinds = [kind for kind in FILE_SYSTEMS if not why_not(kind)]
    if not kinds:
        pytest.skip(f"not run: {why_not('ext4')}")
    found = {kind: caught(children, kind, name) for kind in kinds}
    count_cases(", ".join(f"{kind}: {what or 'not caught'}" for kind, what in found.items()))
    assert any(found.values())
