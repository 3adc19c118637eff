"""`--seeds N`: the same training with several seeds, so that nobody takes one of them for the truth."""

from __future__ import annotations

import math
import statistics
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unetkit.config.jobs import TrainSettings
from unetkit.config.layers import settings_of_text
from unetkit.config.writing import to_yaml
from unetkit.console import say
from unetkit.errors import ConfigError, DataError, Interrupted, MachineError
from unetkit.files import read_json, read_sealed_text, write_json, write_sealed_text
from unetkit.runs import (
    SERIES,
    RunFolder,
    idle,
    is_series,
    locked,
    name_of_data,
    new_folder,
    refuse_taken,
    reserved,
    resume_command,
    stepping_aside,
)
from unetkit.training.choices import refuse_unknown
from unetkit.training.distributed import launched
from unetkit.training.interrupt import ending_at_once
from unetkit.training.places import with_whole_paths
from unetkit.training.result import TrainResult
from unetkit.training.resuming import another_end, going_on, remembered, resumed_settings
from unetkit.training.train import train

SETTINGS, SCORES = "config.yaml", "scores.json"


@dataclass(frozen=True, slots=True)
class SeriesResult:
    """Runs that differ in their seed only.

    Attributes:
        folder: holds a run `seed-<s>` for each, and `scores.json`.
        runs: their results by seed.
    """

    folder: Path
    runs: Mapping[int, TrainResult]

    def to_json(self) -> dict[str, Any]:
        """The document `unetkit.seeds`, version 1."""
        return {
            "schema": "unetkit.seeds",
            "version": 1,
            "folder": str(self.folder),
            "seeds": list(self.runs),
            "runs": [result.to_json() for result in self.runs.values()],
            "scores": spread([result.scores["scores"] for result in self.runs.values() if result.scores]),
        }


def spread(scores: Sequence[Mapping[str, float | None]]) -> dict[str, dict[str, float]]:
    """Of each score that all runs have: mean, sample standard deviation, lowest and highest."""
    names = [name for name in scores[0] if all(_known(one.get(name)) for one in scores)] if scores else []
    values = {name: [float(one[name] or 0.0) for one in scores] for name in names}
    return {
        name: {
            "mean": statistics.fmean(found),
            "deviation": statistics.stdev(found) if len(found) > 1 else 0.0,
            "lowest": min(found),
            "highest": max(found),
        }
        for name, found in values.items()
    }


def train_seeds(settings: TrainSettings, source: str | None = None, *, started: float | None = None) -> SeriesResult:
    """Train once for each of `settings.seeds` seeds from `settings.training.seed` on; a time budget is for each run.

    Runs of a series that have ended are not trained again, and one that was stopped goes on.

    Args:
        settings, source, started: as `train` takes them; `settings.resume` may be the folder of a series.

    Raises:
        As `train`.
    """
    _refuse_sharing()
    folder, settings, source, place = _open(with_whole_paths(settings), source)
    first, *others = range(settings.training.seed, settings.training.seed + settings.seeds)
    with ending_at_once(folder), ExitStack() as held:
        with place, ending_at_once(folder):  # the inner one tells `place` of a signal
            held.enter_context(locked(folder))
            runs = {first: _run(settings, source, first, folder, started)}
        runs |= {seed: _run(settings, source, seed, folder, None) for seed in others}
    result = SeriesResult(folder, runs)
    write_json(folder / SCORES, result.to_json())
    return result


def _open(settings: TrainSettings, source: str | None) -> tuple[Path, TrainSettings, str, AbstractContextManager[None]]:
    """The folder of the series, with what all its runs share, and what to begin its first run in."""
    if settings.resume is not None:
        return *_go_on(settings, Path(settings.resume), source), nullcontext()
    if source is None:
        raise ConfigError("DATA is missing", advice="unetkit train DATA --seeds 3")
    if settings.preview is not None:
        raise ConfigError("a preview shows one seed", where="--preview", advice="leave out --seeds")
    refuse_unknown(settings)
    folder = Path(settings.out) if settings.out else reserved(Path("runs"), name_of_data(source))
    refuse_taken(folder, overwrite=settings.overwrite, ours=is_series)
    return folder, settings, source, _new(folder, settings, source)


@contextmanager
def _new(folder: Path, settings: TrainSettings, source: str) -> Generator[None]:
    """The folder of a new series; what ends it before its first run leaves an old one as it was."""
    replaces = settings.overwrite and folder.exists()
    aside = stepping_aside(folder, replaces=replaces, until=lambda: _has_begun(folder))
    with idle(folder, *folder.glob("seed-*")), aside:
        with new_folder(folder) as filling:
            write_sealed_text(filling / SETTINGS, to_yaml(remembered(settings)))
            write_json(filling / SERIES, {"data": str(Path(source).absolute())})
        try:
            yield
        except Interrupted as error:
            if replaces and not _has_begun(folder):
                error.what, error.advice = f"{error.what}: what was in its place is as it was", ""
            raise


def _has_begun(folder: Path) -> bool:
    return any(folder.glob("seed-*"))


def _refuse_sharing() -> None:
    if launched() > 1:
        raise ConfigError(
            "several processes train one run, and several seeds are several runs",
            where=f"torchrun with {launched()} processes, and --seeds or the folder of a series",
            advice="leave out torchrun, or train one seed after the other: torchrun ... -m unetkit train DATA --seed 1",
        )


def _go_on(asked: TrainSettings, folder: Path, source: str | None) -> tuple[Path, TrainSettings, str]:
    if RunFolder.is_run(folder):
        advice = f"{resume_command(folder)}\nunetkit train DATA --seeds {asked.seeds}  # trains anew"
        raise ConfigError("this run is of one seed", where=str(folder), advice=advice)
    data = str(read_json(folder / SERIES)["data"])
    if source is not None:
        advice = f"put them back if they were moved: {data}\n{resume_command(folder)}"
        raise ConfigError("a series that goes on has its data already", where=source, advice=advice)
    if end := another_end(asked).split():
        raise ConfigError("a series ends as planned", where=end[0], advice="name one of its runs instead")
    kept = settings_of_text(TrainSettings, read_sealed_text(folder / SETTINGS), str(folder / SETTINGS))
    return folder, resumed_settings(RunFolder(folder), kept, asked), data


def _run(settings: TrainSettings, source: str, seed: int, folder: Path, started: float | None) -> TrainResult:
    say(f"seed {seed}, run {seed - settings.training.seed + 1} of {settings.seeds}")
    path = folder / f"seed-{seed}"
    try:
        if RunFolder.is_run(path):
            result = train(going_on(str(path), settings), started=started)
        else:
            training = settings.training.model_copy(update={"seed": seed})
            alone = {"training": training, "out": str(path), "seeds": 1, "resume": None, "overwrite": False}
            result = train(settings.model_copy(update=alone), source, started=started)
    except Interrupted as error:
        error.advice = resume_command(folder)
        raise
    except (MachineError, DataError) as error:
        error.advice = error.advice.replace(resume_command(path), resume_command(folder))
        raise
    assert result is not None, "only a preview has no result"
    return result


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
