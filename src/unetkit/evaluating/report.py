"""What a scoring gives: exact counts, the scores made of them, and how they came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from unetkit.data.arrays import Counts
from unetkit.data.classes import ClassTable
from unetkit.data.pair import Pair
from unetkit.metrics.confusion import Confusion
from unetkit.metrics.scores import absent_but_predicted, all_scores, per_class


@dataclass(frozen=True, slots=True, eq=False)
class ImageScore:
    """The counts of one image, enough to score any set of images anew.

    Attributes:
        image: path, relative to the data set's root.
        sha256: of the image file; "" where it was not computed.
        group: "" without one.
        trained_on: whether the model was trained on it; None where it is not known.
        true_positives, false_positives, false_negatives: int64[classes], pixels.
    """

    image: str
    sha256: str
    group: str
    trained_on: bool | None
    true_positives: Counts
    false_positives: Counts
    false_negatives: Counts

    @classmethod
    def of(cls, pair: Pair, sha256: str, trained_on: bool | None, confusion: Confusion) -> ImageScore:
        """From the confusion matrix of the image alone."""
        # The diagonal is a view that would keep the whole matrix alive.
        counts = (confusion.true_positives.copy(), confusion.false_positives, confusion.false_negatives)
        return cls(pair.image, sha256, pair.group or "", trained_on, *counts)


@dataclass(frozen=True, slots=True, eq=False)
class ScoreReport:
    """Scores of one model on one split.

    Attributes:
        split: "train", "val", "test" or "all".
        protocol: how it was scored; see `protocol.py`.
        classes: of the model.
        confusion: over all pixels of all images.
        baseline: "constant" and "position" → score name → value; a baseline that cannot be known here is absent.
        rows: one for each image, in order.
        model, data: what was scored, on what, as the user named them.
    """

    split: str
    protocol: Mapping[str, Any]
    classes: ClassTable
    confusion: Confusion
    baseline: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])
    rows: tuple[ImageScore, ...] = ()
    model: str = ""
    data: str = ""

    @property
    def scores(self) -> dict[str, float]:
        """Score name → value in 0..1; NaN when no pixel was scored."""
        return all_scores(self.confusion)

    def to_json(self) -> dict[str, Any]:
        """The document `unetkit.scores`, version 1."""
        names = self.classes.names
        absent = absent_but_predicted(self.confusion)
        return {
            "schema": "unetkit.scores",
            "version": 1,
            "model": self.model,
            "data": self.data,
            "split": self.split,
            "images": len(self.rows),
            "protocol": dict(self.protocol),
            "scores": self.scores,
            "per_class": [{"name": names[row.id], **asdict(row)} for row in per_class(self.confusion)],
            "absent_but_predicted": [{"id": id_, "name": names[id_], "pixels": n} for id_, n in absent.items()],
            "baseline": {name: dict(scores) for name, scores in self.baseline.items()},
            "confusion": self.confusion.counts.tolist(),
        }
