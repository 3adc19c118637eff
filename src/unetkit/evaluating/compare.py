"""The job `compare`: the histories of several runs side by side, what they differ in, and their curves in one image."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from unetkit.config.jobs import CompareSettings
from unetkit.errors import ConfigError, OutputExists, UsageError
from unetkit.evaluating.histories import Reached, RunHistory, Values
from unetkit.extras import unknown_choice
from unetkit.files import write_text
from unetkit.reports.curves import RunCurves, curves_svg
from unetkit.reports.report import TITLES
from unetkit.runs import RunFolder, is_series
from unetkit.runs.output import make_folder, taken

RATE = "training.learning_rate"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not the same in all runs.

    Attributes:
        key: "training.learning_rate", "train", "versions.torch".
        values: by the name of the run; a run that knows nothing of it is missing.
    """

    key: str
    values: Values

    def to_json(self) -> dict[str, Any]:
        """As in the document `unetkit.comparison`."""
        return {"key": self.key, "values": dict(self.values)}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Several runs side by side.

    Attributes:
        runs: at least two, in the order in which they were named.
        metric: the score that is compared; None while no run was scored.
        axis: what the curves run over.
        settings, pairs, machine: what the runs differ in.
        same_validation: whether all were scored on the same pairs; else their scores do not compare.
        image: the curves; None while no run was scored.
    """

    runs: tuple[RunHistory, ...]
    metric: str | None
    axis: str
    settings: tuple[Difference, ...]
    pairs: tuple[Difference, ...]
    machine: tuple[Difference, ...]
    same_validation: bool
    image: Path | None

    def to_json(self) -> dict[str, Any]:
        """The document `unetkit.comparison`, version 1."""
        return {
            "schema": "unetkit.comparison",
            "version": 1,
            "metric": self.metric,
            "axis": self.axis,
            "runs": [_row(run, self.metric) for run in self.runs],
            "differences": {
                "settings": [one.to_json() for one in self.settings],
                "pairs": [one.to_json() for one in self.pairs],
                "machine": [one.to_json() for one in self.machine],
            },
            "same_validation": self.same_validation,
            "image": None if self.image is None else str(self.image),
        }


def compare_runs(settings: CompareSettings, runs: Sequence[str | Path]) -> Comparison:
    """Compare the histories of runs, and write their curves as one SVG image.

    Args:
        settings: axis, score, output.
        runs: run folders, finished or not, and folders of several seeds, which stand for their runs.

    Raises:
        UsageError: fewer than two runs.
        DataError: there is no run.
        ConfigError: no run has such a score, or the image would be no SVG file.
        OutputExists: the image is there already.
        FormatError: a file of a run is damaged.
    """
    folders = _folders(runs)
    image = _place(settings, folders[0].parent)
    found = tuple(RunHistory.read(folder, name) for folder, name in zip(folders, short_names(folders), strict=True))
    metric = _metric(settings.metric, found)
    if metric is not None:
        make_folder(image.parent)
        write_text(image, _drawn(found, metric, settings.axis))
    pairs = differences(found, lambda run: run.pairs)
    return Comparison(
        runs=found,
        metric=metric,
        axis=settings.axis,
        settings=differences(found, lambda run: run.settings),
        pairs=pairs,
        machine=differences(found, lambda run: run.machine),
        same_validation=all(one.key != "val" for one in pairs),
        image=image if metric is not None else None,
    )


def differences(runs: Sequence[RunHistory], of: Callable[[RunHistory], Values]) -> tuple[Difference, ...]:
    """What is not the same in all `runs`, in the order of the first."""
    keys = dict.fromkeys(key for run in runs for key in of(run))
    found = (Difference(key, {run.name: of(run)[key] for run in runs if key in of(run)}) for key in keys)
    return tuple(one for one in found if not _is_the_same([*one.values.values()], len(runs)))


def _is_the_same(known: Sequence[Any], runs: int) -> bool:
    return len(known) == runs and all(value == known[0] for value in known)


# --- which runs, and where to --------------------------------------------------------------------------------------


def _folders(named: Sequence[str | Path]) -> list[Path]:
    """The run folders, each once."""
    each = {folder.resolve(): folder for name in named for folder in _runs_in(Path(name))}
    if len(each) < 2:
        raise UsageError(
            "a comparison needs two runs" + (", and this is one" if each else ""),
            where=", ".join(map(str, named)),
            advice="unetkit compare runs/first runs/second",
        )
    return list(each.values())


def _runs_in(path: Path) -> Iterator[Path]:
    if not is_series(path):
        yield RunFolder.at(path).path
        return
    seeds = (folder for folder in path.glob("seed-*") if RunFolder.is_run(folder))
    yield from sorted(seeds, key=lambda folder: (len(folder.name), folder.name))


def short_names(folders: Sequence[Path]) -> list[str]:
    """A short name for each: its path from the deepest folder that holds all."""
    whole = [folder.resolve() for folder in folders]
    above = Path(os.path.commonpath([folder.parent for folder in whole]))
    return [str(folder.relative_to(above)) for folder in whole]


def _place(settings: CompareSettings, beside: Path) -> Path:
    """Where the image goes; refused before anything is read."""
    if settings.out is None:
        free = (beside / f"comparison-{number}.svg" for number in count(1))
        return next(path for path in free if not path.exists())
    image = Path(settings.out)
    if image.suffix.lower() != ".svg":
        raise ConfigError(
            "the image is an SVG file", where=f"--out {settings.out}", advice=f"--out {image.with_suffix('.svg')}"
        )
    if image.is_dir():
        raise OutputExists("a folder stands where the image shall be", where=str(image), advice="choose another --out")
    if image.exists() and not settings.overwrite:
        raise taken(image)
    return image


# --- what is compared ---------------------------------------------------------------------------------------------


def _metric(asked: str | None, runs: Sequence[RunHistory]) -> str | None:
    """The score that was asked for, else the one that the first run goes by."""
    known = dict.fromkeys(name for run in runs for row in run.rows for name in row["scores"])
    if asked is not None and known and asked not in known:
        raise unknown_choice("score", asked, known)
    own = (run.metric for run in runs if run.metric is not None)
    return asked if asked is not None and known else next(own, None)


def _row(run: RunHistory, metric: str | None) -> dict[str, Any]:
    return {
        "name": run.name,
        "run": str(run.folder),
        "finished": run.finished,
        "scorings": len(run.rows),
        "steps": run.steps,
        "planned_steps": run.planned,
        "epochs": run.epochs,
        "seconds": run.seconds,
        "loss": run.loss,
        "best": _landmark(metric, run.best(metric)) if metric else None,
        "last": _landmark(metric, run.last(metric)) if metric else None,
        "learning_rate": {"highest": run.settings.get(RATE), "last": run.rate},
    }


def _landmark(metric: str, reached: Reached | None) -> dict[str, Any] | None:
    return None if reached is None else {"metric": metric, "value": reached.value, "step": reached.step}


def _drawn(runs: Sequence[RunHistory], metric: str, axis: str) -> str:
    curves = [
        RunCurves(
            name=run.name,
            note=_note(run, metric),
            loss=run.points(axis, "loss"),
            score=run.points(axis, metric),
            best=run.best_point(axis, metric),
        )
        for run in runs
    ]
    return curves_svg(curves, axis=axis, score=TITLES.get(metric, metric))


def _note(run: RunHistory, metric: str) -> str:
    best = run.best(metric)
    if best is None:
        return "not scored yet" if not run.rows else "no such score"
    return f"{best.value:.4f}" if run.finished else f"{best.value:.4f}, not ended"
