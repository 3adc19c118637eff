"""`unetkit evaluate`: scores of a model, with protocol and baselines."""

from typing import Annotated

from cyclopts import Parameter

import unetkit
from unetkit.cli.command import Outcome, job_command
from unetkit.cli.views.scores import show_scores
from unetkit.config.jobs import EvaluateSettings


@job_command("evaluate", needs="train")
def evaluate(
    settings: EvaluateSettings,
    model: Annotated[str, Parameter(name="MODEL", help="model file or run folder")],
    data: Annotated[
        str | None, Parameter(name="DATA", help="images with masks; those of the run when left out")
    ] = None,
    /,
) -> Outcome:
    """Score a model."""
    return Outcome(unetkit.evaluate(settings, model, data).to_json(), show_scores)
