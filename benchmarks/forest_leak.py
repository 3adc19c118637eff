"""The leak in numbers: one test set, and a training set with or without crops of the scenes it was cut from.

A random split leaks, but it also tests on other images than a split by scene, so that their scores cannot be compared.
Here the test and validation images stay the same, and so does the number of training images; what changes is whether
43 of them come from the scenes of the test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from unetkit.data.dataset import DataSet, open_data, write_manifest
from unetkit.data.pair import Pair
from unetkit.data.scan import evenly


def sisters_apart(folder: Path, split: Sequence[str], out: Path) -> Path:
    """A manifest whose training images share no scene with the test; see `_manifest`."""
    return _manifest(folder, split, out, sisters_in_train=False)


def sisters_in_train(folder: Path, split: Sequence[str], out: Path) -> Path:
    """A manifest in which some training images were cut from the scenes of the test; see `_manifest`."""
    return _manifest(folder, split, out, sisters_in_train=True)


def _manifest(folder: Path, split: Sequence[str], out: Path, *, sisters_in_train: bool) -> Path:
    """Half of each test scene's crops are the test; the other half may stand in train, in the place of as many others.

    Args:
        folder: the forest set.
        split: the flags of the split by scene: --groups, --test and --val, each with its value.
        out: the folder that gets `manifest.csv` and `data.yaml`.
        sisters_in_train: whether the other half is learnt from.
    """
    said = dict(zip(split[::2], split[1::2], strict=True))
    scenes = open_data(folder, groups=said["--groups"], test=said["--test"], val=said["--val"], split_by="group")
    held = _in_order(scenes, "test")
    test, sisters = held[::2], [replace(pair, split="train") for pair in held[1::2]]
    others = list(_in_order(scenes, "train"))
    kept = evenly(others, len(others) - len(sisters))
    train = [*kept, *sisters] if sisters_in_train else others
    out.mkdir(parents=True, exist_ok=True)
    write_manifest(replace(scenes, pairs=(*train, *scenes.split("val"), *test)), out)
    return out


def _in_order(dataset: DataSet, split: str) -> tuple[Pair, ...]:
    return tuple(sorted(dataset.split(split), key=lambda pair: (pair.group or "", pair.image)))
