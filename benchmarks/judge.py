"""Runs of unetkit that are scored by others as they go: the command itself, whose clock stands still meanwhile.

What a judge does counts for nobody: neither for the time of the run, nor for what the run learns about its own pace,
and no batch is made in advance while it looks.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from unittest import mock

from unetkit.cli.app import main
from unetkit.runs import RunFolder
from unetkit.training import running
from unetkit.training.batches import Batch, BatchMaker
from unetkit.training.observers import Observer, Scoring, StepRecord
from unetkit.training.scoring import Scorer
from unetkit.training.session import Session

Due = Callable[[int, float], bool]
"""From step and seconds of the run, whether to look after this step."""
Look = Callable[[Session, Scorer, int, float], None]
"""Gets the session, the scorer of its averaged weights, the step, and the seconds of the run so far."""


@dataclass(slots=True)
class Judge:
    """An observer that stops the clock while it looks.

    Attributes:
        making: held while a batch is made, and while the judge looks.
        step: the last one made.
        seen: the last one looked at.
    """

    session: Session
    scorer: Scorer
    due: Due | None
    look: Look
    making: threading.Lock
    step: int = 0
    seen: int = 0

    def stepped(self, record: StepRecord) -> None:
        """Look if it is time."""
        self.step = record.step
        if self.due is not None and self.due(self.step, self.session.clock()):
            self._look()

    def scored(self, scoring: Scoring) -> None:
        """Look at what the run has scored, if nobody says when; else that is its own affair."""
        if self.due is None and scoring.step:
            self._look()

    def close(self) -> None:
        """Look at the weights that the last step left."""
        if self.seen < self.step:
            self._look()

    def _look(self) -> None:
        with self.making:  # to wait for the batch in work is part of the run
            seconds, started = self.session.clock(), time.monotonic()
            self.look(self.session, self.scorer, self.step, seconds)
            self.session.clock.started += time.monotonic() - started
        self.seen = self.step


def judged(words: Sequence[str], *, started: float, due: Due | None, look: Look) -> int:
    """Serve `unetkit WORDS` in this process, with a judge beside its loop; the exit code.

    Args:
        started: `time.time()` at which the process began.
        due: when to look; None looks whenever the run scores its validation part.
    """
    making, make = threading.Lock(), BatchMaker.make
    observers = running._observers  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - who watches a run is nowhere else to be changed

    def make_alone(maker: BatchMaker, number: int) -> Batch:
        with making:
            return make(maker, number)

    def with_judge(run: RunFolder, session: Session, scorer: Scorer, screen: Any) -> list[Observer]:
        return [*observers(run, session, scorer, screen), Judge(session, scorer, due, look, making)]

    with (
        mock.patch.object(BatchMaker, "make", make_alone),
        mock.patch.object(running, "_observers", with_judge),
        contextlib.redirect_stdout(sys.stderr),
    ):
        return main(list(words), started=started)
