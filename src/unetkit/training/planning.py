"""Before the first step: what a step costs, how many there will be, what memory they take; and say so."""

from __future__ import annotations

from unetkit.config.sections import TrainingSettings
from unetkit.console import say
from unetkit.training.build import time_budget
from unetkit.training.estimate import seconds_per_step
from unetkit.training.memory import measure_memory, tell_memory
from unetkit.training.plan import Plan, steps_for_epochs
from unetkit.training.scoring import Scorer
from unetkit.training.screen import clock
from unetkit.training.session import Session

SMALLEST_STEP = 0.1  # of the fastest trial, which is slow where the machine is cold: a plan is only ever cut


def make_plan(session: Session, scorer: Scorer) -> Plan:
    """Measure a step, turn the budget into a number of steps, and tell the expected time and memory."""
    training, cache = session.settings.training, session.maker.cache
    step_seconds = seconds_per_step(session.stepper, session.maker.make(0), training.accumulate)
    scoring_seconds = scorer.rehearse()
    memory = measure_memory(cache, scorer, session.compute.device)
    plan = _plan(training, session, step_seconds)
    _tell(session, plan, step_seconds)
    tell_memory(memory, cache)
    scorer.share.expect(scoring_seconds)
    return plan


def _plan(training: TrainingSettings, session: Session, step_seconds: float) -> Plan:
    deadline = time_budget(training)
    if deadline is not None:
        return Plan(highest_steps(deadline - session.clock(), step_seconds), f"{deadline / 60:g} minutes", deadline)
    if training.epochs is not None:
        steps = steps_for_epochs(training.epochs, session.maker.images, session.samples_per_step)
        return Plan(steps, f"{training.epochs} epochs")
    return Plan(training.steps or 1, f"{training.steps} steps")


def highest_steps(seconds: float, step_seconds: float) -> int:
    """As many steps as fit into `seconds` if nothing ever gets in the way."""
    return max(int(seconds / (step_seconds * SMALLEST_STEP)), 1)


def _tell(session: Session, plan: Plan, step_seconds: float) -> None:
    seconds = plan.total * step_seconds
    epochs = plan.total * session.samples_per_step / session.maker.images
    bound = "at most " if plan.deadline is not None else ""
    expected = plan.budget if plan.deadline is not None else f"about {clock(seconds)} and the scoring"
    steps = f"{bound}{plan.total:,} steps of {session.samples_per_step} images ({epochs:,.0f} epochs)"
    say(f"budget {plan.budget}: {steps}, {expected}; {step_seconds * 1000:.0f} ms a step on {session.compute}")
