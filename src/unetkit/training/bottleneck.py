"""Where the time of a run went, and the one thing that would save most of it."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

WORDS = {
    "compute": "computing",
    "decode": "waiting for decoding",
    "augment": "waiting for augmentation",
    "score": "scoring",
    "write": "writing",
}
NOTICED = {"decode": 0.05, "augment": 0.05, "write": 0.05, "score": 0.25}
"""From which share on something else than the computing is worth an advice."""

ADVICE = {
    "decode": "if the decoded images fitted into memory or on the disk",
    "augment": "with more CPU cores, or less --augment",
    "score": "with a smaller validation split (--val)",
    "write": "with --training.checkpoint-every 600, or a faster disk",
}
SMALLER = 4  # times fewer pixels at half the size


@dataclass(slots=True)
class Spent:
    """Seconds by what they went into: "compute", "wait", "score" and "write"."""

    seconds: dict[str, float] = field(default_factory=dict[str, float])

    @contextmanager
    def on(self, name: str) -> Generator[None]:
        """Count the block's time; what is counted inside it is not counted twice."""
        started, inside = time.perf_counter(), sum(self.seconds.values())
        try:
            yield
        finally:
            took = time.perf_counter() - started - (sum(self.seconds.values()) - inside)
            self.seconds[name] = self.seconds.get(name, 0.0) + took

    def shares(self, decoding: float) -> dict[str, float]:
        """Each activity's share of all that was counted, 0..1; empty where nothing was.

        Args:
            decoding: the share of the making of batches that was waiting for decoded images; the rest is augmentation.
        """
        whole = sum(self.seconds.values())
        if not whole:
            return {}
        waited = self.seconds.get("wait", 0.0)
        parts = {name: self.seconds.get(name, 0.0) for name in WORDS}
        parts |= {"decode": waited * decoding, "augment": waited * (1 - decoding)}
        return {name: seconds / whole for name, seconds in parts.items()}


def sentence(shares: Mapping[str, float], size: int) -> str:
    """The shares, and one advice with the gain that can be expected of it.

    Args:
        size: the long side of the working size in pixels.
    """
    told = ", ".join(f"{shares[name]:.0%} {word}" for name, word in WORDS.items())
    largest = max(NOTICED, key=lambda name: shares[name] / NOTICED[name])
    if shares[largest] >= NOTICED[largest]:
        return f"time: {told}; {ADVICE[largest]} it would be {_times(shares[largest])} as fast at most"
    gain = _times(shares["compute"] * (1 - 1 / SMALLER))
    return f"time: {told}; at --size {max(size // 2, 1)} it would be about {gain} as fast, and blind to finer things"


def _times(saved: float) -> str:
    """How many times as fast it is when this share of the time falls away."""
    return f"{1 / max(1 - saved, 0.01):.1f} times"
