"""The job `evaluate`: scores of a model on a run's own split, or on other data."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from unetkit.config.jobs import EvaluateSettings
from unetkit.config.sections import DataSettings
from unetkit.console import progress, say, warn
from unetkit.data.arrays import Image, Mask
from unetkit.data.class_text import parse_ignore, write_source
from unetkit.data.classes import ClassTable
from unetkit.data.contents import Contents
from unetkit.data.dataset import DataSet, open_data
from unetkit.data.pair import Pair
from unetkit.data.parallel import limited_to
from unetkit.errors import ConfigError, DataError
from unetkit.evaluating.matching import Matching, match_classes
from unetkit.evaluating.protocol import Choice
from unetkit.evaluating.report import ScoreReport
from unetkit.evaluating.score import Read, score
from unetkit.evaluating.unused import unused
from unetkit.evaluating.writing import IMAGES, SCORES, write_scores
from unetkit.modelfile import Contract
from unetkit.predicting.load import load
from unetkit.predicting.predictor import Predictor
from unetkit.runs import RunFolder, locate_model, new_folder, output_place


def evaluate_model(settings: EvaluateSettings, model: str, source: str | None = None) -> ScoreReport:
    """Score MODEL, and write `scores.json` and `images.csv`.

    Args:
        settings: split, output, how the data are read.
        model: a model file or a run.
        source: DATA; None takes the run's own manifest.

    Returns:
        The report; the folder it was written to is said.

    Raises:
        ConfigError: no DATA, and the model lies in no run.
        DataError: the data cannot be read, know other classes, or hold only images that were trained on.
        OutputExists: the output folder is there already.
    """
    with limited_to(settings.threads):
        return _evaluated(settings, model, source)


def _evaluated(settings: EvaluateSettings, model: str, source: str | None) -> ScoreReport:
    path, own = locate_model(model), source is None
    run = RunFolder.of_model(path)
    home = _home(model, run, source)
    predictor = _predictor(settings, model, own=own)
    contract = predictor.contract
    dropped = _dropped(settings.data, contract.classes) if own else ()
    dataset = _open_own(home, settings.data, dropped) if own else _open(home, settings.data)
    chosen = _choose(settings, dataset, contract, own=own)
    matching = match_classes(dataset.classes, contract.classes).without(map(contract.classes.names.index, dropped))
    _announce(chosen, dataset, matching)
    _tell_unused(settings, own=own)
    with (
        _place(settings, path, run) as folder,
        new_folder(folder, overwrite=settings.overwrite, ours=_is_ours) as filling,
    ):
        report = score(
            predictor,
            progress(chosen.pairs, "scoring"),
            _reader(dataset, matching),
            split=chosen.split,
            hashes=chosen.hashes,
            choice=Choice(chosen.left_out, settings.include_train, (*dataset.classes.ignore, *dropped)),
        )
        report = replace(report, model=model, data=source or str(dataset.root))
        write_scores(report, filling)
    say(f"scores {folder / SCORES}")
    return report


# --- what is opened ---------------------------------------------------------------------------------------------


def _home(model: str, run: RunFolder | None, source: str | None) -> Path:
    if source is not None:
        return Path(source)
    if run is not None:
        return run.path
    raise ConfigError(
        "DATA is missing: this model file lies in no run whose manifest could be used",
        where=model,
        advice=f"unetkit evaluate {shlex.quote(model)} DATA",
    )


def _open(home: Path, data: DataSettings) -> DataSet:
    return open_data(home, hold_out=False, **data.said())


def _open_own(home: Path, data: DataSettings, dropped: Sequence[str]) -> DataSet:
    """A run's own data, as its manifest says; values to ignore make its masks be read anew, names do not."""
    values = [write_source(source) for source in parse_ignore(data.ignore) or () if source not in dropped]
    ignore = ",".join(values) or None
    return open_data(home, skip_bad=data.skip_bad, follow_links=data.follow_links, ignore=ignore)


