"""One settings model a job; `unetkit JOB --help`, its YAML, its JSON Schema and its manual page come from here."""

from __future__ import annotations

from typing import Literal

from unetkit.config.base import Settings, setting
from unetkit.config.sections import (
    SEEDS,
    AugmentationSettings,
    DataSettings,
    LossSettings,
    NetworkSettings,
    TrainingSettings,
)


class CheckSettings(Settings):
    """What is in a folder of images and masks, what is wrong with it, and what to do."""

    data: DataSettings = DataSettings()
    all: bool = setting(False, "read every mask, not only a sample of 500", short="--all")
    seed: int = setting(0, "seed of the split and of the sample", ge=0, lt=SEEDS, short="--seed")


class TrainSettings(Settings):
    """From a folder of images and masks to a model."""

    recipe: str | None = setting(None, "start from a recipe: see `unetkit recipes`", short="--recipe", shown="NAME")
    variant: Literal["default", "source"] = setting(
        "default", "ours, or the source project's own settings", short="--variant"
    )
    out: str | None = setting(None, "run folder; runs/<data name>-<n> when not given", short="--out", shown="DIR")
    start_from: str | None = setting(None, "model whose weights training starts from", short="--from", shown="MODEL")
    resume: str | None = setting(None, "run folder to continue", short="--resume", shown="RUN")
    extend: bool = setting(False, "with --resume: train longer than the run was planned to", short="--extend")
    finish: bool = setting(
        False, "with --resume: end the run here, with the best weights so far as its model", short="--finish"
    )
    seeds: int = setting(1, "runs with seeds from --seed on, and their mean and spread", ge=1, short="--seeds")
    overwrite: bool = setting(False, "replace an existing run folder", short="--overwrite")
    licence: str = setting("", "licence of the model, written into its file", short="--licence")
    preview: str | None = setting(
        None, "write a sheet of augmented pairs to this PNG file and stop", short="--preview", shown="FILE"
    )
    data: DataSettings = DataSettings()
    network: NetworkSettings = NetworkSettings()
    loss: LossSettings = LossSettings()
    augmentation: AugmentationSettings = AugmentationSettings()
    training: TrainingSettings = TrainingSettings()


FREE = frozenset(
    {
        ("resume",),
        ("extend",),
        ("finish",),
        ("training", "threads"),
        ("training", "device"),
        ("training", "checkpoint_every"),
        ("training", "cache"),
        ("training", "cache_limit"),
    }
)
"""What a run may be given anew: none of it is part of what is computed, though other threads change its bits."""


class EvaluateSettings(Settings):
    """Scores of a model on images with masks, with the protocol and the baselines beside them."""

    split: Literal["auto", "train", "val", "test", "all"] = setting(
        "auto", "which part; auto: test, else val, else all", short="--split"
    )
    include_train: bool = setting(False, "score images that the model was trained on, too", short="--include-train")
    out: str | None = setting(None, "folder for the scores; evaluations/<n> when not given", short="--out", shown="DIR")
    overwrite: bool = setting(False, "replace an existing folder", short="--overwrite")
    data: DataSettings = DataSettings()
    device: Literal["auto", "cpu", "cuda"] = setting("auto", "where to compute", short="--device")
    threads: int = setting(0, "CPU threads; 0 takes all", ge=0, short="--threads")


class PredictSettings(Settings):
    """Masks, colour masks and overlays for images, folders and globs."""

    out: str | None = setting(
        None, "output folder; predictions/<input name>-<n> when not given", short="--out", shown="DIR"
    )
    overwrite: bool = setting(False, "replace an existing folder", short="--overwrite")
    follow_links: bool = setting(
        False, "in a folder given as INPUT, read what links lead to outside of it, too", short="--follow-links"
    )
    as_source: bool = setting(False, "write the data set's own mask values instead of class ids", short="--as-source")
    channels: Literal["auto", "1", "3"] = setting(
        "auto", "turn images to grey (1) or to colour (3)", short="--channels"
    )
    opacity: float = setting(0.5, "opacity of the classes in overlays", ge=0, le=1)
    device: Literal["auto", "cpu", "cuda"] = setting("auto", "where to compute", short="--device")
    threads: int = setting(0, "CPU threads; 0 takes all", ge=0, short="--threads")


class CompareSettings(Settings):
    """Histories of runs side by side, what they differ in, and their curves in one image."""

    axis: Literal["epochs", "steps", "minutes"] = setting("epochs", "what the curves run over", short="--axis")
    metric: str | None = setting(
        None, "the score that is compared; the first run's own when not given", short="--metric", shown="NAME"
    )
    out: str | None = setting(
        None, "SVG file; comparison-<n>.svg beside the first run when not given", short="--out", shown="FILE"
    )
    overwrite: bool = setting(False, "replace an existing file", short="--overwrite")


class ImportSettings(Settings):
    """Weights that another program trained, as a model file of ours."""

    out: str | None = setting(
        None, "model file; beside the weights, under their name, when not given", short="--out", shown="FILE"
    )
    overwrite: bool = setting(False, "replace an existing model file", short="--overwrite")
    classes: str | None = setting(
        None,
        "'0=sea,255=sky', the name of a known table or a file; class 0, class 1, ... when not given",
        shown="CLASSES",
    )
    channels: int | None = setting(None, "of the image; the first convolution says it, too", ge=1, shown="N")
    size: str | None = setting(
        None, "working size, fit:HxW; as the file says when not given, which only Keras files do", shown="SIZE"
    )
    normalise: Literal["unit", "imagenet", "symmetric", "none"] = setting(
        "unit", "what the source made of 8-bit pixels: 0..1, ImageNet's mean and deviation, −1..1, or nothing"
    )
    licence: str = setting("", "licence of the weights, written into the model file", short="--licence")
    joined: Literal["auto", "skip-first", "grown-first"] = setting(
        "auto", "what stands first where a skip is joined; auto: as the file says, else as is usual in its framework"
    )
    epsilon: float | None = setting(
        None, "of the source's batch norms; as the file says, else PyTorch 1e-5 and Keras 1e-3, when not given", ge=0
    )
    keras_backend: Literal["auto", "tensorflow", "jax", "torch"] = setting(
        "auto", "what a Keras before 3.15 computed with: on torch, transposed 3×3 lie elsewhere; auto: as the file says"
    )
    network: NetworkSettings = NetworkSettings()


class DemoSettings(Settings):
    """Rendered sea scenes, then check → train → evaluate → predict → report."""

    kind: Literal["visible", "infrared"] = setting("visible", "which camera the scenes show", short="--kind")
    images: int = setting(160, "number of scenes", ge=20, short="--images")
    minutes: float = setting(1.0, "time budget of the training", gt=0, short="--minutes")
    seed: int = setting(0, "seed of scenes and training", ge=0, lt=SEEDS, short="--seed")
    overwrite: bool = setting(False, "replace an existing folder", short="--overwrite")


JOBS: dict[str, type[Settings]] = {
    "demo": DemoSettings,
    "check": CheckSettings,
    "train": TrainSettings,
    "evaluate": EvaluateSettings,
    "compare": CompareSettings,
    "predict": PredictSettings,
    "import-weights": ImportSettings,
}
"""The jobs that have settings, by the name of their command."""
