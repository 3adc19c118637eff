"""One training in as many parts as it takes, and its bits; beside it runs of each kind that nothing disturbed."""

from __future__ import annotations

import hashlib
import json
import random
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faults.children import Children, Ended
from faults.moments import CALL
from unetkit.files import read_json, read_tensors
from unetkit.runs import RunFolder, load_newest_intact

MOST_KILLS = 6
BASE: dict[str, Any] = {
    "training.epochs": 3,
    "training.batch": 4,
    "training.threads": 1,
    "training.device": "cpu",
    "training.checkpoint_every": 0,
    "data.size": "32",
    "network.preset": "nano",
    "network.depth": 1,
    "network.dropout": 0.2,
}
KINDS: dict[str, dict[str, Any]] = {
    "adamw, one-cycle": {},
    "accumulated": {"training.accumulate": 4, "training.batch": 2, "data.normalise": "imagenet", "data.channels": "3"},
    "rare states": {"training.checkpoint_every": 0.2, "training.optimiser": "rmsprop"},
    "sgd, plateau": {"training.optimiser": "sgd", "training.schedule": "plateau", "training.ema": 0},
    "stops early": {"training.early_stopping": 3, "training.learning_rate": 1e-9, "training.epochs": 9},
    "half precision": {"training.precision": "bf16"},
    "images on disk": {"training.cache": "disk"},
    "jumps": {"training.epochs": 12, "training.schedule": "constant", "training.learning_rate": 0.003},
}
RUINED = {"jumps": 30}
"""The step of a kind after which its weights are ruined, so that its loss jumps."""
TIMES = {"seconds", "spent", "scored_at", "scoring_seconds", "digest", "run", "model"}


@dataclass(slots=True)
class Chain:
    """One training, in as many parts as it takes."""

    children: Children
    root: Path
    values: dict[str, Any]
    source: Path
    kills: int = 0
    moments: int = 0
    without: str = ""
    ruined: int = 0
    out: Path = field(init=False)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True)
        self.out = self.root / "run"

    def part(self, die_at: int = 0) -> bool:
        """Start or go on; says whether it came to its end."""
        self.begin(die_at)
        ended = self.children.finish()
        assert ended.code in (0, -signal.SIGKILL), self.children.said.read_text()
        self.kills += ended.code != 0
        self.moments = ended.said.get("moments", 0)
        return ended.code == 0

    def begin(self, die_at: int = 0, **more: Any) -> None:
        """Start or go on, in a child that now runs.

        Args:
            more: what else `moments.training` is told.
        """
        begun = RunFolder.is_run(self.out)
        values = {"resume": str(self.out)} if begun else {**BASE, **self.values, "out": str(self.out)}
        call = {
            "values": values,
            "source": None if begun else str(self.source),
            "die_at": die_at,
            "without": self.without if begun else "",
            "ruined": self.ruined,
            **more,
        }
        (self.root / CALL).write_text(json.dumps(call), encoding="utf-8")
        self.children.start("a training", self.root)

    def fault_after(self, ended: Ended, codes: tuple[int, ...], wanted: dict[str, str]) -> str:
        """What is wrong after a part that ended otherwise, when the run goes on and nothing disturbs it any more."""
        if ended.code not in codes:
            return f"it ended with {ended.code}"
        if ended.code > 0 and self.left():  # who is killed cannot tidy up
            return f"left behind: {self.left()}"
        while not self.part():
            pass
        made = bits(self.out)
        others = ", ".join(name for name in wanted if made.get(name) != wanted[name])
        return f"other bits: {others}" if others else f"left behind: {self.left()}" if self.left() else ""

    def left(self) -> list[str]:
        """The names of temporary files in the run."""
        return [path.name for path in self.out.rglob("*.tmp")]


def bits(run: Path) -> dict[str, str]:
    """A digest of every part of what a training is: its last state, its model, what it told of itself."""
    folder = RunFolder(run)
    tensors, metadata, said = load_newest_intact(folder)
    assert not said
    model, contract = read_tensors(folder.model)
    parts: dict[str, Any] = {f"state {name}": array.tobytes().hex() for name, array in tensors.items()}
    parts |= {f"model {name}": array.tobytes().hex() for name, array in model.items()}
    parts["progress"] = _timeless(metadata["progress"])
    parts["history"] = _timeless(folder.read_history())
    parts["plan"] = {key: value for key, value in folder.read_plan().items() if key in ("total", "scorings", "changes")}
    parts["scores"] = _timeless(read_json(folder.scores))
    parts["contract"] = _timeless(json.loads(contract["unetkit"]))
    return {name: hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest() for name, part in parts.items()}


def _timeless(document: Any) -> Any:
    """Without what a clock or the place of the folder decides."""
    if isinstance(document, dict):
        return {key: _timeless(value) for key, value in document.items() if key not in TIMES}
    return [_timeless(value) for value in document] if isinstance(document, list) else document


@dataclass(slots=True)
class Bench:
    """Runs that were never killed, one a kind, and chains beside them."""

    children: Children
    folder: Path
    source: Path
    known: dict[str, tuple[dict[str, str], int]] = field(default_factory=dict[str, tuple[dict[str, str], int]])

    def whole(self, kind: str) -> tuple[dict[str, str], int]:
        """The bits of the run that was never killed, and the number of its moments."""
        if kind not in self.known:
            chain = self.new(f"whole {kind}", kind)
            assert chain.part()
            self.known[kind] = bits(chain.out), chain.moments
        return self.known[kind]

    def new(self, name: str, kind: str) -> Chain:
        """A training of this kind that has not begun."""
        return Chain(self.children, self.folder / name, KINDS[kind], self.source, ruined=RUINED.get(kind, 0))

    def chain(self, seed: int, kind: str, without: str = "") -> Chain:
        """A training of this kind, killed up to six times at moments that the seed draws, and brought to its end."""
        _, moments = self.whole(kind)
        drawn = random.Random(f"{seed} {kind}")
        chain = self.new(f"{seed} {kind} {without}", kind)
        chain.without = without
        for _ in range(drawn.randint(1, MOST_KILLS)):
            if chain.part(die_at=drawn.randint(1, max(moments // 2, 1))):
                break
        assert chain.kills, f"void: seed {seed} of '{kind}' killed nothing"
        while not chain.part():
            pass
        return chain
