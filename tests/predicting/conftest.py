"""The brightness model, in colour and in grey."""

from __future__ import annotations

from dataclasses import replace

import pytest

from predicting.brightness import CONTRACT, Brightness
from unetkit.data.normalise import Normalisation
from unetkit.modelfile import Contract
from unetkit.predicting.predictor import Predictor


@pytest.fixture
def contract() -> Contract:
    return CONTRACT


@pytest.fixture
def predictor(contract: Contract) -> Predictor:
    return Predictor(contract, Brightness())


@pytest.fixture
def grey_predictor(contract: Contract) -> Predictor:
    grey = replace(contract, channels=1, normalisation=Normalisation("train", (128.0,), (64.0,)))
    return Predictor(grey, Brightness())
