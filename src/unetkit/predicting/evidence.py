"""Why every image came out as one class: said from what was seen, not guessed.

The usual causes look alike in the masks and differ in the numbers: weights that collapsed in training answer the same
at every pixel; images of another kind leave the range that the normalisation was measured on; and sometimes the images
simply show one class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unetkit.data.arrays import Floats
from unetkit.modelfile import Contract

FAR = 3.0
"""A mean so far from the training's, in its own deviations, is another kind of image."""

NARROW, WIDE = 0.05, 5.0
"""Spreads of normalised pixels that no image of the training's kind has."""

FLAT = 1e-3
"""A spread of scores over an image, relative to their size, below which the network does not look."""

CLOSE = 0.5
"""A lead in scores that a slightly different image would turn (odds of 1.6 to 1)."""

SAMPLE = 4096
"""Pixels of an image that are looked at."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is kept of one image.

    Attributes:
        classes: ids in the mask.
        mean, spread: of the normalised pixels, over all channels.
        lead: mean over pixels of the best score minus the second best.
        second: the class whose mean score is second.
        variation: spread of the scores over the pixels, relative to their size.
    """

    classes: frozenset[int]
    mean: float
    spread: float
    lead: float
    second: int
    variation: float

    @classmethod
    def of(cls, prepared: Floats, scores: Floats, classes: frozenset[int]) -> Seen:
        """From one image's input inside its padding [h, w, C] and its scores [classes, h, w]."""
        flat = scores.reshape(len(scores), -1)
        flat = flat[:, :: max(1, flat.shape[1] // SAMPLE)]
        ranked = np.partition(flat, -2, axis=0) if len(flat) > 1 else np.repeat(flat, 2, axis=0)
        centred = flat - flat.mean(axis=0)
        return cls(
            classes=classes,
            mean=float(prepared.mean()),
            spread=float(prepared.std()),
            lead=float((ranked[-1] - ranked[-2]).mean()),
            second=int(flat.mean(axis=1).argsort()[-min(2, len(flat))]),
            variation=float(centred.std(axis=1).mean()) / (float(np.abs(centred).mean()) + 1e-12),
        )


def explain_one_class(seen: Sequence[Seen], contract: Contract) -> str | None:
    """A paragraph when all images together hold one class and the model knows more; else None."""
    together = frozenset[int]().union(*(one.classes for one in seen))
    if len(together) != 1 or len(contract.classes) < 2:
        return None
    name = contract.classes.names[next(iter(together))]
    return f"every pixel of every image ({len(seen)}) came out as '{name}'. {_reason(seen, contract)}"


def _reason(seen: Sequence[Seen], contract: Contract) -> str:
    mean, spread, lead, variation = (
        float(np.mean([getattr(one, key) for one in seen])) for key in ("mean", "spread", "lead", "variation")
    )
    if abs(mean) > FAR or not NARROW < spread < WIDE:
        return (
            f"These images are unlike those of the training: normalised, their mean is {mean:.2f} and their spread "
            f"{spread:.3f}, where the training's were about 0 and between 0.2 and 1. Look at their brightness, depth "
            "and colours: values of 0..1 stored in 8 bits, an inverted or a stretched range do this."
        )
    if variation < FLAT:
        return (
            f"The network gives the same scores at every pixel (they vary by {variation:.1e} of their size): its "
            "weights collapsed in training. Train again with a lower --lr, longer, or with --class-weights auto."
        )
    if _collapsed_on_its_own_data(contract):
        return (
            "The model did the same on the images it was validated with: it never learnt the other classes. Train "
            "longer, or with --class-weights auto, and check the masks with `unetkit check`."
        )
    second = contract.classes.names[int(np.bincount([one.second for one in seen]).argmax())]
    if lead < CLOSE:
        return (
            f"It is a close call: '{second}' follows by only {lead:.2f} in score. The model is unsure of such images."
        )
    return (
        f"The images lie in the range of the training, and the scores follow the image; '{second}' is second, "
        f"{lead:.1f} behind. Either they show one class only, or scenes that the training did not hold."
    )


def _collapsed_on_its_own_data(contract: Contract) -> bool:
    rows = contract.scores.get("per_class", [])
    recalls = [row["recall"] for row in rows if row.get("recall") is not None]
    return len(recalls) > 1 and sum(recall > 0 for recall in recalls) == 1
