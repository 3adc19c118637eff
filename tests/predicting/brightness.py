"""A model that any person can predict: bright pixels are sky, dark ones sea. For the rooms that use a Predictor."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from unetkit.data.arrays import Floats, Image
from unetkit.data.classes import ClassTable
from unetkit.data.normalise import Normalisation
from unetkit.data.resize import Fit
from unetkit.modelfile import Contract
from unetkit.predicting.predictor import Predictor

CONTRACT = Contract(
    network="unet",
    settings={},
    classes=ClassTable.from_text("0=sea,255=sky"),
    channels=3,
    depth=8,
    normalisation=Normalisation("train", (128.0,) * 3, (64.0,) * 3),
    size=Fit(24, 32),
    outputs=2,
)


class Brightness:
    """A backend without a network: the mean of the normalised channels is the score of the sky."""

    name = "brightness"

    def scores(self, batch: Floats) -> Floats:
        sky = batch.mean(axis=1)
        return np.stack([-sky, sky], axis=1)


def scene(height: int, width: int, horizon: int, channels: int = 3) -> Image:
    """Bright down to `horizon`."""
    image = np.full((height, width, channels), 30, np.uint8)
    image[:horizon] = 220
    return image


def stand_in(job: ModuleType, predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    """MODEL is this predictor for a job, whatever the file is called and holds."""

    def load(path: str, *, device: str, threads: int, channels: str) -> Predictor:
        return Predictor(predictor.contract, predictor.backend, channels=channels)

    monkeypatch.setattr(job, "load", load)
