"""What the files of a run say about it: how far it has come, its curves, its settings, its pairs, its machine."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from unetkit.config.reading import Entry, Tree, read_settings
from unetkit.data.pair import SPLITS
from unetkit.files import read_bytes
from unetkit.runs import RunFolder, all_parts
from unetkit.runs.environment import OF_THE_CALL

Values = Mapping[str, Any]
"""Plain values by name: "training.seed", "versions.torch"."""
Rows = Sequence[Mapping[str, Any]]
"""Of `history.jsonl`."""

# Where a run lies and how it was called says nothing about what was computed.
NOT_COMPARED = frozenset({"out", "overwrite", "resume", "extend", "finish", "seeds", "preview"})


@dataclass(frozen=True, slots=True)
class Reached:
    """A score, and the optimiser step at which it was reached."""

    value: float
    step: int


@dataclass(frozen=True, slots=True)
class RunHistory:
    """A run as its files tell it.

    Attributes:
        name: short, and no other run of the comparison has it.
        folder: the run folder, as it was named.
        finished: whether training has ended.
        planned: optimiser steps planned; None before there is a plan.
        rows: a row a scoring; none before the first.
        settings: of `config.yaml`, by their names.
        pairs: split → number of pairs, and a word that is the same where the pairs are.
        machine: of `environment.json`: processor, cores, versions, device; of all parts where they are not the same.
    """

    name: str
    folder: Path
    finished: bool
    planned: int | None
    rows: Rows
    settings: Values
    pairs: Values
    machine: Values

    @classmethod
    def read(cls, folder: Path, name: str) -> RunHistory:
        """The run in `folder`, which somebody may be writing to.

        Raises:
            DataError: there is no run.
            FormatError: a file of the run is damaged.
        """
        run = RunFolder.at(folder)
        return cls(
            name=name,
            folder=folder,
            finished=run.finished,
            planned=run.read_plan().get("total"),
            rows=run.read_history(),
            settings=dict(_settings(read_settings(run.read_config(), str(run.config)))),
            pairs=_pairs(run.manifest),
            machine=_machine(all_parts(run.read_environment())),
        )

    @property
    def metric(self) -> str | None:
        """The score that chooses the best model; None before the first scoring."""
        return self.rows[-1]["metric"] if self.rows else None

    @property
    def steps(self) -> int:
        """Optimiser steps up to the last scoring."""
        return self.rows[-1]["step"] if self.rows else 0

    @property
    def epochs(self) -> float:
        """Passes over the training images up to the last scoring."""
        return self.rows[-1]["epoch"] if self.rows else 0.0

    @property
    def seconds(self) -> float:
        """Seconds of training up to the last scoring."""
        return self.rows[-1]["seconds"] if self.rows else 0.0

    @property
    def loss(self) -> float | None:
        """The mean loss of the steps before the last scoring."""
        return self.rows[-1]["loss"] if self.rows else None

    @property
    def rate(self) -> float | None:
        """The learning rate of the last step before the last scoring."""
        return self.rows[-1].get("rate") if self.rows else None

    def best(self, metric: str) -> Reached | None:
        """A score of the best weights so far, those that are kept; None where it is not known."""
        return _last_reached(metric, self._kept)

    def last(self, metric: str) -> Reached | None:
        """The last value of a score."""
        return _last_reached(metric, self.rows)

    def points(self, axis: str, value: str) -> list[tuple[float, float]]:
        """A curve: (x, y), where y was known.

        Args:
            axis: a key of `AXES`.
            value: "loss", or the name of a score.
        """
        return _points(self.rows, axis, value)

    def best_point(self, axis: str, metric: str) -> tuple[float, float] | None:
        """Where the best weights lie on the curve of a score; None where that is not known."""
        return next(reversed(_points(self._kept, axis, metric)), None)

    @property
    def _kept(self) -> Rows:
        """Scorings whose weights were the best when they were made; the last one's still are."""
        return [row for row in self.rows if row["best"]]


AXES: dict[str, tuple[str, float]] = {"epochs": ("epoch", 1), "steps": ("step", 1), "minutes": ("seconds", 60)}
"""Horizontal axis → key of a row of the history, and how many of its units make one."""


def _last_reached(metric: str, rows: Rows) -> Reached | None:
    found = (Reached(row["scores"][metric], row["step"]) for row in reversed(rows) if metric in row["scores"])
    return next(found, None)


def _points(rows: Rows, axis: str, value: str) -> list[tuple[float, float]]:
    key, unit = AXES[axis]
    found = ((row[key] / unit, row["loss"] if value == "loss" else row["scores"].get(value)) for row in rows)
    return [(x, y) for x, y in found if y is not None]


def _settings(tree: Tree) -> Iterator[tuple[str, Any]]:
    for key, item in tree.items():
        if isinstance(item, Entry):
            if key not in NOT_COMPARED:
                yield key, item.value
        else:
            yield from ((f"{key}.{name}", inner.value) for name, inner in item.items() if isinstance(inner, Entry))


def _machine(parts: Sequence[Mapping[str, Any]]) -> Values:
    flat = [dict(_flat({key: part[key] for key in part if key not in OF_THE_CALL})) for part in parts]
    names = dict.fromkeys(name for part in flat for name in part)
    return {name: _in_turn([part[name] for part in flat if name in part]) for name in names}


def _in_turn(values: Sequence[Any]) -> Any:
    """The value of all parts of a run; where they had several, each of them: "1, then 2"."""
    different = list(dict.fromkeys(values))
    return different[0] if len(different) == 1 else ", then ".join(map(str, different))


def _flat(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            inside = _flat(cast("Mapping[str, Any]", value))
            yield from ((f"{key}.{name}", inner) for name, inner in inside)
        else:
            yield key, value


def _pairs(manifest: Path) -> dict[str, str]:
    """For each split "68 (3f2a91c0)": how many pairs, and the beginning of a hash over what is in them."""
    table = read_bytes(manifest).decode("utf-8-sig", errors="surrogateescape")
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    return {split: _fingerprint([row for row in rows if row.get("split") == split]) for split in SPLITS}


def _fingerprint(rows: Sequence[Mapping[str, str]]) -> str:
    if not rows:
        return "0"
    # By content where the table has it: the same pairs may lie in another folder.
    found = sorted(f"{row.get('sha256') or row['image']} {row.get('mask_sha256') or ''}" for row in rows)
    content = hashlib.sha256("\n".join(found).encode(errors="surrogateescape")).hexdigest()
    return f"{len(rows):,} ({content[:8]})"
