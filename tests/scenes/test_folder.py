"""Scenes on disk are a data set like any other."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from unetkit.errors import OutputExists
from unetkit.scenes import render, write_scenes
from unetkit.scenes.folder import names_of


def test_images_and_masks_have_the_same_names(tmp_path: Path) -> None:
    names = write_scenes(tmp_path / "sea", 3, height=24, width=32)

    assert sorted(path.stem for path in (tmp_path / "sea/images").iterdir()) == names
    assert sorted(path.name for path in (tmp_path / "sea/masks").iterdir()) == [f"{name}.png" for name in names]


def test_names_tell_the_clip() -> None:
    assert list(names_of(11))[-2:] == ["clip00_0009", "clip01_0010"]


def test_masks_hold_0_for_sea_and_255_for_sky(tmp_path: Path) -> None:
    (name,) = write_scenes(tmp_path, 1, seed=9, height=24, width=32)
    stored = cv2.imread(str(tmp_path / f"masks/{name}.png"), cv2.IMREAD_UNCHANGED)

    np.testing.assert_array_equal(stored, 255 * render(9, 0, height=24, width=32)[1])


def test_infrared_is_stored_without_loss_as_grey(tmp_path: Path) -> None:
    (name,) = write_scenes(tmp_path, 1, kind="infrared", height=24, width=32)
    stored = cv2.imread(str(tmp_path / f"images/{name}.png"), cv2.IMREAD_UNCHANGED)

    np.testing.assert_array_equal(stored, render(0, 0, kind="infrared", height=24, width=32)[0][..., 0])


def test_colours_are_not_swapped_on_the_way_to_disk(tmp_path: Path) -> None:
    (name,) = write_scenes(tmp_path, 1, height=120, width=160)
    stored = np.asarray(cv2.imread(str(tmp_path / f"images/{name}.jpg")), np.float64)[..., ::-1]

    assert np.abs(stored - render(0, 0, height=120, width=160)[0]).mean() < 6


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()

    with pytest.raises(OutputExists, match="exists already"):
        write_scenes(tmp_path, 1)
    assert not (tmp_path / "images").exists()


def test_each_name_is_heard_for_a_progress_bar(tmp_path: Path) -> None:
    heard: list[str] = []

    assert write_scenes(tmp_path, 2, height=8, width=8, on_each=heard.append) == heard
