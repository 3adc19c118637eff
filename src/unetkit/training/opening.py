"""How a run begins: afresh in a new folder, or in the folder of one that was stopped."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from unetkit.config.jobs import TrainSettings
from unetkit.config.layers import settings_of_text
from unetkit.config.sections import PIXELS, DataSettings
from unetkit.config.writing import to_yaml
from unetkit.console import say, warn
from unetkit.data.dataset import write_manifest
from unetkit.data.manifest import load_manifest, save_description
from unetkit.data.parallel import limited_to
from unetkit.data.verify import known_hashes, not_as_known
from unetkit.errors import ConfigError, DataError, FormatError, OtherFormat
from unetkit.modelfile import read_model
from unetkit.runs import (
    RunFolder,
    anew_command,
    environment,
    has_state,
    idle,
    name_of_data,
    output_place,
    refuse_taken,
)
from unetkit.training.choices import refuse_unknown
from unetkit.training.distributed import has_launcher
from unetkit.training.places import with_whole_paths
from unetkit.training.result import TrainResult
from unetkit.training.resuming import another_end, is_longer, remembered, resumed_settings
from unetkit.training.session import Session


@dataclass(frozen=True, slots=True)
class Beginning:
    """What to train, on what, and the folder to go on in (None: a new one).

    Attributes:
        run_id: its identity.
        extended: the settings of that run with a longer budget, if it shall have one.
        ended: whether there is nothing left to do.
    """

    settings: TrainSettings
    source: str
    run: RunFolder | None
    run_id: str = ""
    extended: TrainSettings | None = None
    ended: bool = False


def begin(settings: TrainSettings, source: str | None) -> Beginning:
    """Read the settings of the run to continue, or take the ones given.

    Args:
        source: DATA; of a run to continue the folder that its files have been moved to, None where they were.

    Raises:
        ConfigError: neither DATA nor --resume; something beside --resume that the run does not have; a longer budget
            for a run that has ended; or a name that no table holds.
        DataError: `settings.resume` is no run; or files are not those that it began with.
    """
    settings = with_whole_paths(settings)
    if settings.resume is not None:
        return _again(settings, settings.resume, source)
    if source is None:
        raise ConfigError("DATA is missing", advice="unetkit train DATA, or unetkit train --resume RUN")
    if end := another_end(settings).split():
        raise ConfigError(f"{end[0]} goes with --resume RUN: a new run has a budget of its own", where=end[0])
    if settings.out is not None and settings.preview is None:
        refuse_taken(Path(settings.out), overwrite=settings.overwrite, ours=RunFolder.is_run)
        if not has_launcher():  # several processes would find each other there; the leading one asks in `open_folder`
            with idle(Path(settings.out)):
                pass
    refuse_unknown(settings)
    return Beginning(settings, source, None)


def tell_ended(run: RunFolder) -> TrainResult:
    """What a run that has ended has brought, and how to train on from it."""
    say(f"this run has ended: to go on from its model, unetkit train DATA --from {shlex.quote(str(run.path))}")
    return TrainResult.from_json(run.read_scores(), run.path, run.model)


def _again(asked: TrainSettings, name: str, source: str | None) -> Beginning:
    run = RunFolder.at(Path(name))
    if run.finished and asked.extend:
        raise ConfigError(
            "this run has ended, its learning rate is down, and it cannot be made longer",
            where=str(run.path),
            advice=f"start from its model: unetkit train DATA --from {shlex.quote(str(run.path))}",
        )
    kept = settings_of_text(TrainSettings, run.read_config(), str(run.config))
    settings = resumed_settings(run, kept, asked)
    ended = _has_ended(run)
    if source is not None or not ended:
        with limited_to(settings.training.threads):
            _find_files(run, None if source is None else Path(source))
    extended = remembered(settings) if is_longer(settings, kept) else None
    return Beginning(_without_files(settings, run), str(run.path), run, run.run_id, extended, ended)


def _has_ended(run: RunFolder) -> bool:
    """The model is written last; a run that has lost it or its scores since is closed again, and makes them anew."""
    if not run.finished or not run.scores.is_file():
        return False
    try:
        run.read_scores()
        read_model(run.model)
    except OtherFormat:
        return True
    except FormatError as fault:
        warn(f"{fault.where}: {fault.what}: it is made again from the best weights")
        return False
    return True


def _find_files(run: RunFolder, moved_to: Path | None) -> None:
    """All files as they were when the run began, by their hashes; where they have been moved to is remembered."""
    manifest = load_manifest(run.manifest, moved_to)
    known = known_hashes(manifest.pairs, manifest.columns)
    wrong = not_as_known(manifest.root, known)
    if wrong:
        first = ", ".join(f"{path} ({what})" for path, what in list(wrong.items())[:3])
        more = f" and {len(wrong) - 3:,} more" if len(wrong) > 3 else ""
        raise DataError(
            f"{len(wrong):,} of {len(known):,} files have changed since this run began",
            where=f"{manifest.root}: {first}{more}",
            advice="put back what they were, or say where they lie now:\n"
            f"unetkit train FOLDER --resume {shlex.quote(str(run.path))}\n"
            "or train anew on what they are:\n"
            f"{anew_command(run.config)}",
        )
    if moved_to is not None:
        save_description(manifest, run.path, sealed=True)


def _without_files(settings: TrainSettings, run: RunFolder) -> TrainSettings:
    """A checkpoint holds all weights: the files that a run began with need not be there any more."""
    settings = settings.model_copy(update={"data": _manifest_settings(settings.data)})
    if not has_state(run):
        return settings
    network = settings.network.model_copy(update={"encoder_weights": None})
    return settings.model_copy(update={"start_from": None, "network": network})


def _manifest_settings(data: DataSettings) -> DataSettings:
    """The run's manifest says how the data are read and split; only what happens to the pixels is left to say.

    It holds sound pairs only: nothing is left out a second time.
    """
    return DataSettings(**data.model_dump(include={*PIXELS}))


def open_folder(beginning: Beginning, session: Session) -> RunFolder:
    """The run folder: a new one appears whole, with settings, manifest and environment inside.

    The session learns what its files hash to, and which run it is.

    Raises:
        DataError: files of the data set have changed since the run, or since another process, has hashed them.
    """
    session.group.meet()  # nobody finds the folder of the others taken
    run = _open(beginning, session) if session.group.leads else None
    session.material.contents.agree(session.group.told(session.material.contents.digests))
    return cast("RunFolder", session.group.told(run))


def _open(beginning: Beginning, session: Session) -> RunFolder:
    settings, dataset, contents = beginning.settings, session.material.dataset, session.material.contents
    if beginning.run is not None:
        say(f"going on with {beginning.run.path}")
        known = known_hashes(dataset.pairs, dataset.columns)
        contents.agree({path: bytes.fromhex(sha256) for path, sha256 in known.items()})
        session.hashes = {pair.image: known[pair.image] for pair in dataset.pairs}
        session.run_id = beginning.run_id
        return beginning.run
    session.hashes, masks = contents.hash_images(dataset.pairs), contents.hash_masks(dataset.pairs)
    with output_place(settings.out, Path("runs"), name_of_data(beginning.source)) as path, idle(path):
        run = RunFolder.create(
            path,
            config=to_yaml(remembered(settings)),
            environment=environment(),
            write_manifest=lambda at: write_manifest(dataset, at, hashes=session.hashes, masks=masks, sealed=True),
            overwrite=settings.overwrite,
        )
        session.run_id = run.run_id
    say(f"run folder {run.path}")
    return run
