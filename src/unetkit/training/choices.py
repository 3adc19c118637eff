"""Names that tables hold, and files, looked up before any data are read: a slip costs a second, not an hour."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np

from unetkit.config.jobs import TrainSettings
from unetkit.errors import ConfigError
from unetkit.extras import unknown_choice
from unetkit.losses.expression import parse
from unetkit.metrics import METRICS
from unetkit.networks import NETWORKS
from unetkit.networks.timm_unet import read_weights
from unetkit.runs import locate_model
from unetkit.training.build import loss_weights
from unetkit.training.plan import read_plan
from unetkit.training.size import working_size


def refuse_unknown(settings: TrainSettings) -> None:
    """Raise for a metric, network, loss, class weights, working size, file of weights or plan that does not exist.

    Freezing what has learnt nothing is refused, too.

    Raises:
        ConfigError: with the nearest choice.
        DataError, UsageError: `settings.start_from` is no model, or `settings.training.plan` no plan.
        FormatError: `settings.network.encoder_weights` cannot be read.
    """
    _look_up("metric", settings.training.metric, METRICS, "training.metric")
    _look_up("network", settings.network.name, NETWORKS, "network.name")
    parse(settings.loss.name)
    if settings.loss.weights[:1].isalpha():  # numbers, one a class, wait for the class table
        loss_weights(settings.loss.weights, np.ones(2, np.int64))
    working_size(settings.data.size, [(1, 1)])
    _refuse_freezing_chance(settings)
    if settings.network.encoder_weights is not None:
        weights = Path(settings.network.encoder_weights)
        _refuse_lost_encoder(settings.network.name, weights)
        _refuse_replaced("weights lie", weights, settings)
    if settings.start_from is not None:
        _refuse_replaced("model lies", locate_model(settings.start_from), settings)
    if settings.training.plan is not None:
        read_plan(Path(settings.training.plan))
        _refuse_replaced("plan lies", Path(settings.training.plan), settings)


def _refuse_lost_encoder(network: str, weights: Path) -> None:
    if network != "timm-unet":
        raise ConfigError(
            "only a network with a foreign encoder takes encoder weights",
            where=f"network.encoder_weights: {weights}",
            advice="add --network.name timm-unet",
        )
    read_weights(weights)


def _refuse_replaced(what: str, file: Path, settings: TrainSettings) -> None:
    out = settings.out if settings.preview is None else None
    if out is not None and Path(out).resolve() in file.resolve().parents:
        raise ConfigError(
            f"the {what} in the run that --overwrite would replace",
            where=str(file),
            advice=f"copy it, and name the copy: cp {shlex.quote(str(file))} {file.name}",
        )


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
