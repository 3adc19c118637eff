"""What is written is what the reference promises."""

import json
from pathlib import Path
from typing import Any

import pytest

from unetkit.data.arrays import Image, Mask
from unetkit.data.pair import Pair
from unetkit.evaluating.score import score
from unetkit.files import plain
from unetkit.modelfile import Fingerprint
from unetkit.predicting.predictor import Predictor

jsonschema = pytest.importorskip("jsonschema")

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "json" / "scores.json"


@pytest.mark.parametrize("fingerprint", [None, Fingerprint.of(["ab"])])
def test_scores_fit_the_published_schema(
    fingerprint: Fingerprint | None, predictor: Predictor, scenes: dict[Pair, tuple[Image, Mask]]
) -> None:
    report = score(predictor, list(scenes), scenes.__getitem__, split="val", fingerprint=fingerprint)
    schema: dict[str, Any] = json.loads(REFERENCE.read_text())
    jsonschema.validate(plain(report.to_json()), schema)
