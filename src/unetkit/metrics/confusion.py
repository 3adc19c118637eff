"""The confusion matrix: every score of this house is a function of these exact counts."""

from __future__ import annotations

import numpy as np

from unetkit.data.arrays import Counts, Mask, ignore_value


class Confusion:
    """Pixels by class in the truth (rows) and class predicted (columns).

    Attributes:
        counts: int64, classes × classes. Exact: no float is added up anywhere.
    """

    __slots__ = ("counts",)

    def __init__(self, classes: int, counts: Counts | None = None) -> None:
        self.counts: Counts = np.zeros((classes, classes), np.int64) if counts is None else counts
        if self.counts.shape != (classes, classes):
            raise ValueError(f"the counts of {classes} classes are {classes}×{classes}, not {self.counts.shape}")

    def update(self, truth: Mask, predicted: Mask, ignore: int | None = None) -> None:
        """Add the pixels of one mask.

        Args:
            truth: H×W ids; what equals `ignore` is not counted.
            predicted: H×W ids, all below the number of classes.
            ignore: 255, or 65535 where `truth` is uint16, when not given.

        Raises:
            ValueError: the shapes differ, or an id is none of the classes.
        """
        if truth.shape != predicted.shape:
            raise ValueError(f"truth is {truth.shape}, prediction {predicted.shape}")
        if not truth.size:
            return
        ignore = ignore_value(truth) if ignore is None else ignore
        if len(self.counts) <= 256 and truth.dtype == predicted.dtype == np.uint8:
            self.counts += _counted_small(truth, predicted, ignore, len(self.counts))
        else:
            self.counts += _counted(truth, predicted, ignore, len(self.counts))

    def __add__(self, other: Confusion) -> Confusion:
        return Confusion(len(self.counts), self.counts + other.counts)

    @property
    def true_positives(self) -> Counts:
        """int64[classes]: pixels of a class predicted as it."""
        return self.counts.diagonal()

    @property
    def false_positives(self) -> Counts:
        """int64[classes]: pixels of other classes predicted as it."""
        return self.counts.sum(axis=0) - self.counts.diagonal()

    @property
    def false_negatives(self) -> Counts:
        """int64[classes]: its pixels predicted as another class."""
        return self.counts.sum(axis=1) - self.counts.diagonal()

    @property
    def pixels(self) -> Counts:
        """int64[classes]: its pixels in the truth."""
        return self.counts.sum(axis=1)

    @property
    def with_truth(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """bool[classes]: the classes that the truth holds; means run over these."""
        return self.pixels > 0


def _counted_small(truth: Mask, predicted: Mask, ignore: int, classes: int) -> Counts:
    # 256 rows, one for each value a byte can have: ignored pixels need no selection (4 times slower than the counting)
    # and ids that are no class show up as counts where none may be. 255 * 256 + 255 still fits in 16 bits.
    _refuse_over(predicted, classes)
    index = truth.astype(np.uint16)
    index *= np.uint16(classes)
    index += predicted
    table = np.bincount(index.ravel(), minlength=256 * classes).reshape(256, classes)
    table[ignore] = 0
    foreign = np.flatnonzero(table.any(axis=1))[-1:]
    _refuse_over(foreign, classes)
    return table[:classes].astype(np.int64, copy=False)


def _counted(truth: Mask, predicted: Mask, ignore: int, classes: int) -> Counts:
    scored = truth != ignore
    rows, columns = truth[scored].astype(np.int64), predicted[scored].astype(np.int64)
    _refuse_over(rows, classes)
    _refuse_over(columns, classes)
    return np.bincount(rows * classes + columns, minlength=classes**2).reshape(classes, classes).astype(np.int64)


def _refuse_over(ids: Mask | Counts, classes: int) -> None:
    if ids.size and int(ids.max()) >= classes:
        raise _no_class(int(ids.max()), classes)


def _no_class(id_: int, classes: int) -> ValueError:
    return ValueError(f"id {id_} is none of the {classes} classes 0..{classes - 1}")
