"""The run itself: the loop, who watches it, and what stops it."""

from __future__ import annotations

import time

from unetkit.console import live, say, warn
from unetkit.data.parallel import reading_threads
from unetkit.data.scan import evenly
from unetkit.errors import Interrupted
from unetkit.extras import resolve
from unetkit.runs import RunFolder
from unetkit.training.batches import Ahead, Batch
from unetkit.training.bottleneck import Spent, tell_time
from unetkit.training.build import make_rates
from unetkit.training.interrupt import Interruption
from unetkit.training.loop import Loop, Rhythm
from unetkit.training.observers import Observer
from unetkit.training.plan import Plan
from unetkit.training.recording import Figures, History, TensorBoard
from unetkit.training.saving import Saver
from unetkit.training.scoring import Scorer
from unetkit.training.screen import Screen
from unetkit.training.session import Session

FINISH_SECONDS = 2.0  # figures, report, model file; matplotlib alone takes one to import
MASKS_TRIED = 8
DRAWING = "unetkit.training.figures:draw"
"""Imported when the first picture is due: matplotlib takes longer than a step."""


def run_loop(run: RunFolder, session: Session, plan: Plan, scorer: Scorer, stop: Interruption) -> None:
    """Train to the end of the plan.

    Args:
        stop: whether a signal asked for the end.

    Raises:
        TrainingDiverged, Interrupted: as `Loop.run`.
    """
    spent = Spent(earlier=session.progress.spent)
    screen = Screen(session.metric, session.progress.best if session.progress.has_best else None)
    batches = Ahead(session.maker.make, session.progress.step * session.settings.training.accumulate)
    saver = Saver(run, session, plan, spent)
    observers = _observers(run, session, scorer, screen) if session.group.leads else []
    try:
        with live(screen.render) as view:
            screen.attach(view)
            Loop(
                stepper=session.stepper,
                batches=batches,
                plan=plan,
                progress=session.progress,
                rhythm=_rhythm(session),
                rates=make_rates(session.settings.training),
                seed=session.settings.training.seed,
                score=scorer,
                saver=saver,
                jumped=lambda: _answer_jump(session),
                closing=_closing_seconds(session),
                spent=spent,
                clock=session.clock,
                names=lambda batch: _names_of(session, batch),
                observers=observers,
                metric=session.metric,
                interruption=stop,
                group=session.group,
            ).run()
    except Interrupted:
        _tell_time(session, spent, scorer)
        raise
    finally:
        batches.close()
        for observer in observers:
            observer.close()
    _tell_patience(session, plan)
    _tell_time(session, spent, scorer)


def _closing_seconds(session: Session) -> float:
    """Of the last figures, the report and the model file; and of reading all masks, where they are kept nowhere."""
    material, cache = session.material, session.maker.cache
    if cache.place != "nowhere":
        return FINISH_SECONDS
    sample, started = evenly(material.train, MASKS_TRIED), time.perf_counter()
    for pair in sample:
        material.fitted_mask(pair)
    each = (time.perf_counter() - started) / len(sample)
    return FINISH_SECONDS + len(cache) * each / reading_threads()


def _observers(run: RunFolder, session: Session, scorer: Scorer, screen: Screen) -> list[Observer]:
    return [
        screen,
        History(run, session.progress.scorings),
        TensorBoard(run.events, session.progress.step),
        Figures(lambda: draw_figures(run, session, scorer), scorer.stop),
    ]


def _answer_jump(session: Session) -> None:
    """The loss has jumped: the run says so and goes back to weights that were good, with half the rate, if it may."""
    guard, step = session.progress.guard, session.progress.step
    wanted = session.settings.training.recover
    if not wanted or guard.is_spent:
        guard.forget()
        why = ", having gone back often enough" if wanted else " (--training.no-recover)"
        warn(f"the loss has jumped at step {step}: the run goes on as it is{why}")
        return
    session.stepper.go_back()
    guard.recovered(step)
    warn(
        f"the loss has jumped at step {step}: back to the weights of step {guard.kept}; the learning rate is "
        f"{guard.factor:g} of what was planned (--training.no-recover lets it run)"
    )


def _tell_time(session: Session, spent: Spent, scorer: Scorer) -> None:
    maker = session.maker
    tell_time(spent.total(maker.decoding), session.material, maker.cache, scorer.share)


def _tell_patience(session: Session, plan: Plan) -> None:
    progress, patience = session.progress, session.settings.training.early_stopping
    if progress.step < plan.total and progress.out_of_patience(patience):
        best = f"best {progress.best:.4f} at step {progress.best_step}" if progress.has_best else "none is kept"
        say(
            f"stopped early, at step {progress.step} of {plan.total}: {patience} scorings without a better one ({best})"
        )


def _names_of(session: Session, batch: Batch) -> list[str]:
    """The image files of a batch."""
    return [session.material.train[sample.index].image for sample in batch.samples]


def draw_figures(run: RunFolder, session: Session, scorer: Scorer) -> None:
    """`figures/curves.png` and `figures/sheet.png`, as things stand."""
    resolve(DRAWING)(run, session, scorer)


def _rhythm(session: Session) -> Rhythm:
    training = session.settings.training
    return Rhythm(
        accumulate=training.accumulate,
        samples_per_step=session.samples_per_step,
        images=session.maker.images,
        patience=training.early_stopping,
    )
