"""The sections of a configuration: how data are read, the network, the loss, augmentation and training.

A choice that a visible table holds (a network, a loss, a layout) is text here; the job checks it against the table.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import field_validator, model_validator

from unetkit.config.base import Settings, setting


class DataSettings(Settings):
    """How a folder of images and masks is read and split."""

    images: str | None = setting(None, "folder of the images, relative to DATA", short="--images", shown="DIR")
    masks: str | None = setting(None, "folder of the masks, relative to DATA", short="--masks", shown="DIR")
    layout: str | None = setting(
        None, "how images and masks are paired; found when not given", short="--layout", shown="NAME"
    )
    encoding: str | None = setting(
        None, "how a mask's pixels say the class; found when not given", short="--encoding", shown="NAME"
    )
    classes: str | None = setting(
        None,
        "'0=sea,255=sky', the name of a known table (cityscapes, camvid, carla, ...) or a file",
        short="--classes",
        shown="CLASSES",
    )
    ignore: str | None = setting(
        None, "source values never learnt and never scored: '255' or '0,255'", short="--ignore", shown="V,..."
    )
    val: str = setting(
        "0.2",
        "validation part: a share, a count, a list of groups, or a regex on the path",
        short="--val",
        shown="PART",
    )
    test: str = setting("0", "test part, said in the same ways", short="--test", shown="PART")
    split_by: Literal["auto", "group", "time", "random"] = setting(
        "auto", "what keeps together what is alike; auto: by group where names show groups", short="--split-by"
    )
    groups: str | None = setting(
        None,
        "regex searched in the image's path (first group or whole match), or a column of the table",
        short="--groups",
        shown="REGEX",
    )
    skip_bad: bool = setting(False, "leave out unreadable files instead of refusing to start", short="--skip-bad")
    follow_links: bool = setting(False, "read what links lead to outside of DATA, too", short="--follow-links")
    size: str = setting(
        "auto",
        "working size: the long side in pixels, or fit:HxW (inside H×W, aspect kept)",
        short="--size",
        shown="SIZE",
    )
    channels: Literal["auto", "1", "3"] = setting(
        "auto", "turn images to grey (1) or to colour (3)", short="--channels"
    )
    normalise: Literal["auto", "train", "unit", "imagenet", "percentile"] = setting(
        "auto", "what maps pixels to the network's input; auto: train, or percentile where the range is narrow"
    )

    def said(self) -> dict[str, Any]:
        """How the data are read and split: all but `PIXELS`."""
        return self.model_dump(exclude={*PIXELS})


PIXELS = ("size", "channels", "normalise")
"""Of the data's settings what happens to the pixels."""


class NetworkSettings(Settings):
    """The U-Net; a preset names a set of these values, single keys override it."""

    preset: str = setting(
        "small",
        "nano, small, base, original, infrared, infrared-double, camvid, carla, forest",
        short="--network",
        shown="NAME",
    )
    name: str = setting("unet", "unet, or timm-unet (extra `encoders`)")
    depth: int = setting(4, "number of halvings", ge=1, le=7)
    width: int = setting(32, "channels of the first level; doubled at each halving", ge=1, le=512)
    width_cap: int = setting(64, "no level is wider than this", ge=1, le=4096)
    block: Literal["plain", "residual"] = setting("plain", "two convolutions, with or without a shortcut")
    bottleneck: Literal["single", "double"] = setting("double", "convolutions in the deepest block")
    convolution_bias: bool = setting(False, "bias in the 3×3 convolutions of the blocks")
    norm: Literal["batch", "group", "none"] = setting("batch", "normalisation layer")
    norm_place: Literal["before", "after"] = setting("before", "before or after the activation")
    shared_norm: bool = setting(False, "one normalisation layer shared by the two convolutions of a block")
    activation: Literal["relu", "silu"] = setting("relu", "activation function")
    dropout: float = setting(0.0, "dropout rate", ge=0, lt=1)
    dropout_place: Literal["bottleneck", "deep", "all"] = setting(
        "bottleneck", "after the bottleneck, in the two deepest levels (before the skip is taken), or in every block"
    )
    upsampling: Literal["transposed-2", "transposed-3", "transposed-3-same", "bilinear", "nearest", "sub-pixel"] = (
        setting(
            "bilinear",
            "how the decoder grows: transposed convolution of kernel 2 or 3 (same: as TensorFlow lays it), or resizing",
        )
    )
    head: Literal["linear", "convolution", "activated"] = setting(
        "linear", "1×1; a 3×3 of the first level's width and 1×1; or 1×1 with activation and 1×1"
    )
    attention: bool = setting(False, "attention gates on the skips")
    stem_stride: Literal[1, 2, 4] = setting(
        4, "the first convolution's stride: the network works at 1/stride of the working size"
    )
    initialisation: Literal["he-normal", "glorot", "default"] = setting("he-normal", "initial weights")
    outputs: Literal["classes", "logit"] = setting("classes", "a score per class, or one logit for two classes")
    encoder: str = setting("resnet18", "name of the timm encoder (network timm-unet)")
    encoder_weights: str | None = setting(None, "local safetensors file with the encoder's weights")

    def document(self) -> dict[str, Any]:
        """What a model file says of the network beside its name: enough to build it again."""
        return self.model_dump(exclude={"preset", "name", "outputs", "encoder_weights"})


