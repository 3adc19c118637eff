"""What colour alone can say: a logistic regression on the pixels of the train split, scored on the test split."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from unetkit.data.arrays import IGNORE
from unetkit.data.dataset import DataSet, open_data
from unetkit.data.pair import Pair
from unetkit.metrics.confusion import Confusion
from unetkit.metrics.scores import all_scores

PIXELS_PER_IMAGE = 500


def colour_baseline(run: Path, seed: int = 0) -> dict[str, float]:
    """The scores, on a run's test split, of a classifier that sees one pixel's colour and its square."""
    dataset = open_data(run)
    generator = np.random.default_rng(seed)
    drawn = [_draw(dataset, pair, generator) for pair in dataset.split("train")]
    features = np.concatenate([colours for colours, _ in drawn])
    labels = np.concatenate([ids for _, ids in drawn])
    model = LogisticRegression(max_iter=1000).fit(features, labels)
    return all_scores(_score(dataset, dataset.split("test"), model))


def _score(dataset: DataSet, pairs: Iterable[Pair], model: LogisticRegression) -> Confusion:
    confusion = Confusion(len(dataset.classes.names))
    for pair in pairs:
        image, mask = dataset.read(pair)
        predicted = np.asarray(model.predict(_features(image.reshape(-1, image.shape[2])))).reshape(mask.shape)
        confusion.update(mask, predicted.astype(mask.dtype))
    return confusion


def _draw(dataset: DataSet, pair: Pair, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    image, mask = dataset.read(pair)
    labelled = np.flatnonzero(mask.reshape(-1) != IGNORE)
    chosen = generator.choice(labelled, min(PIXELS_PER_IMAGE, len(labelled)), replace=False)
    return _features(image.reshape(-1, image.shape[2])[chosen]), mask.reshape(-1)[chosen]


def _features(colours: np.ndarray) -> np.ndarray:
    scaled = colours.astype(np.float64) / 255 - 0.5
    return np.concatenate([scaled, scaled**2], axis=1)
