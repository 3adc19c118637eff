"""What a model must beat: two predictions that never look at the image.

`constant` gives every pixel one class: for each score the single class that scores best on the train masks.
`position` gives every pixel the class that is most frequent at its place in the train masks; where the horizon is
always in the middle, that alone scores high.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import Counts, Mask, ignore_value
from unetkit.data.resize import resize_mask
from unetkit.extras import resolve
from unetkit.metrics import METRICS
from unetkit.metrics.confusion import Confusion


def constant(train_pixels: Counts, scored_pixels: Counts) -> dict[str, float]:
    """The scores of the best single class of train at every pixel.

    Args:
        train_pixels: int64[classes], pixels of each class in the train masks; they choose the class, score by score
            (the lowest id of equals).
        scored_pixels: int64[classes], pixels of each class in the masks that are scored.

    Returns:
        A value for each row of `METRICS`.
    """
    scores: dict[str, float] = {}
    for name, row in METRICS.items():
        metric = resolve(row)
        on_train = [metric(_all_as(id_, train_pixels)) for id_ in range(len(train_pixels))]
        scores[name] = metric(_all_as(int(np.nan_to_num(on_train).argmax()), scored_pixels))
    return scores


class PositionPrior:
    """The class most frequent at each place of the train masks, counted at working size."""

    def __init__(self, classes: int, height: int, width: int) -> None:
        self._counts: npt.NDArray[np.int32] = np.zeros((classes, height, width), np.int32)

    def add(self, mask: Mask) -> None:
        """Count one train mask of any size; it is brought to the working size by nearest neighbour."""
        classes, height, width = self._counts.shape
        small = resize_mask(mask, height, width).ravel()
        places = np.flatnonzero(small != ignore_value(mask))
        self._counts.reshape(classes, -1)[small[places], places] += 1

    def mask(self) -> Mask:
        """H×W ids at working size; a place that is ignored in every train mask has the class most frequent overall."""
        ids = self._counts.argmax(axis=0)
        unseen = self._counts.max(axis=0) == 0
        ids[unseen] = self._counts.sum(axis=(1, 2)).argmax()
        return ids.astype(np.uint8 if len(self._counts) <= 255 else np.uint16)


def grown(prior: Mask, height: int, width: int) -> Mask:
    """The prediction of a prior for a mask of this size, by nearest neighbour."""
    return resize_mask(prior, height, width)


def _all_as(id_: int, pixels: Counts) -> Confusion:
    confusion = Confusion(len(pixels))
    confusion.counts[:, id_] = pixels
    return confusion
