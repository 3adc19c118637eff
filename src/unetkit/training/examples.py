"""The best and the worst images of the validation split, drawn for the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from unetkit.data.arrays import Mask, ignore_value
from unetkit.data.pair import Pair
from unetkit.drawing import RGB, encode_png, sheet
from unetkit.evaluating.report import ImageScore, ScoreReport
from unetkit.files import write_bytes, write_json
from unetkit.runs import RunFolder
from unetkit.training.scoring import Scorer
from unetkit.training.session import Session
from unetkit.training.tiles import tiles

EACH = 3
WRONG, RIGHT, UNSCORED = (213, 94, 0), (235, 238, 242), (120, 120, 120)


def draw_examples(run: RunFolder, session: Session, scorer: Scorer, report: ScoreReport) -> None:
    """Write `figures/best-n.png`, `figures/worst-n.png` and `figures/examples.json`, which says what they show."""
    pairs = {pair.image: pair for pair in session.material.val}
    entries: list[dict[str, Any]] = []
    for kind, rows in chosen(report.rows).items():
        for number, row in enumerate(rows, 1):
            file = f"{kind}-{number}.png"
            write_bytes(run.figures / file, encode_png(_strip(session, scorer, pairs[row.image])))
            entries.append({"file": file, "image": row.image, "kind": kind, "accuracy": accuracy(row)})
    classes = [{"name": row.name, "colour": list(row.colour)} for row in session.contract.classes.classes]
    write_json(run.figures / "examples.json", {"examples": entries, "classes": classes})


def chosen(rows: Sequence[ImageScore]) -> dict[str, list[ImageScore]]:
    """The worst and the best images by share of right pixels, none in both."""
    ordered = sorted((row for row in rows if pixels(row)), key=accuracy)
    each = min(EACH, (len(ordered) + 1) // 2)
    return {"worst": ordered[:each], "best": ordered[each:][::-1][:each]}


def accuracy(row: ImageScore) -> float:
    """Share of an image's scored pixels that are right."""
    return int(row.true_positives.sum()) / pixels(row)


def pixels(row: ImageScore) -> int:
    """The scored pixels of an image."""
    return int(row.true_positives.sum() + row.false_negatives.sum())


def _strip(session: Session, scorer: Scorer, pair: Pair) -> RGB:
    image, truth = scorer.read(pair)
    predicted = scorer.predictor.predict(image).mask
    row = tiles("image", image, truth, predicted, session.contract.classes.colours)
    return sheet([[*row, ("errors", errors(truth, predicted))]], width=240)


def errors(truth: Mask, predicted: Mask) -> RGB:
    """H×W×3: wrong pixels orange, right ones light, ignored ones grey."""
    picture = np.empty((*truth.shape, 3), np.uint8)
    picture[:] = RIGHT
    picture[truth != predicted] = WRONG
    picture[truth == ignore_value(truth)] = UNSCORED
    return picture
