"""What children do with `predict`, and what its output folder must be after a fault.

The promise: a picture that is there is whole; when `predict` has returned, all are there; what a fault has stopped is
begun again in the same folder with --overwrite.
"""

from __future__ import annotations

import functools
import shutil
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

import cv2

from faults.alone import alone
from faults.saves import Begin, Job, say, without_any_fsync
from predicting.brightness import CONTRACT, Brightness, scene
from unetkit.config.jobs import PredictSettings
from unetkit.data.arrays import Floats
from unetkit.errors import DoneWithProblems, UnetkitError
from unetkit.files import read_json
from unetkit.predicting import predict as room
from unetkit.predicting import writing
from unetkit.predicting.predict import RECORD, predict
from unetkit.predicting.predictor import Predictor

NAMES = ("1.png", "coast/2.png", "coast/3.png")
BEFORE = 4  # outputs that a writer without end leaves beside the one in work

Pictures = Mapping[str, bytes]


def inputs(root: Path) -> Path:
    """Beside `root`: to read them is none of the calls on it."""
    return root.parent / "inputs"


def output(root: Path, number: int = 0) -> Path:
    return root / f"out-{number}"


def write_inputs(root: Path, names: tuple[str, ...] = NAMES) -> None:
    for number, name in enumerate(names):
        path = inputs(root) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), scene(12, 16, 3 + number % 8))


def run(folder: Path, images: Path, *, threads: int = 1, overwrite: bool = False) -> None:
    """Predict.

    Raises:
        DoneWithProblems: an input failed.
    """
    settings = PredictSettings(out=str(folder), threads=threads, overwrite=overwrite)
    if predict(settings, "m", [str(images)]).exit_code:
        raise DoneWithProblems("an input failed")


