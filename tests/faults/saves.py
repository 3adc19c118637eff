"""What the children do: the saves of a training run by the product, and by protocols that are known to be broken.

Every job calls `begin` when it is ready, which is when strace attaches, and says on stdout what is saved as soon as
the call that saves it has returned. That is the acknowledgement: from then on it must never be lost.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from unetkit.files import Array, write_sealed_text
from unetkit.runs import RunFolder, load_newest_intact, save_best, save_last, versions

SAVES = 5
BEFORE = {"history": 2, "best": 2, "last": 2, "plan": 2}  # what a run with two saves has acknowledged
SMALL, LARGE = 3_000, 100_000  # numbers in a checkpoint: for the traces, and for the cuts
CONTENTS = 8
NEW = "seed: 1\n"  # settings of a run in the place of another

Begin = Callable[[], None]
Tell = Callable[[str, int], None]
Job = Callable[[Path, Begin], None]
Protocol = Callable[[Path, bytes], None]


def say(what: str, number: int) -> None:
    # By another call than the product's: the n-th `write` of a job is one into its files.
    os.writev(1, [f"{what} {number}\n".encode()])


def tensors(step: int, size: int = SMALL) -> dict[str, Array]:
    return {"weight": np.full(size, step, np.float32), "moment": np.full(size // 8, step, np.float32)}


def place(root: Path) -> Path:
    return root / "runs" / "sea-1"


def create(root: Path, *, overwrite: bool = False, config: str = "seed: 0\n") -> RunFolder:
    def manifest(folder: Path) -> None:
        write_sealed_text(folder / "manifest.csv", "image,mask\n" * 100)

    return RunFolder.create(place(root), config=config, environment={}, write_manifest=manifest, overwrite=overwrite)


def save_all(run: RunFolder, step: int, size: int = SMALL, tell: Tell = say) -> None:
    """What a run writes when it has scored and saves its state, in that order; even steps are better ones."""
    run.write_history([{"step": n} for n in range(1, step + 1)])
    tell("history", step)
    if step % 2 == 0:
        save_best(run, tensors(step, size), {"step": step}, step, keep=step % 4 == 0)
        tell("best", step)
    save_last(run, tensors(step, size), {"step": step}, step)
    tell("last", step)
    run.write_plan({"total": step})
    tell("plan", step)


def silent(what: str, number: int) -> None:
    """For those who save to have a run, not to be caught at it."""


# --- the product ------------------------------------------------------------------------------------------------


def training(root: Path, begin: Begin) -> None:
    """A run from its first folder to its fifth save."""
    versions()  # looked up once a process, by a real training long before
    begin()
    run = create(root)
    say("created", 1)
    for step in range(1, SAVES + 1):
        save_all(run, step)
    run.write_scores({"count": 1})
    say("scores", 1)


def going_on(root: Path, begin: Begin) -> None:
    """Two more saves into a run that has some."""
    run = RunFolder(place(root))
    first = load_newest_intact(run)[1]["step"] + 1
    versions()
    begin()
    for step in (first, first + 1):
        save_all(run, step)


def replacing(root: Path, begin: Begin) -> None:
    """A new run in the place of an old one."""
    begin()
    create(root, overwrite=True, config=NEW)
    say("created", 2)


def endless(root: Path, begin: Begin) -> None:
    """Save until the power goes."""
    run = RunFolder.open(place(root))
    first = load_newest_intact(run)[1]["step"] + 1
    versions()
    begin()
    for step in range(first, first + 10**6):
        save_all(run, step, LARGE)


# --- the product with a part left out: the harness must notice ----------------------------------------------------


def without_any_fsync(job: Job) -> Job:
    def broken(root: Path, begin: Begin) -> None:
        def nothing(descriptor: int) -> None:
            pass

        os.__dict__["fsync"] = nothing
        job(root, begin)

    return broken


def without_folder_fsync(job: Job) -> Job:
    def broken(root: Path, begin: Begin) -> None:
        fsync = os.fsync

        def only_files(descriptor: int) -> None:
            if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
                fsync(descriptor)

        os.__dict__["fsync"] = only_files
        job(root, begin)

    return broken


# --- protocols on one file, one sound and the others broken -------------------------------------------------------


def write(path: Path, data: bytes, *, fsync: bool) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        if fsync:
            os.fsync(file.fileno())


def sync_parent(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def sound(path: Path, data: bytes) -> None:
    write(path.with_suffix(".new"), data, fsync=True)
    path.with_suffix(".new").replace(path)
    sync_parent(path)


def overwriting(path: Path, data: bytes) -> None:
    write(path, data, fsync=False)


def renaming_without_fsync(path: Path, data: bytes) -> None:
    write(path.with_suffix(".new"), data, fsync=False)
    path.with_suffix(".new").replace(path)
    sync_parent(path)


def overwriting_with_fsync(path: Path, data: bytes) -> None:
    write(path, data, fsync=True)
    sync_parent(path)


def unlinking_then_renaming(path: Path, data: bytes) -> None:
    write(path.with_suffix(".new"), data, fsync=True)
    path.unlink(missing_ok=True)
    path.with_suffix(".new").replace(path)
    sync_parent(path)


def renaming_without_folder_fsync(path: Path, data: bytes) -> None:
    write(path.with_suffix(".new"), data, fsync=True)
    path.with_suffix(".new").replace(path)


def by_protocol(protocol: Protocol) -> Job:
    """Five saves of sealed checkpoints to `last` by `protocol`."""

    def job(root: Path, begin: Begin) -> None:
        run = RunFolder(place(root))
        contents = [sealed(root, step, SMALL) for step in range(1, SAVES + 1)]
        begin()
        for step, content in enumerate(contents, start=1):
            protocol(run.checkpoints / "last.safetensors", content)
            say("last", step)

    return job


def endlessly(protocol: Protocol) -> Job:
    """As `endless`, by `protocol`; a few contents, again and again, so that none costs time to make."""

    def job(root: Path, begin: Begin) -> None:
        run = RunFolder(place(root))
        contents = [sealed(root, step, LARGE) for step in range(1, CONTENTS + 1)]
        begin()
        for number in range(10**6):
            protocol(run.checkpoints / "last.safetensors", contents[number % CONTENTS])
            say("last", number)

    return job


def sealed(root: Path, step: int, size: int) -> bytes:
    """A checkpoint of the run in `root`, as the product writes it."""
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(Path(folder))
        run.checkpoints.mkdir()
        shutil.copy(place(root) / "environment.json", run.environment)
        save_last(run, tensors(step, size), {"step": step}, step)
        return (run.checkpoints / "last.safetensors").read_bytes()


# --- other libraries, straight to the path ------------------------------------------------------------------------


def torch_save(root: Path, begin: Begin) -> None:
    import torch

    torch.set_num_threads(1)
    path = place(root) / "last.pt"
    torch.save({}, os.devnull)
    begin()
    for step in range(1, SAVES + 1):
        torch.save({name: torch.from_numpy(array) for name, array in tensors(step).items()}, path)
        say("last", step)


def save_file(root: Path, begin: Begin) -> None:
    from safetensors.numpy import save_file

    begin()
    for step in range(1, SAVES + 1):
        save_file(tensors(step), place(root) / "last.plain")
        say("last", step)


def linking(root: Path, begin: Begin) -> None:
    """A call that the model does not know."""
    begin()
    os.link(place(root) / "config.yaml", place(root) / "copy.yaml")


def warm_up(root: Path) -> None:
    """All of it once."""
    run = create(root)
    for step in (1, 2, 3):
        save_all(run, step, tell=silent)
    load_newest_intact(run)


BROKEN_PROTOCOLS: dict[str, Job] = {
    "overwrite": by_protocol(overwriting),
    "rename without fsync": by_protocol(renaming_without_fsync),
    "overwrite and fsync": by_protocol(overwriting_with_fsync),
    "unlink then rename": by_protocol(unlinking_then_renaming),
    "no folder fsync": by_protocol(renaming_without_folder_fsync),
}
BROKEN_PRODUCT: dict[str, Job] = {
    "product without any fsync": without_any_fsync(going_on),
    "product without folder fsync": without_folder_fsync(going_on),
}
OTHERS: dict[str, Job] = {"torch.save": torch_save, "safetensors save_file": save_file}
BROKEN_ENDLESS: dict[str, Job] = {
    "endless overwrite": endlessly(overwriting),
    "endless without folder fsync": endlessly(renaming_without_folder_fsync),
}
JOBS: dict[str, Job] = {
    "training": training,
    "going on": going_on,
    "replacing": replacing,
    "endless": endless,
    "sound": by_protocol(sound),
    "linking": linking,
    **BROKEN_PROTOCOLS,
    **BROKEN_PRODUCT,
    **OTHERS,
    **BROKEN_ENDLESS,
}
