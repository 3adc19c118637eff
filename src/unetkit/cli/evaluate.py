"""`unetkit evaluate`: scores of a model, with protocol and baselines."""

from collections.abc import Iterator
from typing import Annotated

from cyclopts import Parameter

import unetkit
from unetkit.cli.command import Outcome, job_command
from unetkit.cli.idle import Idle
from unetkit.cli.views.scores import show_scores
from unetkit.config.jobs import EvaluateSettings
from unetkit.evaluating.unused import OF_MODEL, OF_OTHER_DATA


def _idle(_settings: EvaluateSettings, _model: str, data: str | None = None) -> Iterator[Idle]:
    yield Idle.section("data", OF_MODEL, "the model file says how it sees an image")
    if data is None:
        reason = "without DATA a run's own images are scored, and its manifest says how they are read"
        yield Idle.section("data", OF_OTHER_DATA, reason, "or name the DATA that they are about, after the model")


@job_command("evaluate", needs="train", idle=_idle)
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
