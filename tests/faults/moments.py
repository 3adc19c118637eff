"""A training with moments at which it can be killed: around each step, in each scoring, at each call of a save.

It runs in a child of the server in `children.py`, which patches itself and nobody else.
"""

from __future__ import annotations

import functools
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from unetkit.errors import Interrupted
from unetkit.recipes.settings import settings
from unetkit.training import running, saving, state
from unetkit.training.optimiser import Optimiser
from unetkit.training.schedule import Rates
from unetkit.training.scoring import Scorer
from unetkit.training.step import Stepper
from unetkit.training.train import train

CALL = "call.json"


def training(root: Path, begin: Callable[[], None]) -> None:
    """Train as `call.json` in `root` says, and die at the moment that it names (0: live), and say how many there were.

    Its keys: `values` (settings by name), `source`, `die_at`, `without` (what a broken product leaves out).
    """
    call: dict[str, Any] = json.loads((root / CALL).read_text(encoding="utf-8"))
    torch.set_num_threads(1)
    begin()
    if call["without"]:
        LEFT_OUT[call["without"]]()
    moments = Moments(call["die_at"])
    moments.watch(Stepper, "step")
    moments.watch(Scorer, "read")
    moments.watch(os, "fsync")
    moments.watch(os, "replace")
    try:
        train(settings("train", call["values"]), call["source"])  # type: ignore[arg-type]
    except KeyboardInterrupt as error:  # before the run has begun there is nothing to save
        raise Interrupted("stopped", signal=signal.SIGINT) from error
    os.writev(1, [f"moments {moments.count}\n".encode()])


class Moments:
    """Counts calls, and ends the process before the one whose turn it is."""

    def __init__(self, die_at: int) -> None:
        self.count, self._die_at = 0, die_at

    def watch(self, owner: Any, name: str) -> None:
        """Every call of `owner.name` is a moment."""
        original = getattr(owner, name)

        @functools.wraps(original)
        def watched(*words: Any, **named: Any) -> Any:
            self.count += 1
            if self.count == self._die_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*words, **named)

        setattr(owner, name, watched)


# --- products that leave something out when they go on ----------------------------------------------------------


def _nothing(*_words: Any) -> None:
    return None


def _without_optimiser() -> None:
    Optimiser.load = _nothing  # type: ignore[method-assign]


def _without_average() -> None:
    load = state._load  # pyright: ignore[reportPrivateUsage]
    state._load = lambda network, tensors, prefix: (  # pyright: ignore[reportPrivateUsage]
        None if prefix == "average." else load(network, tensors, prefix)
    )


def _without_statistics() -> None:
    load = state._load  # pyright: ignore[reportPrivateUsage]

    def without(network: torch.nn.Module, tensors: Any, prefix: str) -> None:
        kept = {name: buffer.clone() for name, buffer in network.named_buffers()}
        load(network, tensors, prefix)
        for name, buffer in network.named_buffers():
            buffer.copy_(kept[name])

    state._load = without  # pyright: ignore[reportPrivateUsage]


def _without_order() -> None:
    ahead = running.Ahead
    running.Ahead = lambda make, first: ahead(make, 0)  # type: ignore[misc,assignment]


def _without_dropout_seed() -> None:
    step = Stepper.step
    Stepper.step = lambda self, batches, seed: step(self, batches, 0 if resumed else seed)  # type: ignore[method-assign]
    resumed: list[int] = []
    restore = saving.load_newest_intact

    def noted(run: Any) -> Any:
        resumed.append(1)
        return restore(run)

    saving.load_newest_intact = noted


def _without_patience() -> None:
    progress = state.Progress.from_json

    def without(document: dict[str, Any]) -> Any:
        return progress({**document, "waited": 0})

    state.Progress.from_json = without  # type: ignore[method-assign,assignment]


def _without_schedule() -> None:
    Rates.rate = lambda self, *_: self.highest  # type: ignore[method-assign]


LEFT_OUT: dict[str, Callable[[], None]] = {
    "optimiser": _without_optimiser,
    "average": _without_average,
    "statistics": _without_statistics,
    "order": _without_order,
    "dropout": _without_dropout_seed,
    "patience": _without_patience,
    "schedule": _without_schedule,
}
