"""Settings become parts: loss, augmentation, rates, optimiser."""

from __future__ import annotations

from dataclasses import fields

from unetkit.augmentation import DEFAULTS, Ranges
from unetkit.config.sections import (
    DEFAULT_MINUTES,
    AugmentationSettings,
    LossSettings,
    NetworkSettings,
    TrainingSettings,
)
from unetkit.data.arrays import Counts, ignore_id
from unetkit.errors import ConfigError
from unetkit.losses import build_loss
from unetkit.losses.expression import WeightedSum
from unetkit.losses.weights import class_weights, suggest_weights
from unetkit.training.optimiser import Hyper
from unetkit.training.schedule import Rates, Shape


def outputs_of(settings: NetworkSettings, classes: int) -> int:
    """Output channels: one per class, or one logit for two classes.

    Raises:
        ConfigError: a logit cannot tell more than two classes apart.
    """
    if settings.outputs == "classes":
        return classes
    if classes != 2:
        raise ConfigError(
            f"one logit tells two classes apart, and these data have {classes}",
            where="network.outputs: logit",
            advice="use --network.outputs classes",
        )
    return 1


def make_loss(
    settings: LossSettings, counts: Counts, where_present: Counts | None = None
) -> tuple[WeightedSum, list[float] | None]:
    """The loss and the class weights in use (None: all alike).

    Args:
        counts: pixels of each class in the train split.
        where_present: for each class, all labelled pixels of the masks in which it occurs (for `median`).
    """
    weights = loss_weights(settings.weights, counts, where_present)
    loss = build_loss(
        settings.name,
        classes=len(counts),
        class_weights=weights,
        ignore=ignore_id(len(counts)),
        label_smoothing=settings.label_smoothing,
        focal_gamma=settings.focal_gamma,
        tversky_alpha=settings.tversky_alpha,
        tversky_beta=settings.tversky_beta,
    )
    return loss, weights


def loss_weights(method: str, counts: Counts, where_present: Counts | None = None) -> list[float] | None:
    """Class weights by `method`, from the train split's pixel counts; "auto" weighs only a strong imbalance."""
    if method == "auto":
        method = suggest_weights(counts) or "none"
    if method == "none":
        return None
    return [float(weight) for weight in class_weights(counts, method, where_present=where_present)]


def make_ranges(settings: AugmentationSettings, task: str) -> Ranges:
    """The augmentation of a task, the dial applied, single ranges overridden."""
    ranges = DEFAULTS[task].scaled(settings.strength)
    return ranges.replaced(settings.model_dump(include={field.name for field in fields(ranges)}))


def make_rates(settings: TrainingSettings) -> Rates:
    """The learning rate over the run."""
    return Rates(settings.schedule, Shape(settings.warm_up, settings.final_rate), settings.learning_rate)


def time_budget(settings: TrainingSettings) -> float | None:
    """Seconds that a run may take; None where steps, epochs or a plan are said."""
    if any(said is not None for said in (settings.steps, settings.epochs, settings.plan)):
        return None
    return (settings.minutes or DEFAULT_MINUTES) * 60


def make_hyper(settings: TrainingSettings) -> Hyper:
    """What the optimiser is built with."""
    return Hyper(settings.learning_rate, settings.momentum, settings.weight_decay, settings.layer_rate)
