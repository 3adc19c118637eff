"""Checkpoints of a run: the newest state, and the best weights so far."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from unetkit.console import say, warn
from unetkit.errors import FormatError
from unetkit.runs import RunFolder, has_state, load_best, load_newest_intact, save_best, save_last
from unetkit.training.device import Compute
from unetkit.training.plan import Plan
from unetkit.training.progress import Progress
from unetkit.training.result import Landmark
from unetkit.training.session import Session
from unetkit.training.state import Arrays, pack, to_array, unpack

SHORTEST_INTERVAL = 10.0  # seconds between two states on disk, unless the run ends
COST_FACTOR = 20  # a state is written at most so often that it takes a twentieth of the time


@dataclass(slots=True)
class Saver:
    """Writes checkpoints, rarely enough not to matter and often enough not to lose much."""

    run: RunFolder
    session: Session
    plan: Plan
    _last: float = field(default_factory=time.monotonic)
    _cost: float = 0.0

    def best(self) -> None:
        """The averaged weights, which are now the best, and how good they are."""
        progress = self.session.progress
        reached = Landmark(self.session.metric, progress.best, progress.best_step)
        save_best(self.run, average_arrays(self.session), reached.to_json(), progress.step)

    def state(self, *, now: bool = False) -> None:
        """The whole state, if the last one on disk is old enough or `now` is given."""
        waited = time.monotonic() - self._last
        if not now and waited < max(SHORTEST_INTERVAL, COST_FACTOR * self._cost):
            return
        started = time.monotonic()
        tensors, metadata = pack(self.session.stepper, self.session.progress, self.plan)
        metadata["seconds"] = self.session.clock()
        save_last(self.run, tensors, metadata, self.session.progress.step)
        self.run.write_plan(self.plan.to_json())
        self._last = time.monotonic()
        self._cost = self._last - started


def average_arrays(session: Session) -> Arrays:
    """The averaged weights, as the model file holds them."""
    return {name: to_array(tensor) for name, tensor in session.stepper.average.network.state_dict().items()}


def best_arrays(run: RunFolder, session: Session) -> tuple[Arrays, Landmark | None]:
    """The best weights of the run and how good they are, both from their checkpoint; the last ones without a score."""
    if not session.progress.has_best:
        return average_arrays(session), None
    arrays, reached = load_best(run)
    return arrays, Landmark(**reached)


def restore(run: RunFolder, session: Session) -> Plan | None:
    """Put the newest intact state back; None where the run was stopped before its first."""
    if not has_state(run):
        return None
    tensors, metadata, said = load_newest_intact(run)
    if said:
        warn(said)
    before = Compute(**metadata["compute"])
    if before != session.compute:
        warn(
            f"this run was computed by {before}, and now by {session.compute}: "
            "its bits will differ from those of one that was never stopped"
        )
    session.progress, plan = unpack(tensors, metadata, session.stepper)
    session.clock.spent = metadata["seconds"]
    if session.progress.has_best:
        _agree_with_best(run, session.progress, plan)
    return plan


def _agree_with_best(run: RunFolder, progress: Progress, plan: Plan) -> None:
    """Between a new `best` and the state that knows of it, a run may have been killed: what the file holds counts.

    A run of a number of steps makes the same best again, and its counters are left as they are for that.
    """
    try:
        held = Landmark(**load_best(run)[1])
    except FormatError as fault:
        warn(f"{fault.where}: {fault.what}: the next weights that are scored count as the best")
        progress.best, progress.best_step = -math.inf, 0
        return
    if held.step > progress.step and plan.deadline is None:
        return
    if held.step > progress.step:
        say(f"the best weights are those of step {held.step}, which came after the state that is gone on from")
    progress.best, progress.best_step = held.value, held.step
