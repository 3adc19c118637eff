"""What a run must still be after a fault, told by the product's own readers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from faults.saves import LARGE, SMALL, place, tensors
from unetkit.errors import UnetkitError
from unetkit.files import Array, read_sealed_text
from unetkit.runs import RunFolder, has_state, load_best, load_newest_intact
from unetkit.runs.checkpoint import checkpoint

ALWAYS = {f"{name}.safetensors" for name in ("last", "previous", "best")}
SAVED = ALWAYS | {"best-before.safetensors"}


def fault(root: Path, said: Mapping[str, int]) -> str:
    """What is wrong with the run below `root` when all of `said` was acknowledged; empty when all is well."""
    if not place(root).exists():
        return "the run is lost" if said else ""
    try:
        return next(filter(None, _faults(RunFolder.open(place(root)), said)), "")
    except UnetkitError as error:
        return f"{error.where}: {error.what}"


def _faults(run: RunFolder, said: Mapping[str, int]) -> Iterator[str]:
    run.read_config()
    read_sealed_text(run.manifest)
    assert run.run_id
    yield older("plan", run.read_plan().get("total", 0), said)
    yield older("scores", run.read_scores().get("count", 0), said)
    yield older("history", len(run.read_history()), said)
    if "last" in said or has_state(run):
        arrays, metadata, _ = load_newest_intact(run)
        yield older("last", metadata["step"], said) or mixed(arrays, metadata["step"])
    if "best" in said or any(checkpoint(run, name).exists() for name in ("best", "best-before")):
        arrays, metadata = load_best(run)
        yield older("best", metadata["step"], said) or mixed(arrays, metadata["step"])


def older(what: str, found: int, said: Mapping[str, int]) -> str:
    """Whether less came back than was acknowledged."""
    acknowledged = said.get(what, 0)
    return "" if found >= acknowledged else f"{what}: {acknowledged} was acknowledged, {found} came back"


def mixed(arrays: Mapping[str, Array], step: int) -> str:
    """Whether any number in a checkpoint is of another save than its metadata."""
    size = LARGE if arrays["weight"].size == LARGE else SMALL
    same = all((array == arrays[name]).all() for name, array in tensors(step, size).items())
    return "" if same else f"the arrays are not those of step {step}"


def leftovers(root: Path) -> set[str]:
    """Files below the run that no save left by purpose."""
    run = RunFolder(place(root))
    known = {"config.yaml", "environment.json", "manifest.csv", "history.jsonl", "plan.json", "scores.json"}
    files = {path.relative_to(run.path) for path in run.path.rglob("*") if path.is_file()}
    return {str(path) for path in files if path.name not in known | SAVED}
