"""How a run begins: afresh in a new folder, or in the folder of one that was stopped."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from unetkit.config.jobs import TrainSettings
from unetkit.config.layers import settings_of_text
from unetkit.config.sections import DataSettings
from unetkit.config.writing import to_yaml
from unetkit.console import say
from unetkit.data.dataset import DataSet, write_manifest
from unetkit.data.manifest import HASH, MASK_HASH
from unetkit.errors import ConfigError, DataError
from unetkit.runs import RunFolder, environment, has_state, name_of_data, next_free, refuse_taken
from unetkit.training.choices import refuse_unknown
from unetkit.training.result import TrainResult
from unetkit.training.resuming import resumed_settings
from unetkit.training.session import Session


@dataclass(frozen=True, slots=True)
class Beginning:
    """What to train, on what, and the folder to go on in (None: a new one).

    Attributes:
        extended: the settings of that run with a longer budget, if it shall have one.
    """

    settings: TrainSettings
    source: str
    run: RunFolder | None
    extended: TrainSettings | None = None

    @property
    def ended(self) -> RunFolder | None:
        """The run, if there is nothing left to train."""
        return self.run if self.run is not None and self.run.finished else None


def begin(settings: TrainSettings, source: str | None) -> Beginning:
    """Read the settings of the run to continue, or take the ones given.

    Raises:
        ConfigError: neither DATA nor --resume, or both; something beside --resume that the run does not have; a
            longer budget for a run that has ended; or a name that no table holds.
        DataError: `settings.resume` is no run.
    """
    if settings.resume is not None:
        return _again(settings, settings.resume, source)
    if source is None:
        raise ConfigError("DATA is missing", advice="unetkit train DATA, or unetkit train --resume RUN")
    if settings.extend:
        raise ConfigError("--extend goes with --resume RUN: a new run has a budget of its own", where="--extend")
    if settings.out is not None and settings.preview is None:
        refuse_taken(Path(settings.out), overwrite=settings.overwrite, ours=RunFolder.is_run)
    refuse_unknown(settings)
    return Beginning(settings, source, None)


def tell_ended(run: RunFolder) -> TrainResult:
    """What a run that has ended has brought, and how to train on from it."""
    say(f"this run has ended: to go on from its model, unetkit train DATA --from {shlex.quote(str(run.path))}")
    return TrainResult.from_json(run.read_scores(), run.path, run.model)


def _again(asked: TrainSettings, name: str, source: str | None) -> Beginning:
    if source is not None:
        raise ConfigError(
            "a run that goes on has its data already",
            where=source,
            advice=f"unetkit train --resume {shlex.quote(name)}",
        )
    run = RunFolder.at(Path(name))
    if run.finished and asked.extend:
        raise ConfigError(
            "this run has ended, its learning rate is down, and it cannot be made longer",
            where=str(run.path),
            advice=f"start from its model: unetkit train DATA --from {shlex.quote(str(run.path))}",
        )
    kept = settings_of_text(TrainSettings, run.read_config(), str(run.config))
    settings = resumed_settings(run, kept, asked)
    return Beginning(_going_on(settings, run), str(run.path), run, settings if asked.extend else None)


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
    """The run folder: a new one appears whole, with settings, manifest and environment inside.

    Raises:
        DataError: files of the data set are not those that the run to continue began with, or that another process
            has found.
    """
    session.group.gather(None)  # nobody finds the folder of the others taken
    run = _open(beginning, session) if session.group.leads else None
    session.material.contents.agree(session.group.told(session.material.contents.digests))
    return session.group.told(run) or RunFolder(Path())


def _open(beginning: Beginning, session: Session) -> RunFolder:
    settings, dataset = beginning.settings, session.material.dataset
    session.hashes = session.material.contents.hash_images(dataset.pairs)
    masks = session.material.contents.hash_masks(dataset.pairs)
    if beginning.run is not None:
        say(f"going on with {beginning.run.path}")
        _refuse_changed(beginning.run, dataset, session.hashes, masks)
        return beginning.run
    path = Path(settings.out) if settings.out else next_free(Path("runs"), name_of_data(beginning.source))
    run = RunFolder.create(
        path,
        config=to_yaml(settings),
        environment=environment(),
        write_manifest=lambda folder: write_manifest(dataset, folder, hashes=session.hashes, masks=masks, sealed=True),
        overwrite=settings.overwrite,
    )
    say(f"run folder {run.path}")
    return run


def _refuse_changed(run: RunFolder, dataset: DataSet, images: Mapping[str, str], masks: Mapping[str, str]) -> None:
    """The sealed manifest of the run knows the files as they were when it began."""
    before = zip(dataset.pairs, dataset.columns[HASH], dataset.columns[MASK_HASH], strict=True)
    changed = [
        path
        for pair, image, mask in before
        for path, now, then in ((pair.image, images[pair.image], image), (pair.mask, masks[pair.mask], mask))
        if now != then
    ]
    if changed:
        more = f" and {len(changed) - 3:,} more" if len(changed) > 3 else ""
        raise DataError(
            f"{len(changed):,} of {2 * len(dataset.pairs):,} files have changed since this run began",
            where=f"{dataset.root}: {', '.join(changed[:3])}{more}",
            advice="put back what they were; or train anew on what they are: unetkit train DATA --config "
            f"{shlex.quote(str(run.config))} --out ANOTHER-FOLDER",
        )
