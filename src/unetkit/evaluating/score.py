"""Scoring pairs with a Predictor: the one function behind `evaluate` and behind training's own scores.

Decoding and preparing run in threads ahead of the network, growing to native size and counting in threads behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from unetkit.data.arrays import Floats, Image, Mask
from unetkit.data.pair import Pair
from unetkit.data.parallel import ordered
from unetkit.errors import TrainingDiverged
from unetkit.evaluating.protocol import Choice, describe_protocol
from unetkit.evaluating.report import ImageScore, ScoreReport
from unetkit.metrics.baselines import constant, grown
from unetkit.metrics.confusion import Confusion
from unetkit.metrics.scores import all_scores
from unetkit.modelfile import Contract, Fingerprint
from unetkit.predicting.predictor import Predictor

Read = Callable[[Pair], tuple[Image, Mask]]
NOTHING_CHOSEN = Choice()


def score(
    predictor: Predictor,
    pairs: Iterable[Pair],
    read: Read,
    *,
    split: str,
    hashes: Mapping[str, str] | None = None,
    choice: Choice = NOTHING_CHOSEN,
    fingerprint: Fingerprint | None = None,
) -> ScoreReport:
    """Score the model on `pairs` at native size.

    Args:
        predictor: the model.
        pairs: what to score.
        read: gives H×W×C pixels and the H×W mask of a pair, at native size, in the model's class ids; called from
            several threads.
        split: what the pairs are, for the report.
        hashes: SHA-256 of the image file by path, for `images.csv`, and to know images that were trained on.
        choice: what was decided before, for the report.
        fingerprint: where the baselines come from; the contract's when not given.

    Raises:
        DataError: a pair cannot be read, or is not the model's kind of image.
        TrainingDiverged: the scores are NaN or infinite.
    """
    known = fingerprint or predictor.contract.fingerprint
    tally = count(predictor, pairs, read, hashes=hashes, fingerprint=known)
    return report_of(tally, predictor.contract, split=split, choice=choice, fingerprint=known)


def count(
    predictor: Predictor,
    pairs: Iterable[Pair],
    read: Read,
    *,
    hashes: Mapping[str, str] | None = None,
    fingerprint: Fingerprint,
) -> Tally:
    """The pixels that scores are made of; arguments and errors are those of `score`. Tallies can be added."""
    classes, trained = len(predictor.contract.classes), predictor.contract.fingerprint
    tally = Tally(Confusion(classes), Confusion(classes))
    for one in _counted(predictor, pairs, read, _Baselines(fingerprint, classes)):
        sha256 = (hashes or {}).get(one.pair.image, "")
        tally.add(one, sha256, trained.holds(sha256) if sha256 and trained.images else None)
    return tally


def report_of(
    tally: Tally, contract: Contract, *, split: str, choice: Choice = NOTHING_CHOSEN, fingerprint: Fingerprint
) -> ScoreReport:
    """Scores, protocol and baselines of what was counted."""
    return ScoreReport(
        split=split,
        protocol=describe_protocol(
            contract,
            tally.confusion,
            split=split,
            ignored=tally.ignored,
            trained_on=[row.trained_on for row in tally.rows],
            choice=choice,
        ),
        classes=contract.classes,
        confusion=tally.confusion,
        baseline=_Baselines(fingerprint, len(contract.classes)).scores(tally.confusion, tally.position),
        rows=tuple(tally.rows),
    )


# --- the pipeline -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    pair: Pair
    prepared: Floats
    mask: Mask


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    """The pixels of one image; `position` is the baseline's confusion."""

    pair: Pair
    confusion: Confusion
    position: Confusion | None
    ignored: int


@dataclass(slots=True, eq=False)
class Tally:
    """All images so far; of each only its row is kept, not its matrix. `position` is the baseline's confusion."""

    confusion: Confusion
    position: Confusion
    ignored: int = 0
    rows: list[ImageScore] = field(default_factory=list[ImageScore])

    def add(self, one: _Counted, sha256: str, trained_on: bool | None) -> None:
        """Count one more image."""
        self.confusion += one.confusion
        self.ignored += one.ignored
        if one.position is not None:
            self.position += one.position
        self.rows.append(ImageScore.of(one.pair, sha256, trained_on, one.confusion))

    def __add__(self, other: Tally) -> Tally:
        """Both, exactly: the counts are whole numbers."""
        counts = self.confusion + other.confusion, self.position + other.position
        return Tally(*counts, self.ignored + other.ignored, [*self.rows, *other.rows])


def _counted(predictor: Predictor, pairs: Iterable[Pair], read: Read, baselines: _Baselines) -> Iterator[_Counted]:
    def prepare(pair: Pair) -> _Work:
        image, mask = read(pair)
        return _Work(pair, predictor.prepare(image, pair.image), mask)

    def count(item: tuple[_Work, Floats]) -> _Counted:
        work, scores = item
        if not np.isfinite(scores).all():
            raise TrainingDiverged(
                "the network's scores are NaN or infinite",
                where=work.pair.image,
                advice="train again with a lower --lr, or with --training.clip 1",
            )
        confusion = Confusion(len(predictor.contract.classes))
        confusion.update(work.mask, predictor.labels(scores, *work.mask.shape))
        ignored = work.mask.size - int(confusion.counts.sum())
        return _Counted(work.pair, confusion, baselines.position(work.mask), ignored)

    return ordered(count, _scored(predictor, ordered(prepare, pairs)))


def _scored(predictor: Predictor, works: Iterator[_Work]) -> Iterator[tuple[_Work, Floats]]:
    while batch := list(islice(works, predictor.batch)):
        yield from zip(batch, predictor.scores([work.prepared for work in batch]), strict=True)


# --- the baselines ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Baselines:
    """The two baselines, all of the commonest class and the position prior, as far as the fingerprint knows them."""

    fingerprint: Fingerprint
    classes: int

    def position(self, mask: Mask) -> Confusion | None:
        """The confusion of the position prior on one mask."""
        if self.fingerprint.position is None:
            return None
        confusion = Confusion(self.classes)
        confusion.update(mask, grown(self.fingerprint.position, *mask.shape))
        return confusion

    def scores(self, confusion: Confusion, position: Confusion) -> dict[str, dict[str, float]]:
        """Baseline → score name → value."""
        baselines: dict[str, dict[str, float]] = {}
        if self.fingerprint.pixels:
            baselines["constant"] = constant(np.array(self.fingerprint.pixels, np.int64), confusion.pixels)
        if self.fingerprint.position is not None:
            baselines["position"] = all_scores(position)
        return baselines
