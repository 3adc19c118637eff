"""What a network computes, step by step, and whose results each step takes: two networks held against each other.

Networks of equal layers can be wired otherwise. Where a skip leaves before an activation instead of after it, every
weight has its place and every step its like, and the scores differ all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from unetkit.errors import FormatError

POOLING, JOIN = "pooling", "join"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of what a network computes.

    Attributes:
        word: what it computes: "convolution", "transposed", "norm", "relu", "silu", "nearest", "pooling" (the largest
            of each 2×2), "join" (of a skip and what was grown), or what no network here computes.
        name: of the layer that does; empty where a function does.
        inputs: numbers of the steps whose results it takes. They are counted from 1, in the order of work; 0 is the
            image.
    """

    word: str
    name: str
    inputs: tuple[int, ...]


def refuse_other_steps(ours: Sequence[Step], theirs: Sequence[Step]) -> None:
    """Hold the steps of a foreign network against those of ours.

    Which of the two stands first in a join is left aside: that can be turned, see `matching`.

    Raises:
        FormatError: the first step that computes something else; else the first that takes something else.
    """
    for number, (mine, other) in enumerate(zip_longest(ours, theirs), start=1):
        if mine is None or other is None or mine.word != other.word:
            raise FormatError(
                "the foreign network computes something else than this one",
                where=f"step {number}: {_told(other)} in the file, {_told(mine)} in the network",
            )
    for number, (mine, other) in enumerate(zip(ours, theirs, strict=True), start=1):
        if _taken(mine) != _taken(other):
            raise FormatError(
                "the foreign network has the steps of this one, and is wired otherwise",
                where=f"step {number}: in the file {_told(other)} takes {_sources(other, theirs)}, "
                f"in the network {_told(mine)} takes {_sources(mine, ours)}",
                advice="no --network setting changes the wiring: use it where it was trained, or train one of ours",
            )


def _taken(step: Step) -> Sequence[int]:
    return sorted(step.inputs) if step.word == JOIN else step.inputs


def _told(step: Step | None) -> str:
    return "nothing" if step is None else f"{step.word} {step.name}".strip()


def _sources(step: Step, steps: Sequence[Step]) -> str:
    """Whose results a step takes; with numbers, since one layer of ours may work more than once."""
    told = (f"step {number} ({_told(steps[number - 1])})" if number else "the image" for number in _taken(step))
    return " and ".join(told) or "nothing"
