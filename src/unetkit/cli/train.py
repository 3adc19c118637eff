"""`unetkit train`: from a folder of images and masks to a model."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

import unetkit
from unetkit import console
from unetkit.cli.call import current_call
from unetkit.cli.command import Outcome, job_command
from unetkit.cli.idle import Idle
from unetkit.cli.views.preview import preview_document, show_preview
from unetkit.cli.views.run import show_run
from unetkit.cli.views.seeds import show_seeds
from unetkit.config.jobs import TrainSettings


def _idle(settings: TrainSettings, _data: str | None = None) -> Iterator[Idle]:
    if settings.recipe is None:
        yield Idle(frozenset({("variant",)}), "only a recipe has variants", "or name the recipe with --recipe NAME")


@job_command("train", needs="train", idle=_idle)
def train(
    settings: TrainSettings,
    data: Annotated[
        str | None,
        Parameter(name="DATA", help="folder, manifest or table of pairs; with --resume only where they were moved to"),
    ] = None,
    /,
) -> Outcome:
    """Train a model."""
    started = current_call.get().started
    _hush_followers()
    if settings.seeds > 1 or (settings.resume is not None and unetkit.is_series(Path(settings.resume))):
        return Outcome(unetkit.train_seeds(settings, data, started=started).to_json(), show_seeds)
    result = unetkit.train(settings, data, started=started)
    if result is not None:
        return Outcome(result.to_json(), show_run)
    return Outcome(preview_document(settings.preview or ""), show_preview)


def _hush_followers() -> None:
    """Of the processes that `torchrun` starts, the first one speaks; an error has its own way, and is always told."""
    if int(os.environ.get("RANK", "0")) > 0:
        console.switch_off()
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
