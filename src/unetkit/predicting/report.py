"""What `predict` has to tell when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unetkit.errors import UnetkitError


@dataclass(frozen=True, slots=True)
class Output:
    """One input and what became of it: either the paths are set or the error.

    Attributes:
        class_shares: class name → share of the mask's pixels.
        confidence: mean over the image, 0..1.
    """

    input: str
    mask: Path | None = None
    colour: Path | None = None
    overlay: Path | None = None
    class_shares: Mapping[str, float] | None = None
    confidence: float | None = None
    error: UnetkitError | None = None

    def to_json(self) -> dict[str, Any]:
        """An entry of `outputs`."""
        return {
            "input": self.input,
            "mask": _text(self.mask),
            "colour": _text(self.colour),
            "overlay": _text(self.overlay),
            "class_shares": None if self.class_shares is None else dict(self.class_shares),
            "confidence": self.confidence,
            "horizon": None,
            "error": None if self.error is None else _error(self.error),
        }


@dataclass(frozen=True, slots=True)
class PredictionReport:
    """The outcome of `predict`.

    Attributes:
        folder: where the outputs are.
        notes: what a person should know: why all is one class, say.
    """

    folder: Path
    outputs: tuple[Output, ...]
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Output, ...]:
        """The inputs that have no mask."""
        return tuple(output for output in self.outputs if output.error is not None)

    @property
    def exit_code(self) -> int:
        """0 all done, 1 some inputs failed, 2 all failed."""
        if not self.failed:
            return 0
        return 1 if len(self.failed) < len(self.outputs) else 2

    def to_json(self) -> dict[str, Any]:
        """The document `unetkit.predictions`, version 1."""
        return {
            "schema": "unetkit.predictions",
            "version": 1,
            "folder": str(self.folder),
            "outputs": [output.to_json() for output in self.outputs],
            "notes": list(self.notes),
            "seconds": round(self.seconds, 3),
        }


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _error(error: UnetkitError) -> dict[str, str]:
    return {"what": error.what, "where": error.where, "advice": error.advice}
