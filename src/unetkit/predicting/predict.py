"""The job `predict`: images, folders and globs to masks.

Files are read and decoded by threads ahead of the network, and masks are encoded and written by threads behind it. A
file that cannot be used is reported and counted, and stops nothing.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from unetkit.config.jobs import PredictSettings
from unetkit.console import event, progress, say, verbose, warn
from unetkit.data.arrays import Floats, Image
from unetkit.data.decode import read_image
from unetkit.data.parallel import limited_to, ordered
from unetkit.errors import DataError, UnetkitError, UsageError
from unetkit.files import is_leftover, write_json
from unetkit.predicting.evidence import Seen, explain_one_class
from unetkit.predicting.inputs import Input, find_inputs, name_of_inputs
from unetkit.predicting.load import load
from unetkit.predicting.predictor import Prediction, Predictor
from unetkit.predicting.report import Output, PredictionReport
from unetkit.predicting.stopping import Stop
from unetkit.predicting.writing import FOLDERS, Writer
from unetkit.runs import new_folder, output_place
from unetkit.runs.signals import heard_by

RECORD = "predictions.json"


def predict(settings: PredictSettings, model: str, inputs: Sequence[str]) -> PredictionReport:
    """Write masks, colour masks and overlays for all inputs.

    Args:
        settings: output folder, conversions, device.
        model: MODEL: a model file or a run.
        inputs: images, folders, globs.

    Returns:
        The report; its `exit_code` is 1 when some inputs failed and 2 when all did.

    Raises:
        DataError: no such model or input, or no image at all.
        OutputExists: the output folder is there already.
        MachineError: the disk is full, memory is short, a package or device is missing.
        Interrupted: a signal came; what is written is whole, and there is no record.
    """
    started = time.monotonic()
    predictor = load(model, device=settings.device, threads=settings.threads, channels=settings.channels)
    images = find_inputs(inputs, follow_links=settings.follow_links)
    with output_place(settings.out, Path("predictions"), name_of_inputs(inputs)) as folder:
        stop = Stop(folder, len(images))
        with heard_by(stop.on_signal), limited_to(settings.threads):
            _open_folder(folder, overwrite=settings.overwrite)
            writer = Writer(folder, predictor.contract.classes, settings.as_source, settings.opacity)
            done = list(_all(predictor, writer, images, stop))
            notes = tuple(_notes(done, writer, predictor))
            report = PredictionReport(folder, tuple(one.output for one in done), time.monotonic() - started, notes)
            write_json(folder / RECORD, report.to_json())
    _tell(report)
    return report


# --- the pipeline -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Work:
    """One image on its way; `error` ends it."""

    input: Input
    image: Image | None = None
    prepared: Floats | None = None
    scores: Floats | None = None
    error: UnetkitError | None = None


@dataclass(frozen=True, slots=True)
class _Done:
    output: Output
    seen: Seen | None = None


def _all(predictor: Predictor, writer: Writer, inputs: Sequence[Input], stop: Stop) -> Iterator[_Done]:
    with closing(_pipeline(predictor, writer, inputs)) as pipeline:  # whatever ends it, no thread writes afterwards
        for one in progress(pipeline, "predicting", total=len(inputs)):
            _tell_one(one.output)
            yield one
            stop.count()


def _pipeline(predictor: Predictor, writer: Writer, inputs: Sequence[Input]) -> Generator[_Done]:
    def read(one: Input) -> _Work:
        try:
            image = _opened(one)
            return _Work(one, image, predictor.prepare(image, str(one.path)))
        except UsageError as error:
            return _Work(one, error=error)

    def finish(work: _Work) -> _Done:
        try:
            return _finished(work, predictor, writer)
        except UsageError as error:
            return _Done(Output(str(work.input.path), error=error))

    yield from ordered(finish, _scored(predictor, ordered(read, inputs)))


def _opened(one: Input) -> Image:
    if one.error is not None:
        raise one.error
    try:
        return read_image(one.path)
    except DataError as error:
        # The advice of a data set (leave it out with a flag) is not this command's: it goes on by itself.
        raise DataError(error.what, where=error.where, advice="copy the file again; the others are done") from error


def _scored(predictor: Predictor, works: Iterable[_Work]) -> Iterator[_Work]:
    works = iter(works)
    while batch := list(islice(works, predictor.batch)):
        prepared = [work.prepared for work in batch if work.prepared is not None]
        scores = iter(predictor.scores(prepared) if prepared else ())
        for work in batch:
            yield work if work.prepared is None else replace(work, scores=next(scores))


def _finished(work: _Work, predictor: Predictor, writer: Writer) -> _Done:
    if work.image is None or work.scores is None or work.prepared is None:
        return _Done(Output(str(work.input.path), error=work.error))
    if not np.isfinite(work.scores).all():
        raise DataError(
            "the network's scores for this image are NaN or infinite",
            where=str(work.input.path),
            advice="the image or the model is damaged: try another image, then `unetkit evaluate MODEL`",
        )
    height, width = work.image.shape[:2]
    prediction = predictor.finish(work.scores, height, width)
    paths = writer.write(work.input.name, work.image, prediction.mask)
    rows, columns = prediction.scores.shape[1:]
    present = frozenset(np.flatnonzero(prediction.class_shares).tolist())
    seen = Seen.of(work.prepared[:rows, :columns], prediction.scores, present)
    return _Done(_output(work.input, paths, prediction, predictor), seen)


def _output(one: Input, paths: tuple[Path, Path, Path], prediction: Prediction, predictor: Predictor) -> Output:
    names = predictor.contract.classes.names
    shares = {name: float(share) for name, share in zip(names, prediction.class_shares, strict=True)}
    return Output(str(one.path), *paths, class_shares=shares, confidence=float(prediction.confidence.mean()))


# --- before and after -------------------------------------------------------------------------------------------


def _open_folder(folder: Path, *, overwrite: bool) -> None:
    """All of its folders are there from the first instant: whatever ends the job, the folder is known as ours."""
    with new_folder(folder, overwrite=overwrite, ours=_is_ours) as filling:
        for name in FOLDERS:
            (filling / name).mkdir()


def _is_ours(folder: Path) -> bool:
    """Whether a folder holds what `predict` writes, and nothing else; somebody's own `masks` alone are not that."""
    names = {entry.name for entry in folder.iterdir() if not is_leftover(entry)}
    return (RECORD in names or names >= {*FOLDERS}) and names <= {*FOLDERS, RECORD}


def _notes(done: Sequence[_Done], writer: Writer, predictor: Predictor) -> Iterator[str]:
    seen = [one.seen for one in done if one.seen is not None]
    reason = explain_one_class(seen, predictor.contract) if seen else None
    if reason:
        yield reason
    if seen and writer.dark:
        yield f"the masks are grey images of small values and look black in a viewer; see {writer.folder / 'colour'}"


def _tell_one(output: Output) -> None:
    if output.class_shares is not None:
        verbose(f"{output.input}: {', '.join(f'{name} {share:.1%}' for name, share in output.class_shares.items())}")


def _tell(report: PredictionReport) -> None:
    for output in report.failed:
        if output.error is not None:
            event("failed", input=str(output.input), what=output.error.what)
    for note in report.notes:
        warn(note)
    good = len(report.outputs) - len(report.failed)
    say(f"{good:,} of {len(report.outputs):,} images predicted in {report.seconds:.1f} s: {report.folder}")
