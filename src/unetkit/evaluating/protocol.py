"""The protocol of a scoring: what a number means that is printed without it by others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from unetkit.data.arrays import ignore_id
from unetkit.data.class_text import Source
from unetkit.metrics.confusion import Confusion
from unetkit.modelfile import Contract


@dataclass(frozen=True, slots=True)
class Choice:
    """What was decided before anything was scored.

    Attributes:
        left_out: images that were left out because the model was trained on them.
        include_train: whether it was asked for to score such images, too.
        ignore: values, colours or classes that are never scored; those of the training when None.
    """

    left_out: int = 0
    include_train: bool = False
    ignore: tuple[Source, ...] | None = None


def describe_protocol(
    contract: Contract,
    confusion: Confusion,
    *,
    split: str,
    ignored: int,
    trained_on: Sequence[bool | None],
    choice: Choice,
) -> dict[str, Any]:
    """The `protocol` block of a score document.

    Args:
        contract: of the model.
        confusion: of the whole scoring.
        split: which part was scored.
        ignored: pixels that were not scored.
        trained_on: whether the model was trained on it, for each image that was scored; None where it is not known.
        choice: what was decided before.
    """
    ignore = contract.classes.ignore if choice.ignore is None else choice.ignore
    names, truth = contract.classes.names, confusion.with_truth.tolist()
    total = int(confusion.counts.sum()) + ignored
    return {
        "split": split,
        "images": len(trained_on),
        "scored_trained_on": None if None in trained_on else trained_on.count(True),
        "left_out_trained_on": choice.left_out,
        "include_train": choice.include_train,
        "resolution": "native size: the masks' own",
        "size_rule": {"rule": "fit", "height": contract.size.height, "width": contract.size.width},
        "resize": "images by area when shrinking and bilinear when growing; scores likewise, then arg-max; truth never",
        "aggregation": "data set: one int64 confusion matrix over the pixels of all images, divided once",
        "classes_scored": [name for name, there in zip(names, truth, strict=True) if there],
        "classes_absent": [name for name, there in zip(names, truth, strict=True) if not there],
        "mean_over": "classes with truth",
        "ignore": {
            "id": ignore_id(len(names)),
            "source": [list(value) if isinstance(value, tuple) else value for value in ignore],
            "pixels": ignored,
            "pixels_share": ignored / total if total else 0.0,
        },
        "baselines": "from the masks that the model was trained on",
    }
