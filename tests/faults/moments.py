"""A training with moments at which it can be killed: around each step, in each scoring, at each call of a save.

It runs in a child of the server in `children.py`, which patches itself and nobody else.
"""

from __future__ import annotations

import ctypes
import functools
import io
import json
import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from unetkit.errors import Interrupted
from unetkit.recipes.settings import settings
from unetkit.runs.signals import STOPS
from unetkit.training import running, saving, state
from unetkit.training.interrupt import Interruption
from unetkit.training.optimiser import Optimiser
from unetkit.training.schedule import Rates
from unetkit.training.scoring import Scorer
from unetkit.training.step import Stepper
from unetkit.training.train import train

CALL = "call.json"
MMAP_THRESHOLD = -3  # of glibc: what is larger than this is mapped for itself


def training(root: Path, begin: Callable[[], None]) -> None:
    """Train as `call.json` in `root` says, die at the moment that it names (0: live), and say how many it had.

    Its keys: `values` (settings by name), `source`, `die_at`, `without` (what a broken product leaves out), `ruined`
    (the step after which the weights are ruined, so that the loss jumps; 0 is never). One of
    these lets something else happen at that moment: `error`, the number with which a call on a file fails; `vanish`, a
    file that goes; `memory`, the bytes that may still be taken; `short`, that there are none for this one call.
    """
    saving.save_last = acknowledged(saving.save_last)
    call: dict[str, Any] = json.loads((root / CALL).read_text(encoding="utf-8"))
    torch.set_num_threads(1)
    begin()
    if call.get("ruined"):
        _ruin_after(call["ruined"])
    if call["without"]:
        LEFT_OUT[call["without"]]()
    moments = Moments(call["die_at"], happening(call))
    for owner, name in FILE_CALLS if "error" in call else [*FILE_CALLS[:2], (Stepper, "step"), (Scorer, "read")]:
        moments.watch(owner, name)
    try:
        train(settings("train", call["values"]), call["source"])  # type: ignore[arg-type]
    except KeyboardInterrupt as error:  # before the run has begun there is nothing to save
        raise Interrupted("stopped", signal=signal.SIGINT) from error
    os.writev(1, [f"moments {moments.count}\n".encode()])


def acknowledged(save: Callable[..., None]) -> Callable[..., None]:
    """A save that says so when it has returned."""

    def saved(run: Any, tensors: Any, metadata: Any, step: int) -> None:
        save(run, tensors, metadata, step)
        os.writev(1, [f"saved {step}\n".encode()])

    return saved


def _ruin_after(ruined: int) -> None:
    made = Stepper.step

    def step(self: Stepper, batches: Any, seed: int) -> Any:
        outcome = made(self, batches, seed)
        if seed % 2**32 == ruined:  # the number of the step is in the seed
            for weight in self.network.parameters():
                weight.data.mul_(-30)
        return outcome

    Stepper.step = step  # type: ignore[method-assign]


FILE_CALLS: list[tuple[Any, str]] = [(os, "fsync"), (os, "replace"), (os, "mkdir"), (os, "rename"), (io, "open")]


def happening(call: dict[str, Any]) -> Callable[[], None]:
    """What happens at the moment of `call`."""
    if "vanish" in call:
        return Path(call["vanish"]).unlink
    if "short" in call:
        return _fall_short
    if "memory" in call:
        return functools.partial(_leave_memory, call["memory"])
    return functools.partial(_fail, call["error"]) if "error" in call else _die


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _fail(number: int) -> None:
    raise OSError(number, os.strerror(number))


def _fall_short() -> None:
    raise MemoryError("Unable to allocate 1.00 TiB")


def _leave_memory(size: int) -> None:
    """Let no more than `size` bytes be mapped from now on; what was freed is given back first, and not kept again."""
    system = ctypes.CDLL(None)
    system.mallopt(MMAP_THRESHOLD, resource.getpagesize())
    system.malloc_trim(0)
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + size, resource.RLIM_INFINITY))


class Moments:
    """Counts calls, and lets something happen before the one whose turn it is."""

    def __init__(self, at: int, happen: Callable[[], None] = _die) -> None:
        self.count, self._at, self._happen = 0, at, happen

    def watch(self, owner: Any, name: str) -> None:
        """Every call of `owner.name` is a moment; of `open`, those that make a file."""
        original = getattr(owner, name)

        @functools.wraps(original)
        def watched(*words: Any, **named: Any) -> Any:
            if name == "open" and "x" not in str(words[1:2]):
                return original(*words, **named)
            self.count += 1
            if self.count == self._at:
                self._happen()
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


def _without_kept() -> None:
    under = state._under  # pyright: ignore[reportPrivateUsage]
    state._under = lambda tensors, prefix: (  # pyright: ignore[reportPrivateUsage]
        {} if prefix == "kept." else under(tensors, prefix)
    )


def _without_patience() -> None:
    progress = state.Progress.from_json

    def without(document: dict[str, Any]) -> Any:
        return progress({**document, "waited": 0})

    state.Progress.from_json = without  # type: ignore[method-assign,assignment]


def _without_schedule() -> None:
    Rates.rate = lambda self, *_: self.highest  # type: ignore[method-assign]


def _without_fsync() -> None:
    os.__dict__["fsync"] = _nothing


def _without_ears() -> None:
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)
    signal.signal = _nothing  # type: ignore[assignment]


def _without_waiting() -> None:
    """The handler saves by itself, wherever a step is."""
    make, savers = running.Saver, list[saving.Saver]()

    def noted(*words: Any) -> saving.Saver:
        savers.append(make(*words))
        return savers[-1]

    def save_at_once(self: Interruption, number: int, _frame: object) -> None:
        self.requested = number
        if savers:
            savers[-1].state(now=True)
        raise self.error()

    running.Saver = noted  # type: ignore[misc,assignment]
    Interruption.on_signal = save_at_once  # type: ignore[method-assign]


LEFT_OUT: dict[str, Callable[[], None]] = {
    "optimiser": _without_optimiser,
    "average": _without_average,
    "statistics": _without_statistics,
    "order": _without_order,
    "dropout": _without_dropout_seed,
    "patience": _without_patience,
    "kept weights": _without_kept,
    "schedule": _without_schedule,
    "fsync": _without_fsync,
    "ears": _without_ears,
    "waiting": _without_waiting,
}


def orphans(root: Path, begin: Callable[[], None]) -> None:
    """Leave a process and a temporary file behind."""
    begin()
    (root / "left.tmp").touch()
    if not os.fork():
        time.sleep(60)
        os._exit(0)


JOBS: dict[str, Callable[[Path, Callable[[], None]], None]] = {"a training": training, "orphans": orphans}
