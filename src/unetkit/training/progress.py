"""How far a run has come: everything besides tensors that a checkpoint must hold to go on as if never stopped."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Any

from unetkit.training.divergence import Guard
from unetkit.training.schedule import Plateau

STEADY = 5  # scorings whose mean says how good weights are: a single one on a small validation part is half luck


@dataclass(slots=True)
class Progress:
    """Counters and scores.

    Attributes:
        step: optimiser steps made.
        rate: learning rate of the last step; None before the first.
        best, best_step: of the weights that are kept, the value of the run's metric and the step; −inf and 0 before
            the first scoring. They are those whose mean with the scorings before is highest, not whose value is.
        waited: scorings since then.
        plateau: state of the plateau schedule.
        guard: what watches for a loss that jumps.
        scored_step, scored_at: step and clock (seconds of training) of the last scoring; −1 before the first.
        scoring_seconds: what the last scoring took.
        loss_sum, loss_steps: losses added up since the last scoring, and their number.
        scorings: a row a scoring, as in `history.jsonl`.
        spent: seconds by what they went into, as `bottleneck.Spent.total` has them.
    """

    step: int = 0
    rate: float | None = None
    best: float = -math.inf
    best_step: int = 0
    waited: int = 0
    plateau: Plateau = field(default_factory=Plateau)
    guard: Guard = field(default_factory=Guard)
    scored_step: int = -1
    scored_at: float = 0.0
    scoring_seconds: float = 0.0
    loss_sum: float = 0.0
    loss_steps: int = 0
    scorings: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    spent: dict[str, float] = field(default_factory=dict[str, float])

    def stepped(self, loss: float, rate: float) -> None:
        """Take in a step."""
        self.step += 1
        self.rate = rate
        self.loss_sum += loss
        self.loss_steps += 1

    def begins_anew(self) -> None:
        """Forget losses and patience: more was asked for, the rate is high again, and so is the loss."""
        self.guard.forget()
        self.waited = 0

    def take_mean_loss(self) -> float | None:
        """The mean loss since this was last asked for; None when there was no step."""
        mean = self.loss_sum / self.loss_steps if self.loss_steps else None
        self.loss_sum, self.loss_steps = 0.0, 0
        return mean

    def scored(self, scores: dict[str, float], metric: str, now: float, took: float) -> bool:
        """Take in a scoring; says whether its weights are the best so far. One without the metric tests no patience."""
        self.scored_step, self.scored_at, self.scoring_seconds = self.step, now, took
        if metric not in scores:
            return False
        value = scores[metric]
        better = not self.has_best or self._mean(metric, self.step, [value]) > self._mean(metric, self.best_step)
        self.plateau = self.plateau.after(value)
        self.waited = 0 if better else self.waited + 1
        if better:
            self.best, self.best_step = value, self.step
        return better

    def _mean(self, metric: str, step: int, new: Sequence[float] = ()) -> float:
        """Of the last scorings up to `step`.

        None counts from its first half, nor of weights that the run had given up by then: the network was another.
        """
        given_up = [range(kept + 1, jump) for jump, kept in self.guard.recoveries if jump <= step]
        rows = (row for row in self.scorings if step <= 2 * row["step"] <= 2 * step)
        scores = (row["scores"] for row in rows if not any(row["step"] in steps for steps in given_up))
        return fmean([*(one[metric] for one in scores if metric in one), *new][-STEADY:])

    @property
    def has_best(self) -> bool:
        """Whether any scoring had a value: not so without a validation image, or where all their pixels are ignored."""
        return math.isfinite(self.best)

    def out_of_patience(self, patience: int) -> bool:
        """Whether early stopping says stop; with patience 0 it never does."""
        return 0 < patience <= self.waited

    def to_json(self) -> dict[str, Any]:
        """A JSON document; `from_json` gives the same progress back."""
        document = asdict(self)
        document["best"] = _finite_or_none(self.best)
        document["plateau"]["best"] = _finite_or_none(self.plateau.best)
        return document

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Progress:
        """The progress that was written."""
        values: dict[str, Any] = dict(document)
        plateau: dict[str, Any] = dict(values.pop("plateau"))
        plateau["best"] = _number(plateau["best"])
        values["best"] = _number(values["best"])
        guard = Guard(**values.pop("guard"))
        return cls(plateau=Plateau(**plateau), guard=guard, **values)


def _finite_or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return -math.inf if value is None else value
