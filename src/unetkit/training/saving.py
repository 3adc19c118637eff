"""Checkpoints of a run: the newest state, and the best weights so far."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from unetkit.console import warn
from unetkit.errors import FormatError
from unetkit.runs import (
    RunFolder,
    all_parts,
    environment,
    has_state,
    load_best,
    load_newest_intact,
    makers,
    save_best,
    save_last,
    settle_best,
    step_of_history,
)
from unetkit.training.bottleneck import Spent
from unetkit.training.device import Compute
from unetkit.training.plan import Plan
from unetkit.training.progress import Progress
from unetkit.training.result import Landmark
from unetkit.training.session import Session
from unetkit.training.state import Arrays, pack, to_array, unpack

SHORTEST_INTERVAL = 10.0  # seconds between two states on disk, unless they may cost less or the run ends
COST_FACTOR = 20  # a state is written at most so often that it takes a twentieth of the time
LEAST_FACTOR = 3  # where it must be written so often that it takes more: at most as long as the steps in between


@dataclass(slots=True)
class Saver:
    """Writes checkpoints, rarely enough not to matter and often enough not to lose much.

    Of several processes only the leading one writes.
    """

    run: RunFolder
    session: Session
    plan: Plan
    spent: Spent
    _last: float = field(default_factory=time.monotonic)
    _cost: float = 0.0
    _ahead: bool = False  # `best` is newer than the state on disk

    def best(self) -> None:
        """The averaged weights, which are now the best, and how good they are."""
        if not self.session.group.leads:
            return
        progress = self.session.progress
        reached = Landmark(self.session.metric, progress.best, progress.best_step)
        with self.spent.on("write"):
            save_best(self.run, average_arrays(self.session), reached.to_json(), progress.step, keep=not self._ahead)
        self._ahead = True

    def state(self, *, now: bool = False, ahead: float = 0.0) -> None:
        """The whole state, if `now` is given, or if the one on disk would be too old in `ahead` seconds.

        Its age counts from the moment that it holds, and a new one takes its time, too.
        """
        if not self.session.group.leads:
            return
        longest = self.session.settings.training.checkpoint_every
        interval = min(longest, max(SHORTEST_INTERVAL, COST_FACTOR * self._cost))
        age = time.monotonic() - self._last + ahead + self._cost
        least = LEAST_FACTOR * self._cost if longest else 0.0  # 0 is after every step, whatever it costs
        if not now and age < max(interval, least):
            return
        started = time.monotonic()
        self.session.progress.spent = self.spent.total(self.session.maker.decoding)
        with self.spent.on("write"):
            save_last(self.run, *_packed(self.session, self.plan), self.session.progress.step)
            self.run.write_plan(self.plan.to_json())
        self._ahead = False
        self._last, self._cost = started, time.monotonic() - started
        self.session.clock.tell(f"state of step {self.session.progress.step}, written in {self._cost:.2f} s")

    def decided(self) -> None:
        """What a clock decided goes on disk before it takes effect: a run that is resumed decides the same."""
        if self.plan.deadline is not None and self.session.group.leads:
            with self.spent.on("write"):
                self.run.write_plan(self.plan.to_json())


def save_state(run: RunFolder, session: Session, plan: Plan | None = None) -> None:
    """The state outside of the loop: before anything is measured, or when its plan has been made another."""
    if session.group.leads:
        save_last(run, *_packed(session, plan), session.progress.step)


def average_arrays(session: Session) -> Arrays:
    """The averaged weights, as the model file holds them."""
    return {name: to_array(tensor) for name, tensor in session.stepper.average.network.state_dict().items()}


def best_arrays(run: RunFolder, session: Session) -> tuple[Arrays, Landmark | None]:
    """The best weights of the run and how good they are, both from their checkpoint; the last ones without a score."""
    if not session.progress.has_best:
        return average_arrays(session), None
    arrays, told = session.group.told(load_best(run) if session.group.leads else ({}, {}))
    best = Landmark(**told)
    if best.step != session.progress.best_step:
        warn(
            f"the best weights, of step {session.progress.best_step}, are damaged: those of step {best.step} are taken"
        )
    return arrays, best


def _packed(session: Session, plan: Plan | None) -> tuple[Arrays, dict[str, Any]]:
    tensors, metadata = pack(session.stepper, session.progress, plan)
    return tensors, metadata | {"seconds": session.clock()}


@dataclass(frozen=True, slots=True)
class _Held:
    """What the run folder holds of a run that was stopped; `makers` are those of its latest part."""

    state: tuple[Arrays, dict[str, Any]] | None
    plan: Plan | None
    best: Landmark | None = None
    makers: Mapping[str, str] = field(default_factory=dict[str, str])


def restore(run: RunFolder, session: Session) -> Plan | None:
    """Put the newest intact state back; None where the run was stopped before anything was planned."""
    group = session.group
    held = group.told(_read_held(run) if group.leads else _Held(None, None))
    if held.state is None:
        return held.plan
    tensors, metadata = held.state
    _tell_other_bits(Compute(**metadata["compute"]), held.makers, session.compute)
    session.progress, plan = unpack(tensors, metadata, session.stepper)
    session.clock.spent = metadata["seconds"]
    _agree_with_best(session.progress, held.best)
    return held.plan if held.plan is not None and (plan is None or held.plan.goes_on_from(plan)) else plan


def _read_held(run: RunFolder) -> _Held:
    """Read the newest intact state, the plan and how good the best weights are; what is damaged is said.

    Of the best weights those become `best` that the state knows.
    """
    if not has_state(run):
        _tell_loss(run)
        return _Held(None, _written_plan(run))
    tensors, metadata, said = load_newest_intact(run)
    if said:
        warn(said)
    scored = metadata["progress"]["best"] is not None
    best = _written_best(run, metadata["progress"]["best_step"]) if scored else None
    return _Held((tensors, metadata), _written_plan(run), best, makers(all_parts(run.read_environment())[-1]))


def _tell_other_bits(before: Compute, installed: Mapping[str, str], compute: Compute) -> None:
    present = makers(environment())
    other = [name for name in present if name in installed and installed[name] != present[name]]
    if before == compute and not other:
        return
    warn(
        f"this run was computed by {before}{_with(installed, other)}, and now by {compute}{_with(present, other)}: "
        "its bits may differ from those of one that was never stopped"
    )


def _with(installed: Mapping[str, str], names: Sequence[str]) -> str:
    return f" with {', '.join(f'{name} {installed[name]}' for name in names)}" if names else ""


def _tell_loss(run: RunFolder) -> None:
    reached = step_of_history(run)
    if reached or run.plan.exists():
        steps = f"{reached} steps are lost" if reached else "how many steps are lost is not known"
        warn(f"{run.checkpoints} holds no state any more: this run begins again at step 0 ({steps})")


def _written_best(run: RunFolder, step: int) -> Landmark | None:
    try:
        settle_best(run, step)
        return Landmark(**load_best(run)[1])
    except FormatError as fault:
        warn(f"{fault.where}: {fault.what}: the next weights that are scored count as the best")
        return None


def _agree_with_best(progress: Progress, held: Landmark | None) -> None:
    """The best weights on disk may not be those that the state knows, since those were damaged.

    Newer ones than the state are left alone: they were made by steps and scorings that are now made again. Older ones
    are the best that is left, if the run has scored them.
    """
    if held is None or not (held.step > progress.scored_step or _has_scored(progress, held)):
        progress.best, progress.best_step = -math.inf, 0
    elif progress.best_step != held.step <= progress.scored_step:
        warn(
            f"the best weights are of step {progress.best_step}, and those of step {held.step} are left: they count now"
        )
        progress.best, progress.best_step = held.value, held.step


def _has_scored(progress: Progress, held: Landmark) -> bool:
    scored = (row for row in progress.scorings if row["step"] == held.step)
    return any(row["scores"].get(held.metric) == held.value for row in scored)


def _written_plan(run: RunFolder) -> Plan | None:
    """The plan on disk: it knows what was decided after the state."""
    try:
        document = run.read_plan()
    except FormatError as fault:
        warn(f"{fault.where}: {fault.what}: what was planned after the last state is planned anew")
        return None
    return Plan.from_json(document) if document else None
