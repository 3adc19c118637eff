"""What is written while a run goes on."""

import time
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from unetkit.training.observers import Scoring
from unetkit.training.recording import TensorBoard


def scored(folder: Path, first: int, last: int, value: float, begin: int = 0) -> None:
    board = TensorBoard(folder, begin)
    for step in range(first, last + 1):
        board.scored(Scoring(step, step, 0.5, step, 1e-3, {"mean_iou": value}, "mean_iou", best=False))
    board.close()


def test_what_a_killed_run_wrote_after_its_state_is_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(time, "time", lambda: 1.0)
    scored(tmp_path, 1, 5, 0.25)
    monkeypatch.setattr(time, "time", lambda: 2.0)  # within a second the order of two files is not known
    scored(tmp_path, 4, 6, 0.75, begin=3)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    curve = {event.step: event.value for event in events.Scalars("val/mean_iou")}
    assert curve == {1: 0.25, 2: 0.25, 3: 0.25, 4: 0.75, 5: 0.75, 6: 0.75}
    assert len(events.Scalars("val/mean_iou")) == 6
