"""Names that tables hold, looked up before any data are read: a slip of the finger costs a second, not an hour."""

from __future__ import annotations

import numpy as np

from unetkit.config.jobs import TrainSettings
from unetkit.errors import ConfigError
from unetkit.extras import unknown_choice
from unetkit.losses.expression import parse
from unetkit.metrics import METRICS
from unetkit.networks import NETWORKS
from unetkit.runs import locate_model
from unetkit.training.build import loss_weights
from unetkit.training.size import working_size


def refuse_unknown(settings: TrainSettings) -> None:
    """Raise for a metric, network, loss, method of class weights, working size or start model that does not exist.

    Freezing what has learnt nothing is refused, too.

    Raises:
        ConfigError: with the nearest choice.
        DataError, UsageError: `settings.start_from` is no model.
    """
    _look_up("metric", settings.training.metric, METRICS, "training.metric")
    _look_up("network", settings.network.name, NETWORKS, "network.name")
    parse(settings.loss.name)
    if settings.loss.weights[:1].isalpha():  # numbers, one a class, wait for the class table
        loss_weights(settings.loss.weights, np.ones(2, np.int64))
    working_size(settings.data.size, [(1, 1)])
    _refuse_freezing_chance(settings)
    if settings.start_from is not None:
        locate_model(settings.start_from)


def _refuse_freezing_chance(settings: TrainSettings) -> None:
    frozen = settings.training.freeze
    if frozen in ("", "0") or settings.start_from is not None or settings.network.encoder_weights is not None:
        return
    raise ConfigError(
        "freezing keeps weights as they are, and without a model to start from they are drawn at random",
        where=f"training.freeze: {frozen}",
        advice=f"--from MODEL --training.freeze {frozen}",
    )


def _look_up(what: str, name: str, table: dict[str, str], where: str) -> None:
    if name not in table:
        error = unknown_choice(what, name, table)
        raise ConfigError(error.what, where=where, advice=error.advice)
