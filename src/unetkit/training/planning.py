"""Before the first step: what a step costs, how many there will be, what memory it takes; and say so."""

from __future__ import annotations

from unetkit.config.sections import DEFAULT_MINUTES, TrainingSettings
from unetkit.console import say, warn
from unetkit.training.estimate import Estimate, estimate
from unetkit.training.plan import Plan, steps_for_epochs
from unetkit.training.screen import clock
from unetkit.training.session import Session

GIB = 1024**3


def make_plan(session: Session) -> Plan:
    """Measure a step, turn the budget into a number of steps, and tell the expected time and memory."""
    training = session.settings.training
    cost = estimate(session.stepper, session.maker.make(0), training.accumulate)
    plan = _plan(training, session, cost)
    _tell(session, plan, cost)
    return plan


def _plan(training: TrainingSettings, session: Session, cost: Estimate) -> Plan:
    if training.steps is not None:
        return Plan(training.steps, f"{training.steps} steps")
    if training.epochs is not None:
        steps = steps_for_epochs(training.epochs, session.maker.images, session.samples_per_step)
        return Plan(steps, f"{training.epochs} epochs")
    minutes = training.minutes or DEFAULT_MINUTES
    deadline = minutes * 60
    return Plan(cost.highest_steps(deadline - session.clock()), f"{minutes:g} minutes", deadline)


def _tell(session: Session, plan: Plan, cost: Estimate) -> None:
    seconds = plan.total * cost.step_seconds
    epochs = plan.total * session.samples_per_step / session.maker.images
    bound = "at most " if plan.deadline is not None else ""
    expected = plan.budget if plan.deadline is not None else f"about {clock(seconds)} and the scoring"
    steps = f"{bound}{plan.total:,} steps of {session.samples_per_step} images ({epochs:,.0f} epochs)"
    say(f"budget {plan.budget}: {steps}, {expected}; {cost.step_seconds * 1000:.0f} ms a step on {_where(session)}")
    cache = session.maker.cache
    say(f"memory: {_gib(cost.peak_bytes + cache.bytes_in_memory)} at the peak{_device(cost)}; {cache.describe()}")
    if cost.free_bytes < cost.peak_bytes // 4:
        warn(f"only {_gib(cost.free_bytes)} of memory are free")


def _where(session: Session) -> str:
    compute = session.compute
    return f"{compute.threads} CPU threads" if compute.device == "cpu" else f"the GPU in {compute.precision}"


def _device(cost: Estimate) -> str:
    return f", {_gib(cost.device_bytes)} on the GPU" if cost.device_bytes else ""


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB"
