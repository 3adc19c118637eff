"""A model that any person can predict: bright pixels are sky, dark ones sea."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from unetkit.data.arrays import Floats
from unetkit.data.classes import ClassTable
from unetkit.data.normalise import Normalisation
from unetkit.data.resize import Fit
from unetkit.modelfile import Contract
from unetkit.predicting.predictor import Predictor


class Brightness:
    """A backend without a network: the mean of the normalised channels is the score of the sky."""

    name = "brightness"

    def __init__(self) -> None:
        self.batches: list[int] = []

    def scores(self, batch: Floats) -> Floats:
        self.batches.append(len(batch))
        sky = batch.mean(axis=1)
        return np.stack([-sky, sky], axis=1)


@pytest.fixture
def contract() -> Contract:
    return Contract(
        network="unet",
        settings={},
        classes=ClassTable.from_text("0=sea,255=sky"),
        channels=3,
        depth=8,
        normalisation=Normalisation("train", (128.0,) * 3, (64.0,) * 3),
        size=Fit(24, 32),
        outputs=2,
    )


@pytest.fixture
def predictor(contract: Contract) -> Predictor:
    return Predictor(contract, Brightness())


@pytest.fixture
def grey_predictor(contract: Contract) -> Predictor:
    grey = replace(contract, channels=1, normalisation=Normalisation("train", (128.0,), (64.0,)))
    return Predictor(grey, Brightness())
