"""How a run ends: the best weights become the model file; scores, figures and report; and what to do next."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from unetkit.console import warn
from unetkit.data.arrays import Mask
from unetkit.data.parallel import each
from unetkit.errors import FormatError
from unetkit.metrics.baselines import PositionPrior
from unetkit.modelfile import Fingerprint, write_model
from unetkit.reports.report import write_report
from unetkit.runs import RunFolder
from unetkit.training.examples import draw_examples
from unetkit.training.interrupt import Interruption
from unetkit.training.result import Landmark, TrainResult
from unetkit.training.running import draw_figures
from unetkit.training.saving import average_arrays, best_arrays
from unetkit.training.scoring import Scorer
from unetkit.training.session import Session


def close_run(run: RunFolder, session: Session, scorer: Scorer) -> TrainResult | None:
    """Write what people look at, and last of all the model: a run is over when it is there, and not before.

    Of several processes all help to score the best weights; one writes, and has a result.
    """
    best = _load_best(run, session)
    known = scorer.stop.together(session.group, lambda: fingerprint(session, scorer.stop))
    known = session.group.told(known)
    report = scorer.report(known) if session.material.val else None
    if not session.group.leads:
        return None
    scores = {} if report is None else report.to_json()
    named = {"model": str(run.model), "data": str(session.material.dataset.root)}  # no paths in the model file
    result = _result(run, session, best, {**scores, **named} if scores else None)
    run.write_scores(result.to_json())
    draw_figures(run, session, scorer)
    if report is not None:
        draw_examples(run, session, scorer, report)
    _report(run, session)
    write_model(run.model, average_arrays(session), replace(session.contract, scores=scores, fingerprint=known))
    return replace(result, seconds=session.clock())


def fingerprint(session: Session, stop: Interruption) -> Fingerprint:
    """What the training images were, and the two baselines that their masks give, at working size.

    Raises:
        Interrupted: a stop was asked for; masks that are not in the cache are read anew.
    """
    if not session.group.leads:
        return Fingerprint()
    material, cache = session.material, session.maker.cache
    hashes = [session.hashes[pair.image] for pair in material.train]
    prior = PositionPrior(len(material.counts), material.fit.height, material.fit.width)
    cache.close()  # what has not been decoded by now is needed no more

    def read(index: int) -> Mask:
        return cache.get(index)[1] if cache.holds(index) else material.fitted_mask(material.train[index])

    masks = each(read, range(len(cache)), "reading training masks")
    for pair, mask in zip(material.train, masks, strict=True):
        stop.check()
        rows, columns = material.fit.box(*material.dataset.native_size(pair))
        prior.add(mask[:rows, :columns])
    return Fingerprint.of(hashes, map(int, material.counts), prior.mask())


def _report(run: RunFolder, session: Session) -> None:
    """Nothing that is damaged beside the state keeps a run from its model."""
    if session.progress.scorings:
        run.write_history(session.progress.scorings)
    try:
        write_report(run.path)
    except FormatError as fault:
        warn(f"{fault.where}: {fault.what}: there is no report (`unetkit report`, when that is mended or gone)")


def _load_best(run: RunFolder, session: Session) -> Landmark | None:
    arrays, best = best_arrays(run, session)
    session.stepper.average.network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    if best is not None:
        session.progress.best, session.progress.best_step = best.value, best.step
    return best


def _result(run: RunFolder, session: Session, best: Landmark | None, scores: dict[str, Any] | None) -> TrainResult:
    progress, metric = session.progress, session.metric
    rows = [row for row in progress.scorings if metric in row["scores"]]
    last = Landmark(metric, rows[-1]["scores"][metric], rows[-1]["step"]) if rows else None
    return TrainResult(run.path, run.model, session.clock(), progress.step, best, last, scores)
