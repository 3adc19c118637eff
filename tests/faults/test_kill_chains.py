"""A training killed at any moments, and resumed any number of times, ends in the bits of one never killed.

Real processes and real SIGKILLs, at moments drawn from a seed that each case prints: before and after steps, while it
scores, at every call of a save. 5 chains here, and 200 with at least 500 kills in `make test-slow`.
"""

from __future__ import annotations

import hashlib
import json
import random
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from faults.children import Children
from faults.moments import CALL, LEFT_OUT
from unetkit.files import read_json, read_tensors
from unetkit.runs import RunFolder, load_newest_intact
from unetkit.scenes.folder import write_scenes

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
    "accumulated": {"training.accumulate": 4, "training.batch": 2},
    "half precision": {"training.precision": "bf16"},
    "sgd, plateau": {"training.optimiser": "sgd", "training.schedule": "plateau", "training.ema": 0},
    "stops early": {"training.early_stopping": 3, "training.learning_rate": 1e-9, "training.epochs": 9},
    "rare states": {"training.checkpoint_every": 0.2, "training.optimiser": "rmsprop"},
}
TIMES = {"seconds", "scored_at", "scoring_seconds", "digest", "run", "model"}


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
    out: Path = field(init=False)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True)
        self.out = self.root / "run"

    def part(self, die_at: int = 0) -> bool:
        """Start or go on; says whether it came to its end."""
        begun = RunFolder.is_run(self.out)
        values = {"resume": str(self.out)} if begun else {**BASE, **self.values, "out": str(self.out)}
        call = {
            "values": values,
            "source": None if begun else str(self.source),
            "die_at": die_at,
            "without": self.without if begun else "",
        }
        (self.root / CALL).write_text(json.dumps(call), encoding="utf-8")
        ended = self.children.run("a training", self.root)
        assert ended.code in (0, -signal.SIGKILL), self.children.said.read_text()
        self.kills += ended.code != 0
        self.moments = ended.said.get("moments", 0)
        return ended.code == 0


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
            chain = Chain(self.children, self.folder / f"whole {kind}", KINDS[kind], self.source)
            assert chain.part()
            self.known[kind] = bits(chain.out), chain.moments
        return self.known[kind]

    def chain(self, seed: int, kind: str, without: str = "") -> Chain:
        """A training of this kind, killed up to six times at moments that the seed draws, and brought to its end."""
        _, moments = self.whole(kind)
        drawn = random.Random(f"{seed} {kind}")
        chain = Chain(self.children, self.folder / f"{seed} {kind} {without}", KINDS[kind], self.source)
        chain.without = without
        for _ in range(drawn.randint(1, MOST_KILLS)):
            if chain.part(die_at=drawn.randint(1, max(moments // 2, 1))):
                break
        assert chain.kills, f"void: seed {seed} of '{kind}' killed nothing"
        while not chain.part():
            pass
        return chain


@pytest.fixture(scope="module")
def bench(children: Children, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("chains")
    write_scenes(folder / "scenes", 20, seed=1, height=24, width=32)
    return Bench(children, folder, folder / "scenes")


def differing(bench: Bench, seed: int, kind: str) -> tuple[list[str], int]:
    """What a chain made otherwise than the run never killed, and its kills."""
    chain = bench.chain(seed, kind)
    made, (wanted, _) = bits(chain.out), bench.whole(kind)
    return [name for name in wanted if made.get(name) != wanted[name]], chain.kills


@pytest.mark.parametrize("seed", range(5))
def test_a_chain_of_kills_ends_in_the_bits_of_the_run_never_killed(bench: Bench, seed: int) -> None:
    kind = list(KINDS)[seed % len(KINDS)]
    assert differing(bench, seed, kind)[0] == [], f"seed {seed}"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_200_chains_of_500_kills_end_in_the_bits_of_the_runs_never_killed(bench: Bench) -> None:
    kills, seed = 0, 100
    while seed < 300 or kills < 500:
        kind = list(KINDS)[seed % len(KINDS)]
        others, killed = differing(bench, seed, kind)
        assert others == [], f"seed {seed} of '{kind}'"
        kills += killed
        seed += 1
    print(f"{seed - 100} chains, {kills} kills, 0 differing")


@pytest.mark.parametrize(
    ("without", "kind"),
    [
        ("optimiser", "adamw, one-cycle"),
        ("average", "adamw, one-cycle"),
        ("statistics", "adamw, one-cycle"),
        ("order", "adamw, one-cycle"),
        ("dropout", "adamw, one-cycle"),
        ("schedule", "adamw, one-cycle"),
        ("patience", "stops early"),
    ],
)
def test_control_what_goes_on_without_one_part_is_caught(bench: Bench, without: str, kind: str) -> None:
    assert without in LEFT_OUT
    wanted, moments = bench.whole(kind)
    chain = Chain(bench.children, bench.folder / f"without {without}", KINDS[kind], bench.source)
    chain.without = without
    assert not chain.part(die_at=moments * 2 // 3)
    assert chain.part()
    assert bits(chain.out) != wanted