class Slow(Brightness):
    """Takes as long for an image as a network of some size."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def scores(self, batch: Floats) -> Floats:
        time.sleep(self._seconds * len(batch))
        return super().scores(batch)


def use(backend: Brightness) -> None:
    """MODEL is the brightness model from now on."""

    def load(*_: object, **__: object) -> Predictor:
        return Predictor(CONTRACT, backend)

    room.__dict__["load"] = load


@contextmanager
def in_use() -> Generator[None]:
    """As `use`, in a process that does something else afterwards."""
    before = room.__dict__["load"]
    use(Brightness())
    yield
    room.__dict__["load"] = before


# --- jobs ---------------------------------------------------------------------------------------------------------


def predicting(root: Path, begin: Begin) -> None:
    """All inputs, by one thread; in the place of an earlier output, if there is one."""
    alone()
    use(Brightness())
    begin()
    run(output(root), inputs(root), overwrite=True)
    say("predicted", 0)


def predicting_by_threads(root: Path, begin: Begin) -> None:
    """The same, with reading, computing and writing at once."""
    use(Slow(0.01))
    begin()
    run(output(root), inputs(root), threads=2, overwrite=True)


def predicting_slowly(root: Path, begin: Begin) -> None:
    """An image takes so long that nobody wants to wait for it."""
    use(Slow(3.0))
    begin()
    run(output(root), inputs(root))


def endless(root: Path, begin: Begin) -> None:
    """Predict into one new folder after another until the power goes."""
    alone()
    use(Brightness())
    first = 1 + max((int(path.name.removeprefix("out-")) for path in root.glob("out-*")), default=-1)
    begin()
    for number in range(first, first + 10**6):
        run(output(root, number), inputs(root))
        say("predicted", number)
        if output(root, number - BEFORE).exists():
            shutil.rmtree(output(root, number - BEFORE).rename(root / f"gone-{number}"))


# --- the product with a part left out: the harness must notice ----------------------------------------------------


def overwriting(job: Job) -> Job:
    """Pictures written as most people write them."""

    def broken(root: Path, begin: Begin) -> None:
        writing.__dict__["write_bytes"] = Path.write_bytes
        job(root, begin)

    return broken


def with_unsure_folders(job: Job) -> Job:
    """Folders that a power cut may take away, and all that lies in them."""

    def broken(root: Path, begin: Begin) -> None:
        writing.__dict__["make_folder"] = functools.partial(Path.mkdir, parents=True, exist_ok=True)
        job(root, begin)

    return broken


def deaf(job: Job) -> Job:
    """Signals end it where it is."""

    def unheard(_handler: object) -> nullcontext[None]:
        return nullcontext()

    def broken(root: Path, begin: Begin) -> None:
        room.__dict__["heard_by"] = unheard
        job(root, begin)

    return broken


# --- verdicts -----------------------------------------------------------------------------------------------------


@functools.cache
def wanted(images: Path) -> Pictures:
    """What `predict` makes of these inputs, by path in the output folder."""
    place = images.with_name("wanted")
    with in_use():
        run(place, images, overwrite=True)
    return pictures(place)


def pictures(folder: Path) -> Pictures:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.png")}


def fault(root: Path, said: Mapping[str, int], expected: Pictures) -> str:
    """What is wrong with the output folders below `root` when all of `said` was acknowledged; empty when all is well.

    Args:
        expected: what `wanted` gives for the inputs, wherever `root` lies by now.
    """
    due = {output(root, number) for number in said.values()}
    folders = sorted({*root.glob("out-*"), *due})
    return next(filter(None, (wrong(folder, expected, whole=folder in due) for folder in folders)), "")


def wrong(folder: Path, expected: Pictures, *, whole: bool) -> str:
    """Whether a picture is not what it should be, or, where a record or an acknowledgement says so, missing."""
    found = pictures(folder) if folder.is_dir() else {}
    damaged = sorted(name for name, data in found.items() if data != expected.get(name))
    if damaged:
        return f"{folder.name}: damaged: {damaged[0]}"
    if whole and found.keys() != expected.keys():
        return f"{folder.name}: missing: {min(expected.keys() - found.keys())}"
    if whole or (folder / RECORD).exists():
        return _record(folder, found)
    return "" if room.__dict__["_is_ours"](folder) else f"{folder.name}: it is not known as ours any more"


def _record(folder: Path, found: Pictures) -> str:
    try:
        rows = read_json(folder / RECORD)["outputs"]
    except UnetkitError as error:
        return f"{error.where}: {error.what}"
    done = {row[kind] for row in rows for kind in ("mask", "colour", "overlay") if row[kind]}
    told = {name for name in found if any(path.endswith(f"/{name}") for path in done)}
    return "" if len(done) == len(found) == len(told) else f"the record tells of {len(done)} pictures"


def leftovers(root: Path) -> set[str]:
    """What no successful call has left by purpose, in the output folders and beside them."""
    files = {path.relative_to(root) for path in root.rglob("*") if not path.is_dir()}
    return {str(path) for path in files if path.suffix != ".png" and path.name != RECORD}


def after_going_on(root: Path, expected: Pictures) -> str:
    """What is wrong when the same call is made again."""
    with in_use():
        run(output(root), inputs(root), overwrite=True)
    return fault(root, {"predicted": 0}, expected) or (f"left behind: {leftovers(root)}" if leftovers(root) else "")


def warm_up(root: Path) -> None:
    """All of it once, so that no child imports anything."""
    write_inputs(root)
    wanted(inputs(root))


BROKEN: dict[str, Job] = {
    "predicting without any fsync": without_any_fsync(predicting),
    "predicting by overwriting": overwriting(predicting),
    "predicting into unsure folders": with_unsure_folders(predicting),
}
BROKEN_ENDLESS: dict[str, Job] = {
    "endless predicting by overwriting": overwriting(endless),
    "endless predicting without any fsync": without_any_fsync(endless),
}
JOBS: dict[str, Job] = {
    "predicting": predicting,
    "predicting by threads": predicting_by_threads,
    "predicting by threads, deaf": deaf(predicting_by_threads),
    "predicting slowly": predicting_slowly,
    "endless predicting": endless,
    **BROKEN,
    **BROKEN_ENDLESS,
}
