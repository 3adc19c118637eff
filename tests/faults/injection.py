"""The n-th call of a job is killed, or returns an error, for every n: strace does it in place of the call.

A case in which nothing was killed or returned is no case: it only tells that there is no n-th call, and ends the row.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from faults.children import Children, Ended

KILL = "signal=KILL"
ERRORS = ("ENOSPC", "EDQUOT", "EIO", "EROFS", "EACCES")
NEVER = 200  # no job has as many calls of one kind

Judge = Callable[[Path, Ended], str]


def nothing(_root: Path) -> Sequence[Path]:
    return ()


@dataclass(frozen=True, slots=True)
class Subject:
    """A job on a folder, and what must be true of the folder afterwards.

    Attributes:
        job: for a child.
        calls: of the system, all kinds that change the folder or decide what becomes of it.
        prepare: makes the folder as it is before the job.
        after_kill, after_error: what is wrong, "" when all is well; both let the work go on, too.
        paths: only calls on these count; on anything, where there are none.
    """

    job: str
    calls: Sequence[str]
    prepare: Callable[[Path], object]
    after_kill: Judge
    after_error: Judge
    paths: Callable[[Path], Sequence[Path]] = nothing


@dataclass(frozen=True, slots=True)
class Copies:
    """Fresh copies of what a subject begins with, one at a time."""

    subject: Subject
    template: Path
    shelf: Path

    def fresh(self) -> Path:
        if not self.template.exists():
            self.template.mkdir()
            (self.template / "disk").mkdir()
            self.subject.prepare(self.template / "disk")
        shutil.rmtree(self.shelf / "case", ignore_errors=True)
        return Path(shutil.copytree(self.template, self.shelf / "case")) / "disk"


def sweep(children: Children, copies: Copies, call: str, what: str) -> Iterator[tuple[int, Path, Ended]]:
    """Every n for which `what` happened at the n-th `call`, with the folder and the end of the child."""
    log = children.said.with_suffix(".injected")
    for number in range(1, NEVER):
        root = copies.fresh()
        only = [word for path in copies.subject.paths(root) for word in ("-P", path)]
        inject = ["-e", f"trace={call}", "-e", f"inject={call}:{what}:when={number}"]
        ended = children.run(copies.subject.job, root, ["-o", log, *only, *inject])
        if not any(mark in log.read_text() for mark in ("(INJECTED)", "killed by SIGKILL")):
            assert ended.code == 0, ended
            return
        yield number, root, ended
    raise AssertionError("it never came to an end")


def judged(children: Children, copies: Copies, call: str, what: str) -> dict[int, str]:
    """What was wrong in each case of a row."""
    judge = copies.subject.after_kill if what == KILL else copies.subject.after_error
    return {number: judge(root, ended) for number, root, ended in sweep(children, copies, call, what)}
