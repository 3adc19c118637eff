"""The pictures of a run: curves of loss and scores, and a sheet of image, truth and prediction."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from unetkit.data.arrays import Image, Mask
from unetkit.data.classes import ClassTable
from unetkit.drawing import encode_png, legend, sheet
from unetkit.files import write_bytes
from unetkit.predicting.predictor import Predictor
from unetkit.reports.report import TITLES
from unetkit.runs import RunFolder
from unetkit.training.scoring import Scorer
from unetkit.training.session import Session
from unetkit.training.tiles import tiles

ROWS = 4
LETTERS = 16  # of the legend, pixels
CURVES = ("mean_iou", "mean_dice", "pixel_accuracy")
# Told apart without colour, too; the colours are those of Okabe and Ito.
STYLES = (("#0072b2", "-", "o"), ("#d55e00", "--", "s"), ("#009e73", ":", "^"), ("#cc79a7", "-.", "D"))
MOST_MARKED = 40


def draw(run: RunFolder, session: Session, scorer: Scorer) -> None:
    """`curves.png` and `sheet.png` of a run, as things stand.

    Raises:
        Interrupted: a stop was asked for.
    """
    scorer.stop.check()
    progress = session.progress
    best = progress.best if progress.has_best else None
    write_bytes(run.figures / "curves.png", _curves_png(progress.scorings, session.metric, best))
    drawn = _sheet_png(scorer.predictor, scorer.examples(ROWS), session.contract.classes)
    write_bytes(run.figures / "sheet.png", drawn)


def _curves_png(rows: Sequence[dict[str, Any]], metric: str, best: float | None) -> bytes:
    """Loss on the left, scores on the right, over epochs; PNG bytes.

    Args:
        rows: the rows of `history.jsonl`.
        metric: the score that chooses the best model; `best` is its value so far, None without one.
    """
    figure = Figure(figsize=(10, 3.6), dpi=110, layout="constrained")
    loss_axes, score_axes = figure.subplots(1, 2)
    _curve(loss_axes, rows, "loss", [row["loss"] for row in rows], 0)
    loss_axes.set(title="training loss", ylabel="loss")
    for place, name in enumerate(dict.fromkeys((metric, *CURVES))):
        _curve(score_axes, rows, TITLES.get(name, name), [row["scores"].get(name) for row in rows], place)
    score_axes.set(title=f"scores on the validation split{_best(metric, best)}", ylabel="score, 0 to 1")
    if score_axes.lines:
        score_axes.legend(frameon=False)
    data = io.BytesIO()
    figure.savefig(data, format="png")
    return data.getvalue()


def _sheet_png(predictor: Predictor, pairs: Iterable[tuple[str, Image, Mask]], classes: ClassTable) -> bytes:
    """A row a pair: image, truth, prediction; PNG bytes."""
    rows = [tiles(name, image, truth, predictor.predict(image).mask, classes.colours) for name, image, truth in pairs]
    drawn = sheet(rows)
    return encode_png(np.concatenate([drawn, legend(classes.names, classes.colours, drawn.shape[1], LETTERS)]))


def _curve(axes: Any, rows: Sequence[dict[str, Any]], name: str, values: Sequence[float | None], place: int) -> None:
    points = [(row["epoch"], value) for row, value in zip(rows, values, strict=True) if value is not None]
    if points:
        x, y = np.array(points).T
        colour, line, marker = STYLES[place]
        every = max(1, len(points) // MOST_MARKED)
        axes.plot(x, y, color=colour, linestyle=line, marker=marker, markersize=3.5, markevery=every, label=name)
    axes.set_xlabel("epoch")
    axes.grid(alpha=0.3)


def _best(metric: str, best: float | None) -> str:
    return "" if best is None else f": best {TITLES.get(metric, metric)} {best:.4f}"
