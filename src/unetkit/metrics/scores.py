"""Scores of a confusion matrix, per class and averaged.

All are at the level of the data set: pixels of all images are counted first and divided once. Means run over the
classes that the truth holds; a class that is predicted and is nowhere in the truth lowers the scores of the classes
whose pixels it took, and is listed apart (`absent_but_predicted`). A class of the truth that is never predicted has
precision 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from unetkit.extras import resolve
from unetkit.metrics import METRICS
from unetkit.metrics.confusion import Confusion

Scores = npt.NDArray[np.float64]


def mean_iou(confusion: Confusion) -> float:
    """Mean over the classes with truth of intersection over union (Jaccard index)."""
    return _mean(iou(confusion), confusion)


def mean_dice(confusion: Confusion) -> float:
    """Mean over the classes with truth of the Dice coefficient (F1)."""
    return _mean(dice(confusion), confusion)


def pixel_accuracy(confusion: Confusion) -> float:
    """Share of the scored pixels whose class is right."""
    total = int(confusion.counts.sum())
    return int(confusion.counts.trace()) / total if total else float("nan")


def mean_precision(confusion: Confusion) -> float:
    """Mean over the classes with truth of the precision."""
    return _mean(precision(confusion), confusion)


def mean_recall(confusion: Confusion) -> float:
    """Mean over the classes with truth of the recall (also called class accuracy)."""
    return _mean(recall(confusion), confusion)


def iou(confusion: Confusion) -> Scores:
    """float64[classes]: tp / (tp + fp + fn); NaN for a class neither in the truth nor predicted."""
    right = confusion.true_positives
    return _ratio(right, right + confusion.false_positives + confusion.false_negatives)


def dice(confusion: Confusion) -> Scores:
    """float64[classes]: 2 tp / (2 tp + fp + fn); NaN for a class neither in the truth nor predicted."""
    right = 2 * confusion.true_positives
    return _ratio(right, right + confusion.false_positives + confusion.false_negatives)


def precision(confusion: Confusion) -> Scores:
    """float64[classes]: tp / (tp + fp); 0 for a class of the truth that is never predicted."""
    right = confusion.true_positives
    scores = _ratio(right, right + confusion.false_positives)
    return np.where(np.isnan(scores) & confusion.with_truth, 0.0, scores)


def recall(confusion: Confusion) -> Scores:
    """float64[classes]: tp / (tp + fn); NaN for a class without truth."""
    return _ratio(confusion.true_positives, confusion.pixels)


def all_scores(confusion: Confusion) -> dict[str, float]:
    """Every row of `METRICS`."""
    return {name: resolve(row)(confusion) for name, row in METRICS.items()}


@dataclass(frozen=True, slots=True)
class ClassScore:
    """The scores of one class; None where they are undefined: the class is not in the truth.

    Attributes:
        pixels: its pixels in the truth.
    """

    id: int
    iou: float | None
    dice: float | None
    precision: float | None
    recall: float | None
    pixels: int


def per_class(confusion: Confusion) -> list[ClassScore]:
    """One row a class, in the order of ids."""
    jaccard, f1, right, found = (_defined(score(confusion), confusion) for score in (iou, dice, precision, recall))
    pixels = confusion.pixels.tolist()
    return [ClassScore(id_, jaccard[id_], f1[id_], right[id_], found[id_], pixels[id_]) for id_ in range(len(pixels))]


def absent_but_predicted(confusion: Confusion) -> dict[int, int]:
    """Class id → pixels predicted as it, for the classes that the truth does not hold."""
    predicted = confusion.counts.sum(axis=0)
    return {int(id_): int(predicted[id_]) for id_ in np.flatnonzero(~confusion.with_truth & (predicted > 0))}


def _ratio(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> Scores:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


def _mean(scores: Scores, confusion: Confusion) -> float:
    scored = scores[confusion.with_truth]
    return float(scored.mean()) if scored.size else float("nan")


def _defined(scores: Scores, confusion: Confusion) -> list[float | None]:
    return [float(score) if truth else None for score, truth in zip(scores, confusion.with_truth, strict=True)]
