"""A job that is killed at its n-th call, or whose n-th call fails, for every call and every n, damages nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from faults.children import Children
from faults.injection import ERRORS, KILL, Copies, Subject, judged
from faults.subjects import FILLING_OR_ENDING, OVERWRITING, PREDICTING_OVER, SUBJECTS
from faults.trace import need_strace

WHOLE_SWEEP = 500
FAST = ("saves and log", "predictions", "a new set of the cache")
NAMES = [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in SUBJECTS]

Count = Callable[[str], None]
Rows = dict[tuple[str, str], dict[int, str]]


@pytest.fixture(autouse=True)
def strace() -> None:
    need_strace()


@pytest.fixture
def bench(children: Children, tmp_path: Path, shelf: Path) -> Callable[[Subject], Copies]:
    return lambda subject: Copies(subject, tmp_path / "template", shelf)


def rows(children: Children, copies: Copies, *whats: str) -> Rows:
    return {(what, call): judged(children, copies, call, what) for what in whats for call in copies.subject.calls}


def bad(found: Rows) -> dict[str, str]:
    return {f"{call} {n} {what}": wrong for (what, call), row in found.items() for n, wrong in row.items() if wrong}


def cases(found: Rows) -> int:
    return sum(map(len, found.values()))


@pytest.mark.parametrize("name", NAMES)
def test_a_job_killed_at_any_call_loses_nothing_acknowledged(
    name: str, children: Children, bench: Callable[[Subject], Copies], count_cases: Count
) -> None:
    found = rows(children, bench(SUBJECTS[name]), KILL)
    count_cases(f"{cases(found)} kills, {len(bad(found))} bad")
    assert bad(found) == {}
    assert cases(found) >= 30


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_at_any_call_damages_nothing_and_is_said(
    name: str, children: Children, bench: Callable[[Subject], Copies], count_cases: Count
) -> None:
    found = rows(children, bench(SUBJECTS[name]), "error=ENOSPC")
    count_cases(f"{cases(found)} errors, {len(bad(found))} bad")
    assert bad(found) == {}
    assert cases(found) >= 30


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_error_of_any_call_of_any_job_damages_anything(
    children: Children, tmp_path: Path, shelf: Path, count_cases: Count
) -> None:
    found = {
        name: rows(children, Copies(subject, tmp_path / name, shelf), *(f"error={error}" for error in ERRORS))
        for name, subject in SUBJECTS.items()
    }
    total = sum(map(cases, found.values()))
    each = ", ".join(f"{cases(part)} {name}" for name, part in found.items())
    count_cases(f"{total} errors ({each}), {sum(len(bad(part)) for part in found.values())} bad")
    assert {name: bad(part) for name, part in found.items() if bad(part)} == {}
    assert total >= WHOLE_SWEEP


# --- controls: the same sweeps must find what is known to be broken ---------------------------------------------------

CONTROLS = {"a save that overwrites": OVERWRITING, "a picture that overwrites": PREDICTING_OVER}


@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.parametrize("what", [KILL, "error=ENOSPC", "error=EIO"])
def test_control_a_writer_that_overwrites_is_caught(
    what: str, name: str, children: Children, bench: Callable[[Subject], Copies], count_cases: Count
) -> None:
    found = judged(children, bench(CONTROLS[name]), "write", what)
    count_cases(f"{len(found)} cases, {len(list(filter(None, found.values())))} bad")
    assert any(found.values())


@pytest.mark.parametrize("call", ["pwrite64", "pread64"])
def test_control_a_cache_that_ends_the_run_is_caught(
    call: str, children: Children, bench: Callable[[Subject], Copies], count_cases: Count
) -> None:
    found = judged(children, bench(FILLING_OR_ENDING), call, "error=EIO")
    count_cases(f"{len(found)} errors, {len(list(filter(None, found.values())))} bad")
    assert any(found.values())
