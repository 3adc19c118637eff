"""A save that is killed at its n-th call, or whose n-th call fails, for every call and every n, damages nothing.

strace kills or returns the error in place of the call. A case in which nothing was killed or returned is no case: it
only tells that there is no n-th call, and ends the row.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults.children import Children, Ended
from faults.saves import BEFORE, place, save_all, silent
from faults.trace import need_strace
from faults.verdict import SAVED, fault, leftovers
from unetkit.errors import MachineError
from unetkit.runs import RunFolder, load_newest_intact

CALLS = ["write", "fsync", "rename", "openat", "close", "read"]
ERRORS = ["ENOSPC", "EDQUOT", "EIO", "EROFS", "EACCES"]
NEVER = 200  # no job has as many calls of one kind

Count = Callable[[str], None]


@pytest.fixture(autouse=True)
def strace() -> None:
    need_strace()


@pytest.fixture
def copies(saved: Path, shelf: Path) -> Callable[[], Path]:
    """`copies()` is a fresh copy of a run with two saves; the one before is gone."""

    def fresh() -> Path:
        shutil.rmtree(shelf / "disk", ignore_errors=True)
        return Path(shutil.copytree(saved, shelf / "disk"))

    return fresh


def sweep(
    children: Children, job: str, call: str, what: str, copies: Callable[[], Path]
) -> Iterator[tuple[int, Path, Ended]]:
    """Every n for which `what` happened at the n-th `call` of `job`, with the folder and the end of the child."""
    log = children.said.with_suffix(".injected")
    for number in range(1, NEVER):
        root = copies()
        ended = children.run(job, root, ["-o", log, "-e", f"trace={call}", "-e", f"inject={call}:{what}:when={number}"])
        if not any(mark in log.read_text() for mark in ("(INJECTED)", "killed by SIGKILL")):
            assert ended.code == 0, ended
            return
        yield number, root, ended
    raise AssertionError("it never came to an end")


def after_kill(root: Path, ended: Ended) -> str:
    """What is wrong with a run whose writer was killed; then it goes on."""
    if ended.code != -signal.SIGKILL:
        return f"it was not killed: {ended}"
    return fault(root, BEFORE | ended.said) or after_going_on(root)


def after_error(root: Path, ended: Ended) -> str:
    """What is wrong with a run whose writer met an error; then it goes on."""
    if ended.code != MachineError.exit_code:
        return f"the error was not said: {ended}"
    if leftovers(root) - {"checkpoints/next.safetensors"}:
        return f"left behind: {leftovers(root)}"
    return fault(root, BEFORE | ended.said) or after_going_on(root)


def after_going_on(root: Path) -> str:
    """What is wrong after one more save; the temporary files must be gone with it."""
    run = RunFolder.open(place(root))
    step = load_newest_intact(run)[1]["step"] + 1
    save_all(run, step, tell=silent)
    names = {path.name for path in run.checkpoints.iterdir()}
    wrong = fault(root, {"history": step, "best": step - step % 2, "last": step, "plan": step})
    return wrong or (f"left behind: {leftovers(root)}" if leftovers(root) or names != SAVED else "")


@pytest.mark.parametrize("call", CALLS)
def test_a_save_killed_at_any_call_loses_nothing_acknowledged(
    call: str, children: Children, copies: Callable[[], Path], count_cases: Count
) -> None:
    cases = {n: after_kill(root, ended) for n, root, ended in sweep(children, "going on", call, "signal=KILL", copies)}
    count_cases(f"{len(cases)} kills, {len(list(filter(None, cases.values())))} bad")
    assert {n: wrong for n, wrong in cases.items() if wrong} == {}
    assert len(cases) >= 5


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("call", CALLS)
def test_an_error_of_any_call_damages_nothing_and_is_said(
    call: str, error: str, children: Children, copies: Callable[[], Path], count_cases: Count
) -> None:
    cases = {
        n: after_error(root, ended) for n, root, ended in sweep(children, "going on", call, f"error={error}", copies)
    }
    count_cases(f"{len(cases)} errors, {len(list(filter(None, cases.values())))} bad")
    assert {n: wrong for n, wrong in cases.items() if wrong} == {}
    assert len(cases) >= 5


@pytest.mark.parametrize("what", ["signal=KILL", "error=ENOSPC", "error=EIO"])
def test_control_a_writer_that_overwrites_is_caught(
    what: str, children: Children, copies: Callable[[], Path], count_cases: Count
) -> None:
    cases = [fault(root, ended.said) for _, root, ended in sweep(children, "overwrite", "write", what, copies)]
    count_cases(f"{len(cases)} cases, {len(list(filter(None, cases)))} bad")
    assert any(cases)
