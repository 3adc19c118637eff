"""`unetkit predict`: masks, colour masks and overlays for images."""

from typing import Annotated

from cyclopts import Parameter

import unetkit
from unetkit.cli.command import Outcome, job_command
from unetkit.cli.views.predictions import exit_code, show_predictions
from unetkit.config.jobs import PredictSettings


@job_command("predict", needs="train")
def predict(
    settings: PredictSettings,
    model: Annotated[str, Parameter(name="MODEL", help="model file or run folder")],
    /,
    *inputs: Annotated[str, Parameter(name="INPUT", help="image, folder or glob; several are taken", required=True)],
) -> Outcome:
    """Use a model."""
    document = unetkit.predict(settings, model, inputs).to_json()
    return Outcome(document, show_predictions, exit_code=exit_code(document))
