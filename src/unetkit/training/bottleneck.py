"""Where the time of a run went, and the one thing that would save most of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from unetkit.console import say
from unetkit.data.cache import Cache
from unetkit.data.resize import Fit
from unetkit.training.prepare import Material
from unetkit.training.share import ScoringShare
from unetkit.training.size import working_size

WORDS = {
    "compute": "computing",
    "decode": "waiting for decoding",
    "augment": "waiting for augmentation",
    "score": "scoring",
    "write": "writing",
    "record": "recording",
}
NOTICED = {"decode": 0.05, "augment": 0.05, "score": 0.25}
"""From which share on there is an advice. None against writing: it is as rare already as it may be."""

FEWER = 2  # times fewer validation images


@dataclass(slots=True)
class Spent:
    """Seconds by what they went into: "compute", "wait", "score", "write" and "record".

    Attributes:
        earlier: what `total` gave for the parts of the run before this one.
    """

    seconds: dict[str, float] = field(default_factory=dict[str, float])
    earlier: Mapping[str, float] = field(default_factory=dict[str, float])

    @contextmanager
    def on(self, name: str) -> Generator[None]:
        """Count the block's time; what is counted inside it is not counted twice."""
        started, inside = time.perf_counter(), sum(self.seconds.values())
        try:
            yield
        finally:
            took = time.perf_counter() - started - (sum(self.seconds.values()) - inside)
            self.seconds[name] = self.seconds.get(name, 0.0) + took

    def total(self, decoding: float) -> dict[str, float]:
        """Seconds of the whole run by each of `WORDS`.

        Args:
            decoding: the share of the making of batches that was waiting for decoded images; the rest is augmentation.
        """
        waited = self.seconds.get("wait", 0.0)
        now = {**self.seconds, "decode": waited * decoding, "augment": waited * (1 - decoding)}
        return {name: self.earlier.get(name, 0.0) + now.get(name, 0.0) for name in WORDS}


def tell_time(total: Mapping[str, float], material: Material, cache: Cache, scoring: ScoringShare) -> None:
    """Say where the time of a run went, and what would save most of it; nothing where no time was spent.

    Args:
        total: seconds by each of `WORDS`.
        material: what was learnt from, at which working size.
    """
    whole = sum(total.values())
    if whole:
        shares = {name: seconds / whole for name, seconds in total.items()}
        told = ", ".join(f"{shares[name]:.0%} {word}" for name, word in WORDS.items())
        natives = map(material.dataset.native_size, material.train)
        say(f"time: {told}; {advice(shares, material.fit, smaller(material.fit, natives), cache.faster, scoring)}")


def smaller(fit: Fit, natives: Iterable[tuple[int, int]]) -> Fit:
    """What `--size N` would work at: N is half the long side, and no more than what images take of it without padding.

    Args:
        natives: (height, width) of the training images, at least one; `--size N` takes the commonest shape.
    """
    common = Counter(natives).most_common(1)[0][0]
    longest = min(max(fit.height, fit.width) // 2, max(fit.box(*common)))
    return working_size(str(max(longest, 1)), [common])


def advice(shares: Mapping[str, float], fit: Fit, less: Fit, decoded: str, scoring: ScoringShare) -> str:
    """One thing to do, and how many times as fast the run would then be.

    It is what saves most of what takes a notable share and costs no quality; where nothing does, a smaller size.

    Args:
        shares: of the time, 0..1, by each of `WORDS`.
        fit: the working size.
        less: the smaller one to advise.
        decoded: what would spare the waiting for decoded images; empty where nothing would.
    """
    cures = {
        "decode": (decoded, 1.0),
        "augment": ("more CPU cores, or less --augment", 1.0),
        "score": (scoring.fewer(scoring.images // FEWER), 1 - 1 / FEWER),
    }
    noticed = [name for name, (cure, _) in cures.items() if cure and shares[name] >= NOTICED[name]]
    if noticed:
        saved = {name: cures[name][1] * shares[name] for name in noticed}
        best = max(noticed, key=lambda name: saved[name])
        return f"up to {_times(saved[best])} as fast: {cures[best][0]}"
    pixels = less.height * less.width / (fit.height * fit.width)
    gain, size = _times(shares["compute"] * (1 - pixels)), max(less.height, less.width)
    return f"at --size {size} it would be about {gain} as fast, and blind to finer things"


def _times(saved: float) -> str:
    """How many times as fast it is when this share of the time falls away."""
    return f"{1 / max(1 - saved, 0.01):.1f} times"
