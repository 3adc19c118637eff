"""How a run begins: afresh in a new folder, or in the folder of one that was stopped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from unetkit.config.jobs import TrainSettings
from unetkit.config.layers import settings_of_text
from unetkit.config.sections import DataSettings
from unetkit.config.writing import to_yaml
from unetkit.console import say
from unetkit.data.dataset import write_manifest
from unetkit.errors import ConfigError
from unetkit.runs import RunFolder, environment, next_free, refuse_taken
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
            "a run that goes on has its data already", where=source, advice=f"unetkit train --resume {settings.resume}"
        )
    run = RunFolder.open(Path(settings.resume))
    if run.finished:
        raise ConfigError(
            "this run has ended",
            where=str(run.path),
            advice=f"start from its model: unetkit train DATA --from {run.path}",
        )
    settings = settings_of_text(TrainSettings, run.read_config(), str(run.config))
    return Beginning(settings.model_copy(update={"data": _manifest_settings(settings.data)}), str(run.path), run)


def _manifest_settings(data: DataSettings) -> DataSettings:
    """The run's manifest says how the data are read and split; only what happens to the pixels is left to say."""
    return DataSettings(size=data.size, channels=data.channels, normalise=data.normalise, skip_bad=data.skip_bad)


def open_folder(beginning: Beginning, session: Session) -> RunFolder:
    """The run folder: a new one appears whole, with settings, manifest and environment inside."""
    if beginning.run is not None:
        say(f"going on with {beginning.run.path}")
        return beginning.run
    settings, dataset = beginning.settings, session.material.dataset
    path = Path(settings.out) if settings.out else next_free(Path("runs"), Path(beginning.source).resolve().name)
    run = RunFolder.create(
        path,
        config=to_yaml(settings),
        environment=environment(),
        write_manifest=lambda folder: write_manifest(dataset, folder, hashes=True, sealed=True),
        overwrite=settings.overwrite,
    )
    say(f"run folder {run.path}")
    return run
