"""The live table of a run: loss, score, learning rate, speed, time left, share of the time spent waiting for data."""

from __future__ import annotations

from collections import deque

from rich.table import Table

from unetkit.console import View
from unetkit.training.observers import Scoring, StepRecord

WINDOW = 50  # steps over which speed and loss are averaged
COLUMNS = ("step", "epoch", "loss", "score", "best", "learning rate", "images/s", "waiting", "left")
LINES = 20  # of a run, about, on a screen that cannot be drawn over


class Screen:
    """An observer that draws; `render` is what `console.live` shows."""

    def __init__(self, metric: str, best: float | None = None) -> None:
        """A run that goes on has its best score already; None where there is none yet."""
        self._metric = metric
        self._recent: deque[StepRecord] = deque(maxlen=WINDOW)
        self._score: Scoring | None = None
        self._best = best
        self._view: View | None = None
        self._rows: deque[tuple[str, ...]] = deque(maxlen=8)
        self._landmark = -1

    def attach(self, view: View) -> None:
        """Where to draw."""
        self._view = view

    def stepped(self, record: StepRecord) -> None:
        """Take in a step; redraw when it is time."""
        self._recent.append(record)
        if self._view is not None:
            self._view.refresh()

    def scored(self, scoring: Scoring) -> None:
        """Take in a scoring: it stays on the screen as a row."""
        self._score = scoring
        if scoring.best:
            self._best = scoring.scores.get(self._metric)
        self._rows.append(self._cells())
        landmark = LINES * scoring.step // self._recent[-1].total if self._recent else 0
        if self._view is not None and landmark > self._landmark:
            self._landmark = landmark
            self._view.line(self._sentence(), step=scoring.step, score=scoring.scores.get(self._metric))
        if self._view is not None:
            self._view.refresh()

    def close(self) -> None:
        """Nothing to close: the last table stays on the screen."""

    def render(self) -> Table:
        """The last scorings and, below them, where the run is now."""
        table = Table(box=None, pad_edge=False)
        for name in COLUMNS:
            table.add_column(self._metric if name == "score" else name, justify="right")
        for row in self._rows:
            table.add_row(*row, style="dim")
        if self._recent and not (self._score and self._score.step == self._recent[-1].step):
            table.add_row(*self._cells(), style="bold")
        return table

    def _cells(self) -> tuple[str, ...]:
        score = _four(None if self._score is None else self._score.scores.get(self._metric))
        if not self._recent:
            begun = self._score is not None and self._score.step > 0
            where = (f"{self._score.step}", f"{self._score.epoch:.1f}") if self._score and begun else ("0", "0")
            return (*where, "–", score, _four(self._best), "–", "–", "–", "–")
        last = self._recent[-1]
        seconds = sum(record.seconds for record in self._recent)
        waited = sum(record.waited for record in self._recent)
        left = (last.total - last.step) * seconds / len(self._recent)
        return (
            f"{last.step}/{last.total}",
            f"{last.epoch:.1f}",
            f"{sum(record.loss for record in self._recent) / len(self._recent):.4f}",
            score,
            _four(self._best),
            f"{last.rate:.2g}",
            f"{last.images * len(self._recent) / seconds:.0f}",
            f"{waited / seconds:.0%}",
            duration(left),
        )

    def _sentence(self) -> str:
        cells = dict(zip(COLUMNS, self._cells(), strict=True))
        return (
            f"step {cells['step']}  epoch {cells['epoch']}  loss {cells['loss']}  {self._metric} {cells['score']} "
            f"(best {cells['best']})  rate {cells['learning rate']}  {cells['images/s']} images/s  "
            f"waiting {cells['waiting']}  {cells['left']} left"
        )


def _four(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def duration(seconds: float) -> str:
    """Seconds as people say them: "42 s", "3:05 min", "2:07 h"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d} h"
