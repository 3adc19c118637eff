"""How a run begins: afresh in a new folder, or in the folder of one that was stopped."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

from unetkit.config.jobs import TrainSettings
from unetkit.config.keys import keys_of
from unetkit.config.layers import settings_of_text
from unetkit.config.sections import DEFAULT_MINUTES, DataSettings
from unetkit.config.writing import to_yaml
from unetkit.console import say, warn
from unetkit.data.dataset import DataSet, write_manifest
from unetkit.data.manifest import HASH
from unetkit.errors import ConfigError
from unetkit.runs import RunFolder, environment, has_state, name_of_data, next_free, refuse_taken
from unetkit.training.choices import refuse_unknown
from unetkit.training.session import Session


@dataclass(frozen=True, slots=True)
class Beginning:
    """What to train, on what, and the folder to go on in (None: a new one)."""

    settings: TrainSettings
    source: str
    run: RunFolder | None


def begin(settings: TrainSettings, source: str | None) -> Beginning:
    """Read the settings of the run to continue, or take the ones given.

    Raises:
        ConfigError: neither DATA nor --resume, or both; the run has ended; or a name that no table holds.
        DataError: `settings.resume` is no run.
    """
    if settings.resume is None:
        if source is None:
            raise ConfigError("DATA is missing", advice="unetkit train DATA, or unetkit train --resume RUN")
        if settings.out is not None and settings.preview is None:
            refuse_taken(Path(settings.out), overwrite=settings.overwrite, ours=RunFolder.is_run)
        refuse_unknown(settings)
        return Beginning(settings, source, None)
    if source is not None:
        raise ConfigError(
            "a run that goes on has its data already",
            where=source,
            advice=f"unetkit train --resume {shlex.quote(settings.resume)}",
        )
    run = RunFolder.at(Path(settings.resume))
    if run.finished:
        raise ConfigError(
            "this run has ended",
            where=str(run.path),
            advice=f"start from its model: unetkit train DATA --from {shlex.quote(str(run.path))}",
        )
    _tell_unused(settings)
    settings = settings_of_text(TrainSettings, run.read_config(), str(run.config))
    return Beginning(_going_on(settings, run), str(run.path), run)


def _tell_unused(settings: TrainSettings) -> None:
    """What is said beside --resume has no effect: better aloud than in silence."""
    keys, plain = keys_of(TrainSettings), _flat(TrainSettings(resume=settings.resume))
    changed = {path for path, value in _flat(settings).items() if value != plain[path]}
    if settings.training.minutes == DEFAULT_MINUTES:  # what stands for no budget
        changed.discard(("training", "minutes"))
    if changed:
        names = ", ".join(key.flags[0] for path, key in keys.items() if path in changed)
        warn(f"a run goes on with its own settings; not used: {names}")


def _flat(settings: TrainSettings) -> dict[tuple[str, ...], object]:
    def value(path: tuple[str, ...]) -> object:
        return reduce(getattr, path, settings)

    return {path: value(path) for path in keys_of(TrainSettings)}


def _going_on(settings: TrainSettings, run: RunFolder) -> TrainSettings:
    """A checkpoint holds all weights: the files that a run began with need not be there any more."""
    settings = settings.model_copy(update={"data": _manifest_settings(settings.data)})
    if not has_state(run):
        return settings
    network = settings.network.model_copy(update={"encoder_weights": None})
    return settings.model_copy(update={"start_from": None, "network": network})


def _manifest_settings(data: DataSettings) -> DataSettings:
    """The run's manifest says how the data are read and split; only what happens to the pixels is left to say."""
    return DataSettings(size=data.size, channels=data.channels, normalise=data.normalise, skip_bad=data.skip_bad)


def open_folder(beginning: Beginning, session: Session) -> RunFolder:
    """The run folder: a new one appears whole, with settings, manifest and environment inside."""
    settings, dataset = beginning.settings, session.material.dataset
    session.hashes = dataset.hash_images(dataset.pairs)
    if beginning.run is not None:
        say(f"going on with {beginning.run.path}")
        _tell_changed(dataset, session.hashes)
        return beginning.run
    path = Path(settings.out) if settings.out else next_free(Path("runs"), name_of_data(beginning.source))
    run = RunFolder.create(
        path,
        config=to_yaml(settings),
        environment=environment(),
        write_manifest=lambda folder: write_manifest(dataset, folder, hashes=session.hashes, sealed=True),
        overwrite=settings.overwrite,
    )
    say(f"run folder {run.path}")
    return run


def _tell_changed(dataset: DataSet, hashes: Mapping[str, str]) -> None:
    """The sealed manifest of the run knows the images as they were when it began."""
    before = zip(dataset.pairs, dataset.columns[HASH], strict=True)
    changed = [pair.image for pair, sha256 in before if hashes[pair.image] != sha256]
    if changed:
        count = (
            f"{len(changed):,} of {len(dataset.pairs):,} images have changed since this run began ({changed[0]}, ...)"
        )
        warn(f"{count}: its bits will differ from those of one that was never stopped")
