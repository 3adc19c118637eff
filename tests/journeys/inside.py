"""Calls of the command line inside this process, and what every refusal owes to its reader."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STEP = (
    *("--steps", "1", "--size", "48", "--network", "nano", "--network.depth", "2"),
    *("--batch", "4", "--threads", "1", "--device", "cpu", "--quiet"),
)
"""One step of a tiny network."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a call said: its exit code, its results and everything else."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout; anything beside it does not parse."""
        return json.loads(self.out)

    def commands(self) -> Iterator[list[str]]:
        """The commands to paste that stand in the advice, as words after `unetkit`."""
        lines = [line.strip().removeprefix("do").strip().removeprefix("→").strip() for line in self._lines()]
        yield from (shlex.split(line, comments=True)[1:] for line in lines if line.startswith("unetkit "))

    def _lines(self) -> list[str]:
        return (self.err + self.out).splitlines()


Call = Callable[..., Told]
Spoil = Callable[[Path], object]


def refused(told: Told, code: int = 2) -> Told:
    """One block on stderr: what, where, what to do; no result, no trace."""
    lines = told.err.splitlines()
    assert told.code == code, told.err
    assert sum(line.startswith("error: ") for line in lines) == 1, told.err
    assert any(line.startswith("  where  ") for line in lines), told.err
    assert any(line.startswith("  do     ") for line in lines), told.err
    assert "Traceback" not in told.err
    assert told.out == ""
    return told


def an_image(data: Path) -> Path:
    """One image of a folder, to spoil."""
    return sorted((data / "images").iterdir())[2]


def a_mask(data: Path) -> Path:
    """The mask of `an_image`."""
    return sorted((data / "masks").iterdir())[2]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too."""
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def leftovers(folder: Path) -> list[Path]:
    """Temporary files and folders that somebody forgot."""
    return [path for path in folder.rglob("*") if path.name.endswith(".tmp")]
