"""`unetkit import-weights`: weights of another program as a model file."""

from collections.abc import Iterator
from typing import Annotated

from cyclopts import Parameter

import unetkit
from unetkit.cli.command import Outcome, job_command
from unetkit.cli.idle import Idle
from unetkit.cli.views.imported import show_imported
from unetkit.config.jobs import ImportSettings

_READ = ("outputs", "convolution_bias")


def _idle(_settings: ImportSettings, _file: str) -> Iterator[Idle]:
    yield Idle.section("network", _READ, "the weights themselves say it")
    yield Idle.section("network", ("initialisation", "encoder_weights"), "no weight is left to be drawn")


@job_command("import-weights", needs="train", idle=_idle)
def import_weights(
    settings: ImportSettings,
    file: Annotated[str, Parameter(name="FILE", help="weights: .pth, .pt, .bin, .safetensors, .h5 or .keras")],
    /,
) -> Outcome:
    """Import weights."""
    return Outcome(unetkit.import_weights(settings, file).to_json(), show_imported)
