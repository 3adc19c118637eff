"""What the Predictor asks of whoever computes the scores."""

from __future__ import annotations

from typing import Protocol

from unetkit.data.arrays import Floats


class Backend(Protocol):
    """Runs the network of one model, and nothing else: no preprocessing, no resizing, no labels."""

    @property
    def name(self) -> str:
        """As in `BACKENDS`, with the device: "torch on cpu"."""
        ...

    def scores(self, batch: Floats) -> Floats:
        """A score per class and pixel.

        Args:
            batch: [N, C, h, w] float32, normalised, at working size; its memory may be in any order.

        Returns:
            [N, classes, h, w] float32; one logit has become two scores.

        Raises:
            OutOfMemory: the device is too small for this batch.
        """
        ...
