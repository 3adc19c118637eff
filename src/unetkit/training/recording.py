"""Observers that write: `history.jsonl`, TensorBoard events, and the figures drawn as the run goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch.utils.tensorboard.writer import SummaryWriter

from unetkit.console import event
from unetkit.errors import Interrupted
from unetkit.runs import RunFolder
from unetkit.training.interrupt import Interruption
from unetkit.training.observers import Scoring, StepRecord

FIGURE_SECONDS = 60.0
EVENT_STEPS = 10


class History:
    """Keeps `history.jsonl`, a row a scoring: the only source of curves."""

    def __init__(self, run: RunFolder, rows: list[dict[str, Any]]) -> None:
        self._run = run
        self._rows = rows

    def stepped(self, record: StepRecord) -> None:
        """Steps are not kept; their loss stands in the next scoring."""

    def scored(self, scoring: Scoring) -> None:
        """Write the file anew, whole; the row was already added to the progress, whose list this is."""
        self._run.write_history(self._rows)
        event("scoring", step=scoring.step, best=scoring.best, **scoring.scores)

    def close(self) -> None:
        """Nothing is open."""


class TensorBoard:
    """Writes TensorBoard events under `events/`; what a killed run wrote after `step`, where this begins, is hidden."""

    def __init__(self, folder: Path, step: int = 0) -> None:
        self._writer = SummaryWriter(str(folder), purge_step=step + 1 if step else None)

    def stepped(self, record: StepRecord) -> None:
        """Every tenth step: loss, rate, gradient norm and speed."""
        if record.step % EVENT_STEPS:
            return
        values = {
            "train/loss": record.loss,
            "train/learning_rate": record.rate,
            "train/gradient_norm": record.gradient_norm,
            "speed/images_per_second": record.images / record.seconds,
        }
        for name, value in values.items():
            self._writer.add_scalar(name, value, record.step)  # pyright: ignore[reportUnknownMemberType]

    def scored(self, scoring: Scoring) -> None:
        """Every score of a scoring."""
        for name, value in scoring.scores.items():
            self._writer.add_scalar(f"val/{name}", value, scoring.step)  # pyright: ignore[reportUnknownMemberType]

    def close(self) -> None:
        """Flush and close the events file."""
        self._writer.close()


class Figures:
    """Draws curves and the image / truth / prediction sheet, at most once a minute while the run goes on.

    Args:
        draw: raises Interrupted when a stop was asked for: no signal waits for pictures.
        stop: whether it was; the loop ends the run, after it has saved it.
    """

    def __init__(self, draw: Callable[[], None], stop: Interruption) -> None:
        self._draw = draw
        self._stop = stop
        self._last = time.monotonic()

    def stepped(self, record: StepRecord) -> None:
        """Steps are not drawn."""

    def scored(self, _scoring: Scoring) -> None:
        """Draw when the last picture is old."""
        if time.monotonic() - self._last < FIGURE_SECONDS:
            return
        try:
            self._draw()
        except Interrupted:
            if self._stop.at_once:
                raise
        self._last = time.monotonic()

    def close(self) -> None:
        """The last picture is drawn by whoever ends the run."""