class LossSettings(Settings):
    """What training minimises; ignore pixels and class weights are honoured everywhere."""

    name: str = setting(
        "cross-entropy",
        "cross-entropy, bce, dice, focal, tversky, lovasz, or a weighted sum: 'dice+0.5*focal'",
        short="--loss",
        shown="LOSS",
    )
    weights: str = setting(
        "none",
        "class weights: none, auto, inverse, median, enet, effective, or numbers '1,2.5,0.3'",
        short="--class-weights",
        shown="NAME",
    )
    label_smoothing: float = setting(0.0, "share of each label given to the other classes", ge=0, lt=1)
    focal_gamma: float = setting(2.0, "focus of the focal loss", ge=0)
    tversky_alpha: float = setting(0.5, "weight of false positives in the Tversky loss", ge=0)
    tversky_beta: float = setting(0.5, "weight of false negatives in the Tversky loss", ge=0)


class AugmentationSettings(Settings):
    """What happens to a training image before the network sees it."""

    task: Literal["auto", "horizon", "infrared", "street", "aerial"] = setting(
        "auto", "which defaults: horizon and infrared keep up above down, aerial turns freely"
    )
    strength: float = setting(1.0, "one dial for all: 0 is off, 1 the task's default", ge=0, le=3, short="--augment")
    rotation: float | None = setting(None, "largest turn, degrees", ge=0, le=180)
    scale: float | None = setting(None, "largest zoom in or out, as a factor minus one", ge=0, le=3)
    shift: float | None = setting(None, "largest shift, share of the side", ge=0, le=1)
    flip_horizontal: float | None = setting(None, "probability of a left-right flip", ge=0, le=1)
    flip_vertical: float | None = setting(None, "probability of an upside-down flip", ge=0, le=1)
    crop: float | None = setting(None, "largest share of each side cropped away", ge=0, lt=1)
    brightness: float | None = setting(None, "largest change of brightness, share of the range", ge=0, le=1)
    contrast: float | None = setting(None, "largest change of contrast, as a factor minus one", ge=0, le=1)
    gamma: float | None = setting(None, "largest change of gamma, as a factor minus one", ge=0, le=1)
    hue: float | None = setting(None, "largest turn of the hue, degrees", ge=0, le=180)
    blur: float | None = setting(None, "probability of a blur", ge=0, le=1)
    noise: float | None = setting(None, "largest standard deviation of noise, share of the range", ge=0, le=1)
    roll: float | None = setting(None, "largest roll of the horizon, degrees", ge=0, le=180)
    glare: float | None = setting(None, "probability of sun glare", ge=0, le=1)
    fog: float | None = setting(None, "probability of fog", ge=0, le=1)
    rain: float | None = setting(None, "probability of rain", ge=0, le=1)
    fixed_pattern: float | None = setting(
        None, "largest fixed pattern of an infrared sensor, share of the range", ge=0, le=1
    )


