"""What is killed and made to fail at every call: saves and log, a run in the place of another, outputs, the cache."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from faults import decoded, masks, verdict
from faults.children import Ended
from faults.injection import Subject
from faults.saves import BEFORE, NEW, create, place, save_all, silent
from unetkit.errors import DoneWithProblems, MachineError
from unetkit.runs import RunFolder, load_newest_intact

KILLED = -signal.SIGKILL


def known(ended: Ended, *codes: int) -> str:
    """What is wrong with the way in which a child ended; 0: the call was of no matter, and all must be as without."""
    return "" if ended.code in codes else f"it ended with {ended.code}"


# --- checkpoints, history, plan -------------------------------------------------------------------------------------


def with_two_saves(root: Path) -> None:
    create(root)
    for step in (1, 2):
        save_all(RunFolder(place(root)), step, tell=silent)


def killed_saving(root: Path, ended: Ended) -> str:
    return known(ended, KILLED) or verdict.fault(root, BEFORE | ended.said) or _one_more_save(root)


def failed_saving(root: Path, ended: Ended) -> str:
    left = verdict.leftovers(root) - {"checkpoints/next.safetensors"}
    wrong = known(ended, MachineError.exit_code) or (f"left behind: {left}" if left else "")
    return wrong or verdict.fault(root, BEFORE | ended.said) or _one_more_save(root)


def _one_more_save(root: Path) -> str:
    """The temporary files must be gone with it."""
    run = RunFolder.open(place(root))
    step = load_newest_intact(run)[1]["step"] + 1
    save_all(run, step, tell=silent)
    names = {path.name for path in run.checkpoints.iterdir()}
    wrong = verdict.fault(root, {"history": step, "best": step - step % 2, "last": step, "plan": step})
    left = verdict.leftovers(root)
    return wrong or (f"left behind: {left}" if left or not verdict.ALWAYS <= names <= verdict.SAVED else "")


SAVE_CALLS = ("write", "fsync", "rename", "openat", "close", "read")
SAVING = Subject("going on", SAVE_CALLS, with_two_saves, killed_saving, failed_saving)


# --- a run in the place of another ----------------------------------------------------------------------------------


def killed_replacing(root: Path, ended: Ended) -> str:
    # Between two renames neither is at its place: the old one has stepped aside, and was to go anyway.
    return known(ended, KILLED) or verdict.fault(root, ended.said) or _again(root)


def failed_replacing(root: Path, ended: Ended) -> str:
    wrong = known(ended, MachineError.exit_code, 0) or verdict.fault(root, {"created": 1})
    if wrong or ended.code == 0:  # what could not be done was to take the old one away
        return wrong or ("" if RunFolder(place(root)).read_config() == NEW else "it is the old one") or _again(root)
    half = [path.name for path in place(root).parent.glob(".*") if not RunFolder.is_run(path)]
    return (f"left behind: {half}" if half else "") or _again(root)


def _again(root: Path) -> str:
    create(root, overwrite=True, config=NEW)
    return verdict.fault(root, {"created": 1})


REPLACING = Subject("replacing", ("mkdir", *SAVE_CALLS[:-1]), with_two_saves, killed_replacing, failed_replacing)


# --- predictions ----------------------------------------------------------------------------------------------------


def killed_predicting(root: Path, ended: Ended) -> str:
    return known(ended, KILLED) or _predicted_again(root, ended.said)


def failed_predicting(root: Path, ended: Ended) -> str:
    # 1: an input could not be read, and the others are done.
    left = masks.leftovers(root) if ended.code else set[str]()
    wrong = known(ended, MachineError.exit_code, DoneWithProblems.exit_code, 0)
    return wrong or (f"left behind: {left}" if left else "") or _predicted_again(root, ended.said)


def _predicted_again(root: Path, said: Mapping[str, int]) -> str:
    expected = masks.wanted(masks.inputs(root))
    return masks.fault(root, said, expected) or masks.after_going_on(root, expected)


def with_an_output(root: Path) -> None:
    masks.write_inputs(root)
    with masks.in_use():
        masks.run(masks.output(root), masks.inputs(root))


PREDICT_CALLS = ("write", "fsync", "rename", "openat", "close", "mkdir", "read", "unlink")
PREDICTING = Subject("predicting", PREDICT_CALLS, masks.write_inputs, killed_predicting, failed_predicting)
PREDICTING_AGAIN = Subject("predicting", PREDICT_CALLS, with_an_output, killed_predicting, failed_predicting)


# --- the cache ------------------------------------------------------------------------------------------------------


def killed_filling(root: Path, ended: Ended) -> str:
    return known(ended, KILLED) or _filled_again(root)


def failed_filling(root: Path, ended: Ended) -> str:
    return known(ended, 0) or _filled_again(root)


def _filled_again(root: Path) -> str:
    left = decoded.leftovers(root)
    return decoded.fault(root, {}, decoded.pairs(root)) or (f"left behind: {left}" if left else "")


def with_half_a_set(root: Path) -> None:
    """The other half is to be added; the set has the same name, as nothing but pairs differ."""
    decoded.pairs(root)
    decoded.fill(decoded.pairs(root, decoded.COUNT // 2), root)


CACHE_CALLS = (
    *("openat", "mkdir", "flock", "fallocate", "pwrite64", "pread64", "read", "utimensat", "close", "ftruncate"),
    *("getdents64", "statfs"),
)
FILLING = Subject("filling", CACHE_CALLS, decoded.pairs, killed_filling, failed_filling, decoded.places)
LENGTHENING = Subject("filling", CACHE_CALLS, with_half_a_set, killed_filling, failed_filling, decoded.places)

SUBJECTS = {
    "saves and log": SAVING,
    "a run in the place of another": REPLACING,
    "predictions": PREDICTING,
    "predictions in the place of others": PREDICTING_AGAIN,
    "a new set of the cache": FILLING,
    "a set of the cache made longer": LENGTHENING,
}


# --- what is known to be broken: its folder must be found so --------------------------------------------------------


def killed_overwriting(root: Path, ended: Ended) -> str:
    return known(ended, KILLED) or verdict.fault(root, ended.said)


def failed_overwriting(root: Path, ended: Ended) -> str:
    return verdict.fault(root, ended.said)


OVERWRITING = Subject("overwrite", SAVE_CALLS, with_two_saves, killed_overwriting, failed_overwriting)
PREDICTING_OVER = replace(PREDICTING, job="predicting by overwriting")
FILLING_OR_ENDING = replace(FILLING, job="filling or ending")
