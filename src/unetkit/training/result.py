"""What a training gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Landmark:
    """A score and the optimiser step at which it was reached."""

    metric: str
    value: float
    step: int

    def to_json(self) -> dict[str, Any]:
        """As in the document `unetkit.run`."""
        return {"metric": self.metric, "value": self.value, "step": self.step}


@dataclass(frozen=True, slots=True)
class TrainResult:
    """Where things are, and how good.

    Attributes:
        run, model: the run folder, and the model file in it.
        seconds: of training, over all parts of the run; each counts from the start of its process or call.
        steps: optimiser steps made.
        best, last: of the run's metric on the validation split; None without one.
        scores: of the saved model on the validation split, as `evaluate` writes them; None without one.
    """

    run: Path
    model: Path
    seconds: float
    steps: int
    best: Landmark | None
    last: Landmark | None
    scores: dict[str, Any] | None

    @classmethod
    def from_json(cls, document: Mapping[str, Any], run: Path, model: Path) -> TrainResult:
        """The result as a run has written it, of a folder that may have been moved since."""
        best, last = (Landmark(**document[name]) if document[name] else None for name in ("best", "last"))
        return cls(run, model, document["seconds"], document["steps"], best, last, document["scores"])

    def to_json(self) -> dict[str, Any]:
        """The document `unetkit.run`, version 1."""
        return {
            "schema": "unetkit.run",
            "version": 1,
            "run": str(self.run),
            "model": str(self.model),
            "seconds": round(self.seconds, 3),
            "steps": self.steps,
            "best": self.best.to_json() if self.best else None,
            "last": self.last.to_json() if self.last else None,
            "scores": self.scores,
        }
