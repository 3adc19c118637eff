"""A level, halved and grown again, step by step, as drawn by hand; the skip is step 2."""

from __future__ import annotations

from unetkit.importing.steps import Step

WORDS = ("convolution", "relu", "pooling", "transposed", "join", "convolution")
INPUTS = ((0,), (1,), (2,), (3,), (2, 4), (5,))


def one_level(*names: str) -> tuple[Step, ...]:
    """Its steps, by layers of these names."""
    return tuple(Step(*row) for row in zip(WORDS, names, INPUTS, strict=True))
