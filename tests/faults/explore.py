"""Every state that a recorded job may leave on a disk, judged one by one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from faults.children import Children
from faults.crash_model import Disk, crash_states, lay_out
from faults.trace import record

Judge = Callable[[Path, Mapping[str, int]], str]


@dataclass
class Found:
    """What became of the states of one trace."""

    disk: Disk
    states: int = 0
    bad: list[str] = field(default_factory=list[str])
    said: dict[str, int] = field(default_factory=dict[str, int])

    def __str__(self) -> str:
        calls = ", ".join(f"{count} {name}" for name, count in sorted(self.disk.seen.items()))
        return f"{self.states} crash states, {len(self.bad)} bad ({calls})"


def explore(children: Children, job: str, root: Path, shelf: Path, judge: Judge, most: int = 10**6) -> Found:
    """Let a child do `job` on `root`, and judge the states of its disk, at most so many, each laid out on `shelf`."""
    found = Found(Disk(root))
    for state, said in islice(crash_states(found.disk, record(children, job, root)), most):
        lay_out(state, shelf / "state")
        wrong = judge(shelf / "state", said)
        shutil.rmtree(shelf / "state")
        found.states += 1
        found.bad += [f"{said}: {wrong}"] if wrong else []
        found.said = said
    return found
