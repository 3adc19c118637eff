"""The pictures of a run: curves of loss and scores, and a sheet of image, truth and prediction."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from unetkit.data.arrays import Image, Mask
from unetkit.data.classes import ClassTable
from unetkit.drawing import colourise, encode_png, sheet, to_rgb8
from unetkit.predicting.predictor import Predictor

ROWS = 4
CURVES = ("mean_iou", "mean_dice", "pixel_accuracy")


def curves_png(rows: Sequence[dict[str, Any]], metric: str) -> bytes:
    """Loss on the left, scores on the right, over epochs; PNG bytes.

    Args:
        rows: the rows of `history.jsonl`.
        metric: the score that chooses the best model; its best value is marked.
    """
    figure = Figure(figsize=(10, 3.6), dpi=110, layout="constrained")
    loss_axes, score_axes = figure.subplots(1, 2)
    _curve(loss_axes, rows, "loss", [row["loss"] for row in rows])
    loss_axes.set_title("training loss")
    for name in dict.fromkeys((metric, *CURVES)):
        _curve(score_axes, rows, name, [row["scores"].get(name) for row in rows])
    _mark_best(score_axes, rows, metric)
    score_axes.set_title("scores on the validation split")
    if score_axes.lines:
        score_axes.legend(frameon=False, loc="lower right")
    data = io.BytesIO()
    figure.savefig(data, format="png")
    return data.getvalue()


def sheet_png(predictor: Predictor, pairs: Sequence[tuple[str, Image, Mask]], classes: ClassTable) -> bytes:
    """A row a pair: image, truth, prediction; PNG bytes."""
    rows = [_sheet_row(predictor, name, image, mask, classes) for name, image, mask in pairs[:ROWS]]
    return encode_png(sheet(rows))


def _sheet_row(predictor: Predictor, name: str, image: Image, mask: Mask, classes: ClassTable) -> list[tuple[str, Any]]:
    predicted = predictor.predict(image).mask
    colours = classes.colours
    return [
        (name, to_rgb8(image)),
        ("truth", colourise(mask, colours)),
        ("prediction", colourise(predicted, colours)),
    ]


def _curve(axes: Any, rows: Sequence[dict[str, Any]], name: str, values: Sequence[float | None]) -> None:
    points = [(row["epoch"], value) for row, value in zip(rows, values, strict=True) if value is not None]
    if points:
        x, y = np.array(points).T
        axes.plot(x, y, marker="." if len(points) < 30 else "", label=name)
    axes.set_xlabel("epoch")
    axes.grid(alpha=0.3)


def _mark_best(axes: Any, rows: Sequence[dict[str, Any]], metric: str) -> None:
    best = max(rows, key=lambda row: row["scores"].get(metric, -1.0), default=None)
    if best is None or metric not in best["scores"]:
        return
    value = best["scores"][metric]
    axes.annotate(f"best {value:.4f}", (best["epoch"], value), textcoords="offset points", xytext=(4, 6))
