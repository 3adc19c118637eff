"""`unetkit train`: from a folder of images and masks to a model. The job's table of contents."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing, contextmanager

from unetkit import console
from unetkit.config.jobs import TrainSettings
from unetkit.data.parallel import limited_to
from unetkit.errors import ConfigError, Interrupted, UsageError
from unetkit.runs import RunFolder, sole_writer
from unetkit.runs.signals import heard_by
from unetkit.training.clock import Clock
from unetkit.training.closing import close_run
from unetkit.training.device import choose_compute, prepared
from unetkit.training.distributed import has_launcher, joined
from unetkit.training.interrupt import Interruption, ending_at_once
from unetkit.training.opening import Beginning, begin, open_folder, tell_ended
from unetkit.training.planning import choose_plan
from unetkit.training.prepare import describe, prepare_data
from unetkit.training.preview import preview
from unetkit.training.result import TrainResult
from unetkit.training.resuming import another_end
from unetkit.training.running import run_loop
from unetkit.training.scoring import Scorer
from unetkit.training.session import Session, assemble


def train(settings: TrainSettings, source: str | None = None, *, started: float | None = None) -> TrainResult | None:
    """Train a model.

    Args:
        settings: everything that can be set.
        source: folder, manifest or table with the images and masks; with `settings.resume` the folder that the files
            of the run have been moved to, None where they were.
        started: `time.time()` at which a budget in minutes began; now when not given.

    Returns:
        Where the run and the model are, with the scores; None when `settings.preview` stopped before training, and in
        all but the leading one of several processes.

    Raises:
        UsageError: the data or a setting cannot be used as they are.
        TrainingDiverged: NaN or Inf; the last checkpoint is whole.
        Interrupted: a signal came; what the run has is saved, and `--resume` goes on.
        MachineError: no memory, no disk, no device.
    """
    clock = Clock(time.time() if started is None else started)
    if settings.seeds > 1:
        raise ConfigError("several seeds are several runs", where="seeds", advice="call unetkit.train_seeds")
    with ending_at_once(settings.resume, another_end(settings)):
        return _train(settings, source, clock)


def _train(settings: TrainSettings, source: str | None, clock: Clock) -> TrainResult | None:
    beginning = begin(settings, source)
    if beginning.run is not None and beginning.ended:
        return tell_ended(beginning.run)
    settings, training = beginning.settings, beginning.settings.training
    clock.tell("imports")
    compute = choose_compute(training.device, training.threads, training.precision, training.deterministic)
    with joined(compute.device) as group, prepared(compute), limited_to(training.threads):
        if not group.leads:
            console.switch_off()
        material = prepare_data(settings.data, beginning.source, training.seed)
        clock.tell("data read and measured")
        describe(material)
        if settings.preview is not None:
            return preview(settings, material) if group.leads else None
        session = assemble(settings, material, compute, clock, group)
        with closing(session.maker.cache):
            return _run(beginning, session)


def _run(beginning: Beginning, session: Session) -> TrainResult | None:
    run, group = open_folder(beginning, session), session.group
    stop = Interruption(run.path, another_end(beginning.settings), alone=not has_launcher())
    try:
        with _writing(run, session, stop), heard_by(stop.on_signal):
            scorer = Scorer(session, stop)
            plan = choose_plan(run, session, scorer, beginning.extended)
            session.clock.tell("plan")
            stop.more = ""  # the run remembers it from here on
            _note_part(run, session)
            run_loop(run, session, plan, scorer, stop)
            return close_run(run, session, scorer)
    except Interrupted:
        if group.leads:
            raise
        return None  # a launcher ends all as soon as one has failed, and the leading one may still be saving


def _note_part(run: RunFolder, session: Session) -> None:
    if session.group.leads:
        run.add_part(session.compute.to_json())


@contextmanager
def _writing(run: RunFolder, session: Session, stop: Interruption) -> Generator[None]:
    """Hold the run folder and its log, in the process that writes."""
    if not session.group.leads:
        yield
        return
    with sole_writer(run, lambda: stop.more), console.transcript(run.log):
        if run.run_id != session.run_id:
            raise UsageError("another run has taken the place of this one", where=str(run.path))
        yield
