"""Before the first step: what a step costs, how many there will be, what memory they take; and say so."""

from __future__ import annotations

from pathlib import Path

from unetkit.config.jobs import TrainSettings
from unetkit.config.writing import to_yaml
from unetkit.console import say, warn
from unetkit.errors import UsageError
from unetkit.runs import RunFolder
from unetkit.training.build import time_budget
from unetkit.training.estimate import seconds_per_step
from unetkit.training.memory import measure_memory, tell_memory
from unetkit.training.plan import Plan, read_plan, steps_for_epochs
from unetkit.training.saving import restore, save_state
from unetkit.training.scoring import Scorer
from unetkit.training.screen import duration
from unetkit.training.session import Session

SMALLEST_STEP = 0.1  # of the fastest trial, which is slow where the machine is cold: a plan is only ever cut


def choose_plan(run: RunFolder, session: Session, scorer: Scorer, extended: TrainSettings | None = None) -> Plan:
    """The plan that the run has already, or a new one. It stands on disk.

    Args:
        extended: the run's settings with a longer budget, by which its plan is made longer.

    Raises:
        UsageError: it shall end here, and has not begun.
    """
    plan = restore(run, session)
    if session.settings.finish and session.progress.step == 0:
        raise UsageError("this run has no step yet to end with", where=str(run.path))
    if plan is None:
        # Whatever `--from` names by then, a run that is stopped from here on goes on from this.
        save_state(run, session)
        plan = _make_plan(session, scorer)
    elif extended is not None:
        plan = _extended(plan, session, scorer)
        save_state(run, session, plan)
    elif session.settings.finish:
        _end_here(plan, session)
        save_state(run, session, plan)
    plan = session.group.told(plan)
    if session.group.leads:
        run.write_plan(plan.to_json())
        if extended is not None:
            run.write_config(to_yaml(extended))
    return plan


def _make_plan(session: Session, scorer: Scorer) -> Plan:
    """Measure a step, turn the budget into a number of steps, and tell the expected time and memory."""
    training, cache, clock = session.settings.training, session.maker.cache, session.clock
    batch = session.maker.make(0)
    clock.tell("first batch")
    step_seconds = seconds_per_step(session.stepper, batch, training.accumulate)
    clock.tell("trial steps")
    scoring_seconds = scorer.rehearse()
    clock.tell("trial of a scoring")
    memory = measure_memory(cache, scorer, session.compute.device)
    plan = _plan(session, step_seconds)
    _tell(session, plan, step_seconds)
    tell_memory(memory, cache)
    scorer.share.expect(scoring_seconds)
    return plan


def _plan(session: Session, step_seconds: float) -> Plan:
    training = session.settings.training
    deadline = time_budget(training)
    if deadline is not None:
        steps = _highest_steps(deadline - session.clock(), step_seconds)
        return Plan(steps, _counted(deadline / 60, "minute"), deadline)
    if training.plan is not None:
        return _replayed(Path(training.plan))
    if training.epochs is not None:
        steps = steps_for_epochs(training.epochs, session.maker.images, session.samples_per_step)
        return Plan(steps, _counted(training.epochs, "epoch"))
    return Plan(training.steps or 1, _counted(training.steps or 1, "step"))


def _extended(plan: Plan, session: Session, scorer: Scorer) -> Plan:
    """A plan that was made for less, from the step that the run is at on by the budget of the settings."""
    longer, done = _make_plan(session, scorer), session.progress.step
    if longer.deadline is not None:
        longer.first += done
    plan.extend(done, longer)
    return plan


def _end_here(plan: Plan, session: Session) -> None:
    done, planned = session.progress.step, plan.total
    plan.end(done)
    if done < planned:
        which = "best weights so far" if session.progress.has_best else "last weights"
        say(f"this run ends here, after {done:,} of {_counted(planned, 'step')}: its {which} are the model")


def _replayed(path: Path) -> Plan:
    plan = read_plan(path)
    plan.budget = f"the plan of {plan.budget}"
    if plan.scorings and plan.scorings[-1] < plan.total:
        warn(f"{path}: its run was scored up to step {plan.scorings[-1]} of {plan.total}, and not to its end")
    return plan


def _highest_steps(seconds: float, step_seconds: float) -> int:
    """As many steps as fit into `seconds` if nothing ever gets in the way."""
    return max(int(seconds / (step_seconds * SMALLEST_STEP)), 1)


def _counted(number: float, word: str) -> str:
    """A number with its word: "1 minute", "2.5 minutes"."""
    shown = f"{number:,}" if isinstance(number, int) else f"{number:g}"
    return f"{shown} {word}{'' if number == 1 else 's'}"


def _tell(session: Session, plan: Plan, step_seconds: float) -> None:
    pace = f"{step_seconds * 1000:.0f} ms a step on {session.compute}"
    if plan.deadline is None:
        to_come = duration((plan.total - session.progress.step) * step_seconds)
        say(f"budget {plan.budget}: {_steps(session, plan.total)}, about {to_come} and the scoring; {pace}")
        return
    expected = max(int((plan.deadline - session.clock()) / step_seconds), 1)
    say(f"budget {plan.budget}: about {_steps(session, expected)} at {pace}; more if it gets faster")


def _steps(session: Session, steps: int) -> str:
    epochs = steps * session.samples_per_step / session.maker.images
    return f"{_counted(steps, 'step')} of {session.samples_per_step} images ({_counted(round(epochs), 'epoch')})"