BUDGETS = (("training", "minutes"), ("training", "epochs"), ("training", "steps"), ("training", "plan"))
DEFAULT_MINUTES = 10.0
SEEDS = 2**63  # so many there are: what the generators' keys hold


class TrainingSettings(Settings):
    """The budget, the optimiser, and what counts as best."""

    minutes: float | None = setting(None, "time budget from process start to the saved model", gt=0, short="--minutes")
    epochs: int | None = setting(None, "passes over the training images", ge=1, short="--epochs")
    steps: int | None = setting(None, "optimiser steps", ge=1, short="--steps")
    plan: str | None = setting(
        None, "the plan.json of another run: the same steps, whatever the clock says", short="--plan", shown="FILE"
    )
    batch: int = setting(16, "images a step", ge=1, short="--batch")
    optimiser: Literal["adam", "adamw", "sgd", "rmsprop"] = setting("adamw", "optimiser")
    learning_rate: float = setting(3e-3, "highest learning rate", gt=0, short="--lr")
    momentum: float = setting(
        0.9, "momentum of sgd and rmsprop; one-cycle moves it, and Adam's, between 0.85 and 0.95 instead", ge=0, lt=1
    )
    weight_decay: float = setting(
        0.01, "weight decay of the kernels: decoupled with adamw, an L2 penalty with the others", ge=0
    )
    schedule: Literal["constant", "one-cycle", "cosine", "poly", "plateau"] = setting(
        "one-cycle", "the learning rate over time"
    )
    warm_up: float = setting(0.1, "share of the steps in which the rate rises (one-cycle, cosine, poly)", ge=0, lt=1)
    final_rate: float = setting(0.001, "last learning rate as a share of the highest", ge=0, le=1)
    clip: float = setting(1.0, "largest norm of the gradient; 0 is off", ge=0)
    accumulate: int = setting(1, "batches whose gradients make one step", ge=1)
    ema: float = setting(
        0.98, "decay of the moving average of the weights that is scored and saved; 0 is off", ge=0, lt=1
    )
    recover: bool = setting(True, "when the loss jumps, go back to weights that were good, with half the learning rate")
    early_stopping: int = setting(0, "scorings without a better score before training stops; 0 is off", ge=0)
    metric: str = setting("mean_iou", "the score that chooses the best model", short="--metric", shown="NAME")
    freeze: str = setting(
        "",
        "levels that stay as they were: `encoder`, or how many of it from the image on; needs something to start from",
        shown="LEVELS",
    )
    layer_rate: float = setting(
        1.0, "learning rate of each level as a share of that of the level after it; 1: all alike", gt=0, le=1
    )
    seed: int = setting(0, "the one source of all randomness", ge=0, lt=SEEDS, short="--seed")
    device: Literal["auto", "cpu", "cuda"] = setting("auto", "where to train", short="--device")
    threads: int = setting(0, "CPU threads; 0 takes all", ge=0, short="--threads")
    precision: Literal["auto", "fp32", "bf16"] = setting(
        "auto", "auto: bf16 on a GPU and on a CPU that computes in it, else fp32"
    )
    deterministic: bool | None = setting(
        None, "the same seed gives the same bits; yes on a CPU, no on a GPU", short="--deterministic"
    )
    checkpoint_every: float = setting(
        60.0,
        "seconds of training that a power cut may cost at most, unless a save takes a third of them; 0: every step",
        ge=0,
    )
    cache: Literal["auto", "ram", "disk", "off"] = setting(
        "auto",
        "where decoded images are kept: ram; disk, for later runs too; off; auto: ram where they fit, else disk",
        short="--cache",
    )
    cache_limit: float = setting(20.0, "gigabytes that images kept on disk may take; the longest unused go first", ge=0)

    @field_validator("freeze")
    @classmethod
    def _levels(cls, said: str) -> str:
        if said not in ("", "encoder") and not (said.isascii() and said.isdigit() and len(said) < 4):
            raise ValueError("it must be `encoder` or a whole number of levels")
        return said

    @model_validator(mode="after")
    def _one_budget(self) -> Self:
        given = [name for _, name in BUDGETS if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"one budget only: {' and '.join('--' + name for name in given)} are given")
        return self
