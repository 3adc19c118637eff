"""Checkpoints of a run: the newest state, and the best weights so far."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from unetkit.console import warn
from unetkit.runs import RunFolder, has_state, load_best, load_newest_intact, save_best, save_last
from unetkit.training.plan import Plan
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
        """The averaged weights, which are now the best."""
        step = self.session.progress.step
        save_best(self.run, average_arrays(self.session), {"metric": self.session.metric}, step)

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


def best_arrays(run: RunFolder, session: Session) -> Arrays:
    """The best weights of the run: from their checkpoint, or the last ones where nothing was ever scored."""
    return load_best(run)[0] if session.progress.has_best else average_arrays(session)


def restore(run: RunFolder, session: Session) -> Plan | None:
    """Put the newest intact state back; None where the run was stopped before its first."""
    if not has_state(run):
        return None
    tensors, metadata, said = load_newest_intact(run)
    if said:
        warn(said)
    if metadata["threads"] != session.compute.threads:
        threads = f"{metadata['threads']} threads, and now {session.compute.threads}"
        warn(f"this run had {threads}: its bits will differ from those of one that was never stopped")
    session.progress, plan = unpack(tensors, metadata, session.stepper)
    session.clock.spent = metadata["seconds"]
    return plan