def _dropped(data: DataSettings, classes: ClassTable) -> tuple[str, ...]:
    """The classes of the model that --ignore names."""
    return tuple(name for name in parse_ignore(data.ignore) or () if isinstance(name, str) and name in classes.names)


def _predictor(settings: EvaluateSettings, model: str, *, own: bool) -> Predictor:
    predictor = load(model, device=settings.device, threads=settings.threads, channels=settings.data.channels)
    channels = predictor.contract.channels
    if own and channels in (1, 3):
        # Training has turned the run's own images to the model's channels; the same is done here.
        return Predictor(predictor.contract, predictor.backend, channels=str(channels))
    return predictor


def _reader(dataset: DataSet, matching: Matching) -> Read:
    def read(pair: Pair) -> tuple[Image, Mask]:
        image, mask = dataset.read(pair)
        return image, matching.apply(mask)

    return read


# --- what is scored ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The pairs to score, the split they are, their hashes by image, and how many were left out."""

    pairs: tuple[Pair, ...]
    split: str
    hashes: Mapping[str, str]
    left_out: int = 0
    trained_on: int = 0


def _choose(settings: EvaluateSettings, dataset: DataSet, contract: Contract, *, own: bool) -> _Chosen:
    split = settings.split
    if split == "auto":
        split = next((name for name in ("test", "val") if dataset.split(name)), "all")
    pairs = dataset.split(split)
    if not pairs:
        raise DataError(f"the data have no pair in split '{split}'", where=str(dataset.root), advice="--split all")
    hashes = Contents(dataset.root).hash_images(pairs)
    # A run's own split is scored as it is, and said aloud where it was trained on.
    return _without_trained(_Chosen(pairs, split, hashes), contract, include=own or settings.include_train)


def _without_trained(chosen: _Chosen, contract: Contract, *, include: bool) -> _Chosen:
    fresh = tuple(pair for pair in chosen.pairs if not contract.fingerprint.holds(chosen.hashes[pair.image]))
    trained_on = len(chosen.pairs) - len(fresh)
    if include:
        return _Chosen(chosen.pairs, chosen.split, chosen.hashes, 0, trained_on)
    if not fresh:
        raise DataError(
            f"the model was trained on all {trained_on:,} images of split '{chosen.split}'",
            advice="score other data, or add --include-train to score them all the same",
        )
    return _Chosen(fresh, chosen.split, chosen.hashes, trained_on)


# --- what is said, and where it goes ----------------------------------------------------------------------------


def _announce(chosen: _Chosen, dataset: DataSet, matching: Matching) -> None:
    say(f"scoring split '{chosen.split}': {len(chosen.pairs):,} of {len(dataset.pairs):,} pairs, at native size")
    if chosen.left_out:
        say(
            f"{chosen.left_out:,} images are left out: the model was trained on them (--include-train scores them, too)"
        )
    if chosen.trained_on and not chosen.left_out:
        warn(f"{chosen.trained_on:,} of these images were trained on: the scores say little about new ones")
    if matching.said:
        say(matching.said)


def _tell_unused(settings: EvaluateSettings, *, own: bool) -> None:
    names = unused(settings, own=own)
    if names:
        says = "the model file and the run's manifest say" if own else "the model file says"
        warn(f"not used, as {says} it: {', '.join(f'data.{name}' for name in names)}")


def _place(settings: EvaluateSettings, model: Path, run: RunFolder | None) -> AbstractContextManager[Path]:
    folder, name = (run.evaluations, "") if run else (Path("evaluations"), model.stem)
    return output_place(settings.out, folder, name)


def _is_ours(folder: Path) -> bool:
    """Whether a folder holds what `evaluate` writes, and nothing else: a run holds scores, too."""
    return {entry.name for entry in folder.iterdir()} == {SCORES, IMAGES}
