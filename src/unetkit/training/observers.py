"""What is told while a run goes on, and to whom: the screen, the history, TensorBoard, the figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One optimiser step. Times are in seconds; `waited` is the part of `seconds` spent waiting for data."""

    step: int
    total: int
    epoch: float
    loss: float
    gradient_norm: float
    rate: float
    seconds: float
    waited: float
    images: int


@dataclass(frozen=True, slots=True)
class Scoring:
    """One scoring on the whole validation split.

    Attributes:
        step, epoch: where the run was.
        loss: mean over the steps since the last scoring; None before the first step.
        seconds: of training, over all parts of the run.
        rate: the learning rate of the last step; None before the first.
        scores: name → value, 0..1.
        metric: the score that chooses the best model.
        best: whether this is the best so far.
    """

    step: int
    epoch: float
    loss: float | None
    seconds: float
    rate: float | None
    scores: dict[str, float]
    metric: str
    best: bool

    def to_json(self) -> dict[str, Any]:
        """A row of `history.jsonl`."""
        return asdict(self)


class Observer(Protocol):
    """Anything that wants to know. It must not change the run."""

    def stepped(self, record: StepRecord, /) -> None:
        """After each optimiser step."""
        ...

    def scored(self, scoring: Scoring, /) -> None:
        """After each scoring."""
        ...

    def close(self) -> None:
        """After the last step, or when the run was stopped."""
        ...
