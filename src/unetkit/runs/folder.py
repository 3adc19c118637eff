"""The run folder: its paths, how it appears, and the plain files in it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unetkit.errors import DataError
from unetkit.files import (
    read_json,
    read_jsonl,
    read_sealed_text,
    remove_leftovers,
    write_json,
    write_jsonl,
    write_sealed_text,
)
from unetkit.runs.environment import new_part
from unetkit.runs.output import new_folder

FOLDERS = ("checkpoints", "figures", "evaluations", "events")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A run, by its path.

    Every file but `log.txt` and `events/` is written whole, and all but the pictures carry a checksum.
    """

    path: Path

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        config: str,
        environment: Mapping[str, Any],
        write_manifest: Callable[[Path], object],
        overwrite: bool = False,
    ) -> RunFolder:
        """Make a run folder; it appears by one rename, with its settings, manifest and environment inside.

        Args:
            path: the new folder.
            config: the resolved settings, YAML.
            environment: what `environment()` gave; an identity of the run, `run_id`, is added.
            write_manifest: called with the folder; writes `manifest.csv` and `data.yaml` into it.
            overwrite: replace an existing run.

        Raises:
            OutputExists: something is there that is no run, or may not be replaced.
        """
        with new_folder(path, overwrite=overwrite, ours=cls.is_run) as filling:
            for name in FOLDERS:
                (filling / name).mkdir()
            fresh = cls(filling)
            write_sealed_text(fresh.config, config)
            write_json(fresh.environment, {**environment, "run_id": secrets.token_hex(8)})
            write_manifest(filling)
        return cls(path)

    @classmethod
    def at(cls, path: Path) -> RunFolder:
        """An existing run, to look at; somebody may be writing to it.

        Raises:
            DataError: there is no run.
        """
        if not cls.is_run(path):
            raise DataError(
                "this is no run folder: it holds no config.yaml and manifest.csv",
                where=str(path),
                advice="name the folder that `unetkit train` printed when it began",
            )
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """An existing run, to continue it; temporary files of a killed writer are removed.

        Raises:
            DataError: there is no run.
        """
        run = cls.at(path)
        for folder in (path, *(path / name for name in FOLDERS)):
            folder.mkdir(exist_ok=True)
            remove_leftovers(folder)
        return run

    @staticmethod
    def is_run(path: Path) -> bool:
        """Whether `path` holds what every run begins with."""
        return all((path / name).is_file() for name in ("config.yaml", "manifest.csv", "environment.json"))

    @classmethod
    def of_model(cls, model: Path) -> RunFolder | None:
        """The run that a model file lies in, or None."""
        folder = model.resolve().parent
        return cls(folder) if cls.is_run(folder) and model.name == "model.safetensors" else None

    # --- paths ----------------------------------------------------------------------------------------------------

    @property
    def config(self) -> Path:
        """The resolved settings."""
        return self.path / "config.yaml"

    @property
    def manifest(self) -> Path:
        """The pairs that were used; `data.yaml` lies beside it."""
        return self.path / "manifest.csv"

    @property
    def environment(self) -> Path:
        """Machine, versions and command of each part, and the identity."""
        return self.path / "environment.json"

    @property
    def history(self) -> Path:
        """A line a scoring."""
        return self.path / "history.jsonl"

    @property
    def plan(self) -> Path:
        """How a time budget became steps."""
        return self.path / "plan.json"

    @property
    def scores(self) -> Path:
        """What the model reached."""
        return self.path / "scores.json"

    @property
    def model(self) -> Path:
        """Written once, when training has ended."""
        return self.path / "model.safetensors"

    @property
    def report(self) -> Path:
        """The page."""
        return self.path / "report.html"

    @property
    def log(self) -> Path:
        """Appended, and read back by nobody."""
        return self.path / "log.txt"

    @property
    def checkpoints(self) -> Path:
        """`last`, `previous`, `best`, and `best-before`: the best that `last` knew when `best` was written."""
        return self.path / "checkpoints"

    @property
    def figures(self) -> Path:
        """Curves, sheets and the images of the report."""
        return self.path / "figures"

    @property
    def evaluations(self) -> Path:
        """One numbered folder an evaluation."""
        return self.path / "evaluations"

    @property
    def events(self) -> Path:
        """TensorBoard."""
        return self.path / "events"

    # --- content --------------------------------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Whether training has ended: the model file is there."""
        return self.model.is_file()

    @property
    def run_id(self) -> str:
        """The identity of the run; a checkpoint of another run is refused by it."""
        return str(self.read_environment()["run_id"])

    def read_environment(self) -> dict[str, Any]:
        """Where the run was made, verified."""
        return read_json(self.environment)

    def add_part(self, compute: Mapping[str, Any]) -> None:
        """Note in the environment that this process goes on with the run, and by what it computes."""
        first = self.read_environment()
        write_json(self.environment, {**first, "parts": [*first.get("parts", ()), new_part(first, compute)]})

    def read_config(self) -> str:
        """The resolved settings as YAML text, verified."""
        return read_sealed_text(self.config)

    def write_config(self, text: str) -> None:
        """Replace the resolved settings."""
        write_sealed_text(self.config, text)

    def write_history(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Replace the history by `rows`, at least one."""
        write_jsonl(self.history, rows)

    def read_history(self) -> list[dict[str, Any]]:
        """The rows so far, verified; none before the first scoring."""
        return read_jsonl(self.history) if self.history.is_file() else []

    def write_plan(self, plan: Mapping[str, Any]) -> None:
        """Write `plan.json`."""
        write_json(self.plan, plan)

    def read_plan(self) -> dict[str, Any]:
        """The plan, verified; empty before it is made."""
        return read_json(self.plan) if self.plan.is_file() else {}

    def write_scores(self, scores: Mapping[str, Any]) -> None:
        """Write `scores.json`."""
        write_json(self.scores, scores)

    def read_scores(self) -> dict[str, Any]:
        """The scores, verified; empty before training has ended."""
        return read_json(self.scores) if self.scores.is_file() else {}
