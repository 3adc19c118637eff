"""Whatever is damaged in a run is found by the reader that the product itself uses, before anything is believed.

For each record: 2,000 flipped bits, 200 cuts, 200 zeroed pages of 4 KiB, 50 pages swapped with the same record of
another run, and edits of its first and last bytes. The negative control reads damaged weights with `torch.load` and
with the plain safetensors library, which believe nearly all of them.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from safetensors import SafetensorError

from predicting.brightness import CONTRACT
from unetkit.data.manifest import Manifest, load_manifest, save_manifest
from unetkit.data.pair import Pair
from unetkit.errors import FormatError, UsageError
from unetkit.modelfile import read_model, write_model
from unetkit.runs import RunFolder, load_best, load_newest_intact, save_best, save_last

FLIPS, CUTS, ZEROED, SWAPS = 2_000, 200, 200, 50
PAGE = 4096
SEED = 31

RECORDS: dict[str, Callable[[RunFolder], Any]] = {
    "checkpoints/last.safetensors": load_newest_intact,
    "checkpoints/best.safetensors": load_best,
    "model.safetensors": lambda run: read_model(run.model),
    "manifest.csv": lambda run: load_manifest(run.manifest),
    "data.yaml": lambda run: load_manifest(run.manifest),
    "config.yaml": RunFolder.read_config,
    "environment.json": lambda run: run.run_id,
    "history.jsonl": RunFolder.read_history,
    "plan.json": RunFolder.read_plan,
    "scores.json": RunFolder.read_scores,
}


def arrays(seed: int) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    return {"weight": draw.normal(size=(8, 3, 40)).astype(np.float32), "average": draw.normal(size=3_000)}


def new_run(path: Path, seed: int, source: str = "") -> RunFolder:
    """A run with every record, each larger than a page (`data.yaml` with a long source); two seeds differ in each."""

    def write_manifest(folder: Path) -> None:
        pairs = tuple(Pair(f"sea {seed}/{n}.jpg", f"masks/{n}.png", "train", f"clip {n % 7}") for n in range(150))
        description = {"classes": [{"id": 0, "name": "sea"}], "source": source}
        save_manifest(Manifest(folder, pairs, {}, description), folder, sealed=True)

    run = RunFolder.create(
        path,
        config=f"seed: {seed}  # Küste\n" * 300,
        environment={"packages": [f"package {n} {seed}" for n in range(300)]},
        write_manifest=write_manifest,
    )
    save_last(run, arrays(seed), {"step": seed}, seed)
    save_best(run, arrays(seed), {"metric": "mean_iou"}, seed)
    run.write_history([{"step": n, "loss": seed / n, "seconds": 0.1 + n} for n in range(1, 80)])
    run.write_plan({"total": seed, "cuts": [[n, seed + n] for n in range(500)]})
    run.write_scores({"confusion": np.full((30, 30), seed)})
    write_model(run.model, {name: array.astype(np.float32) for name, array in arrays(seed).items()}, CONTRACT)
    return run


@pytest.fixture
def run(shelf: Path) -> RunFolder:
    return new_run(shelf / "one", 3)


@pytest.fixture
def other(shelf: Path) -> RunFolder:
    return new_run(shelf / "other", 4)


def flips(data: bytes, count: int = FLIPS) -> Iterator[bytes]:
    for place in np.random.default_rng(SEED).choice(len(data) * 8, count, replace=False).tolist():
        yield data[: place // 8] + bytes([data[place // 8] ^ 1 << place % 8]) + data[place // 8 + 1 :]


def cuts(data: bytes) -> Iterator[bytes]:
    lengths = np.random.default_rng(SEED).choice(len(data), CUTS, replace=False).tolist()
    yield from (data[:length] for length in [*lengths, 0, 1, 7, 8, 9, len(data) - 64, len(data) - 1])


def zeroed(data: bytes) -> Iterator[bytes]:
    for start in np.random.default_rng(SEED).integers(0, len(data) - PAGE, ZEROED).tolist():
        yield data[:start] + bytes(PAGE) + data[start + PAGE :]


def swapped(data: bytes, other: bytes) -> Iterator[bytes]:
    for start in np.random.default_rng(SEED).integers(0, min(len(data), len(other)) - PAGE, SWAPS).tolist():
        mixed = data[:start] + other[start : start + PAGE] + data[start + PAGE :]
        if mixed != data:
            yield mixed


def edges(data: bytes) -> Iterator[bytes]:
    """Its first and last 100 bytes, one gone or another, and all that is likely to be appended."""
    for at in [*range(100), *range(len(data) - 100, len(data))]:
        yield data[:at] + data[at + 1 :]
        yield data[:at] + (b"0" if data[at] != ord("0") else b"1") + data[at + 1 :]
    yield from (data + tail for tail in (b"\0", b" ", b"\n", b"{}\n", data))


def believed(run: RunFolder, name: str, mutants: Iterator[bytes]) -> tuple[int, list[bytes]]:
    """How many there were, and those that were read as if nothing had happened."""
    path, read = run.path / name, RECORDS[name]
    count, accepted = 0, list[bytes]()
    for mutant in mutants:
        count += 1
        path.write_bytes(mutant)
        try:
            read(run)
        except UsageError:
            continue
        accepted.append(mutant)
    return count, accepted


@pytest.mark.parametrize("name", RECORDS)
def test_no_damage_of_any_record_is_believed(name: str, shelf: Path, count_cases: Callable[[str], None]) -> None:
    lines = [f"line {n}\n" * (name == "data.yaml") for n in range(700)]
    run, other = new_run(shelf / "one", 3, "".join(lines)), new_run(shelf / "other", 4, "".join(reversed(lines)))
    data, another = (run.path / name).read_bytes(), (other.path / name).read_bytes()
    assert RECORDS[name](run)
    assert len(data) > PAGE
    kinds = {
        "flips": flips(data),
        "cuts": cuts(data),
        "zeroed pages": zeroed(data),
        "swapped pages": swapped(data, another),
        "edits": edges(data),
    }
    figures = {kind: believed(run, name, mutants) for kind, mutants in kinds.items()}
    count_cases(", ".join(f"{count} {kind}" for kind, (count, _) in figures.items()) + ", 0 believed")
    assert {kind: accepted[:3] for kind, (_, accepted) in figures.items() if accepted} == {}
    assert figures["swapped pages"][0] > SWAPS // 2


@pytest.mark.parametrize("name", ["checkpoints/last.safetensors", "checkpoints/best.safetensors"])
def test_a_whole_checkpoint_of_another_run_is_refused(name: str, run: RunFolder, other: RunFolder) -> None:
    (run.path / name).write_bytes((other.path / name).read_bytes())
    with pytest.raises(FormatError, match="another run"):
        RECORDS[name](run)


def test_the_newest_intact_checkpoint_is_offered_whatever_is_damaged(run: RunFolder) -> None:
    for step in (40, 55):
        save_last(run, arrays(step), {"step": step}, step)
    run.write_history([{"step": 40}, {"step": 55}])
    last = run.checkpoints / "last.safetensors"
    for mutant in flips(last.read_bytes(), 100):
        last.write_bytes(mutant)
        _, metadata, said = load_newest_intact(run)
        assert metadata["step"] == 40
        assert str(last) in said
        assert "previous.safetensors (step 40; 15 steps are lost)" in said


def test_control_torch_load_believes_most_flipped_bits(count_cases: Callable[[str], None]) -> None:
    import torch

    kept = io.BytesIO()
    torch.save({name: torch.from_numpy(array) for name, array in arrays(3).items()}, kept)
    accepted = sum(_loads(lambda data: torch.load(io.BytesIO(data)), mutant) for mutant in flips(kept.getvalue()))
    count_cases(f"{accepted} of {FLIPS} flips believed")
    assert accepted > FLIPS * 0.9


def test_control_plain_safetensors_believe_most_flipped_bits(count_cases: Callable[[str], None]) -> None:
    data = safetensors.numpy.save(arrays(3))
    accepted = sum(_loads(safetensors.numpy.load, mutant) for mutant in flips(data))
    count_cases(f"{accepted} of {FLIPS} flips believed")
    assert accepted > FLIPS * 0.9


def _loads(load: Callable[[bytes], Any], data: bytes) -> bool:
    try:
        load(data)
    except (SafetensorError, RuntimeError, ValueError, KeyError, TypeError, EOFError, AttributeError):
        return False
    except Exception as error:  # noqa: BLE001 - those libraries' own errors are many
        return not type(error).__module__.startswith(("_pickle", "pickle", "builtins"))
    return True
