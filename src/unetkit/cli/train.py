"""`unetkit train`: from a folder of images and masks to a model."""

from typing import Annotated

from cyclopts import Parameter

import unetkit
from unetkit.cli.call import current_call
from unetkit.cli.command import Outcome, job_command
from unetkit.cli.views.preview import preview_document, show_preview
from unetkit.cli.views.run import show_run
from unetkit.config.jobs import TrainSettings


@job_command("train", needs="train")
def train(
    settings: TrainSettings,
    data: Annotated[
        str | None, Parameter(name="DATA", help="folder, manifest or table of pairs; none with --resume")
    ] = None,
    /,
) -> Outcome:
    """Train a model."""
    result = unetkit.train(settings, data, started=current_call.get().started)
    if result is None:
        return Outcome(preview_document(settings.preview), show_preview)
    return Outcome(result.to_json(), show_run)
