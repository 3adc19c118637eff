"""The one door: a folder becomes pairs with classes, groups and splits, and comes back equal from its manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from unetkit.data import truth
from unetkit.data.contents import Contents
from unetkit.data.copies import identical_files
from unetkit.data.dataset import DataSet, open_data, write_manifest
from unetkit.data.groups import NO_GROUPS, natural_key
from unetkit.errors import ConfigError, DataError
from unetkit.files import sha256_file


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(pixels).save(path)


def write_set(root: Path, clips: int = 4, frames: int = 5, ids: tuple[int, ...] = (0, 1, 2)) -> Path:
    """Clips c0, c1, ... of noise, 12×16; the mask's rows hold the ids in turn."""
    generator = np.random.default_rng(0)
    for clip in range(clips):
        for frame in range(frames):
            name = f"c{clip}_{frame:03d}.png"
            save(root / "images" / name, generator.integers(0, 256, (12, 16, 3), np.uint8))
            save(root / "masks" / name, np.resize(np.array(ids, np.uint8), (16, 12)).T.copy())
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_set(tmp_path / "set")


def test_a_folder_becomes_pairs_with_classes_groups_and_splits(root: Path) -> None:
    dataset = open_data(root)
    assert dataset.classes.names == ("class 0", "class 1", "class 2")
    assert dataset.groups.evidence.startswith("group = the text before the first `_`: 4 groups")
    assert (len(dataset.split("train")), len(dataset.split("val"))) == (15, 5)
    assert len({pair.group for pair in dataset.split("val")}) == 1


def test_the_tree_of_cityscapes_has_the_19_train_ids_unless_others_are_said(tmp_path: Path) -> None:
    pixels = np.repeat(np.array([0, 7, 11, 26], np.uint8), 4)[:, None].repeat(16, axis=1)
    for city in ("bonn", "ulm"):
        for split in ("train", "val"):
            stem = f"{split}/{city}/{city}_000000_000019"
            save(tmp_path / f"leftImg8bit/{stem}_leftImg8bit.png", np.zeros((16, 16, 3), np.uint8))
            save(tmp_path / f"gtFine/{stem}_gtFine_labelIds.png", pixels)
    dataset = open_data(tmp_path)
    assert len(dataset.classes) == 19, dataset.classes.names
    assert dataset.classes.names[13] == "car"
    assert np.unique(dataset.read_mask(dataset.pairs[0])).tolist() == [0, 2, 13, 255]
    assert len(open_data(tmp_path, classes="cityscapes-34").classes) == 34


def test_image_and_mask_of_a_pair_have_one_size(root: Path) -> None:
    dataset = open_data(root)
    image, mask = dataset.read(dataset.pairs[0])
    assert (image.shape, mask.shape) == ((12, 16, 3), (12, 16))
    assert set(np.unique(mask)) == {0, 1, 2}


def test_every_mask_decides_the_class_table_of_train(root: Path) -> None:
    save(root / "masks/c2_003.png", np.full((12, 16), 3, np.uint8))
    assert len(open_data(root).classes) == 4


def index(root: Path, colours: list[int]) -> None:
    """Give every mask a palette."""
    for file in root.glob("masks/*"):
        with Pillow.open(file) as picture:
            picture.load()
        picture.putpalette(colours)
        picture.save(file)


def test_indexed_masks_are_read_as_their_colours_where_that_is_said(root: Path) -> None:
    index(root, [0, 0, 255, 0, 255, 0, 255, 0, 0])
    dataset = open_data(root, encoding="colours", classes="#ff0000=sky,#00ff00=land,#0000ff=sea")
    assert dataset.classes.names == ("sea", "land", "sky")
    assert dataset.scan_masks(dataset.pairs).pixels().tolist() == [20 * 64] * 3


def test_indexed_masks_are_read_as_their_indices_else(root: Path) -> None:
    index(root, [0, 0, 255, 0, 255, 0, 255, 0, 0])
    dataset = open_data(root)
    assert dataset.classes.sources == (0, 1, 2)
    assert dataset.scan_masks(dataset.pairs).pixels().tolist() == [20 * 64] * 3


def test_pixels_of_each_class_are_counted_once(root: Path) -> None:
    dataset = open_data(root)
    counts = dataset.scan_masks(dataset.split("val"))
    assert len(counts.images) == 5
    assert counts.pixels().sum() == 5 * 12 * 16


def test_masks_that_are_not_kept_in_memory_are_counted_alike(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = open_data(root).scan_masks(open_data(root).pairs)
    monkeypatch.setattr(truth, "KEPT_BYTES", 3 * 12 * 16)
    again = open_data(root).scan_masks(open_data(root).pairs)
    assert np.array_equal(kept.counts, again.counts)


@given(
    val=st.sampled_from(["0.2", "3", "c1,c2", "c0_"]), by=st.sampled_from(["auto", "random"]), seed=st.integers(0, 9)
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_manifest_read_back_is_the_same_data_set(root: Path, tmp_path: Path, val: str, by: str, seed: int) -> None:
    dataset = open_data(root, val=val, split_by=by, seed=seed)  # type: ignore[arg-type]
    write_manifest(dataset, tmp_path, sealed=bool(seed % 2))
    assert open_data(tmp_path) == dataset == open_data(tmp_path / "manifest.csv")


def test_a_part_that_is_empty_in_a_manifest_of_ours_stays_empty(root: Path, tmp_path: Path) -> None:
    write_manifest(open_data(root, val="0"), tmp_path)
    assert sizes(open_data(tmp_path)) == {"train": 20}
    assert sizes(open_data(tmp_path, split_by="random")) == {"train": 16, "val": 4}


def test_a_manifest_with_hashes_knows_every_image(root: Path, tmp_path: Path) -> None:
    dataset = open_data(root)
    write_manifest(dataset, tmp_path, hashes=Contents(root).hash_images(dataset.pairs))
    again = open_data(tmp_path)
    assert again.columns["sha256"] == tuple(sha256_file(root / pair.image) for pair in dataset.pairs)
    assert replace(again, columns={}) == dataset


def test_hashes_that_a_manifest_brought_are_not_believed(root: Path, tmp_path: Path) -> None:
    dataset = open_data(root)
    write_manifest(dataset, tmp_path, hashes=dict.fromkeys((pair.image for pair in dataset.pairs), "0" * 64))
    stale = open_data(tmp_path)
    write_manifest(stale, tmp_path, hashes=Contents(root).hash_images(stale.pairs))
    assert len(set(open_data(tmp_path).columns["sha256"])) == 20


def test_a_manifest_can_be_split_anew_and_its_classes_named(root: Path, tmp_path: Path) -> None:
    write_manifest(open_data(root), tmp_path)
    again = open_data(tmp_path, split_by="group", val="c0", classes="0=sea,1=sky,2=land")
    assert {pair.group for pair in again.split("val")} == {"c0"}
    assert again.classes.names == ("sea", "sky", "land")


def test_a_mask_that_no_longer_fits_its_manifest_is_left_out_when_asked(root: Path, tmp_path: Path) -> None:
    write_manifest(open_data(root), tmp_path)
    save(root / "masks" / "c0_000.png", np.full((12, 16), 7, np.uint8))
    dataset = open_data(tmp_path, skip_bad=True)
    assert [(bad.path, bad.fault) for bad in dataset.bad] == [("masks/c0_000.png", "unknown-values")]
    assert len(dataset.pairs) == 19


def test_groups_written_into_a_manifest_by_hand_are_told_with_their_count(root: Path, tmp_path: Path) -> None:
    write_manifest(open_data(root, groups="c[0-3]_00", split_by="random"), tmp_path)
    table = tmp_path / "manifest.csv"
    table.write_text(table.read_text().replace(",c0_00", ",left").replace(",c1_00", ",left"))
    assert open_data(tmp_path).groups.evidence.startswith("column `group`: 3 groups")
    assert open_data(tmp_path).groups.count == 3


def test_groups_of_a_manifest_that_knew_none_are_told(root: Path, tmp_path: Path) -> None:
    write_manifest(replace(open_data(root), groups=NO_GROUPS), tmp_path)
    rule = open_data(tmp_path).groups
    assert (rule.by, rule.count, rule.evidence) == ("column", 4, "column `group`: 4 groups, 5 images each")


def test_source_and_licence_are_handed_on(root: Path, tmp_path: Path) -> None:
    write_manifest(open_data(root), tmp_path)
    with (tmp_path / "data.yaml").open("a", encoding="utf-8") as file:
        file.write("licence: CC BY-NC 4.0\n")
    (tmp_path / "run").mkdir()
    write_manifest(open_data(tmp_path), tmp_path / "run", sealed=True)
    assert open_data(tmp_path / "run").about == {"licence": "CC BY-NC 4.0"}


def test_where_the_masks_are_cannot_be_said_about_a_manifest(root: Path, tmp_path: Path) -> None:
    write_manifest(open_data(root), tmp_path)
    with pytest.raises(ConfigError, match="--masks cannot be said"):
        open_data(tmp_path, masks="labels")


def test_a_csv_with_a_group_column_and_further_columns(root: Path) -> None:
    rows = [f"images/{p.name},masks/{p.name},g{n % 4},{n}" for n, p in enumerate(sorted(root.glob("images/*")))]
    table = root / "pairs.csv"
    table.write_text("\n".join(["image,mask,group,wind", *rows]) + "\n", "utf-8")
    dataset = open_data(table)
    assert dataset.groups.count == 4
    assert dataset.columns["wind"] == tuple(str(n) for n in range(20))
    assert {pair.group for pair in open_data(table, groups=r"(c\d)_").pairs} == {"c0", "c1", "c2", "c3"}


# --- bad files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["images/c1_002.png", "masks/c1_002.png"])
def test_training_refuses_a_bad_file_until_it_is_left_out(root: Path, name: str) -> None:
    (root / name).write_bytes(b"")
    dataset = open_data(root)
    with pytest.raises(DataError, match="1 of 20 pairs") as caught:
        dataset.refuse_bad()
    assert name in caught.value.where
    assert "--skip-bad" in caught.value.advice
    open_data(root, skip_bad=True).refuse_bad()
    assert len(open_data(root, skip_bad=True).pairs) == 19


def test_nothing_usable_is_an_error_that_names_a_file(root: Path) -> None:
    for file in root.glob("masks/*"):
        file.write_bytes(b"text")
    with pytest.raises(DataError, match="none of the 20 pairs can be used") as caught:
        open_data(root)
    assert "c0_000.png" in caught.value.where


# --- copies -----------------------------------------------------------------------------------------------------


def test_groups_that_share_an_image_stay_together(root: Path) -> None:
    (root / "images/c1_000.png").write_bytes((root / "images/c3_004.png").read_bytes())
    opened = [open_data(root, seed=seed, val="0.5") for seed in range(6)]
    parts = [{pair.group: pair.split for pair in dataset.pairs} for dataset in opened]
    assert all(part["c1"] == part["c3"] for part in parts)
    assert all("c1 + c3" in dataset.split_notes[-1] for dataset in opened)


def test_files_are_equal_only_if_every_byte_is(tmp_path: Path) -> None:
    content = {"a": b"x" * 20_000, "b": b"x" * 20_000, "c": b"x" * 10_000 + b"y" + b"x" * 9_999, "d": b"", "e": b""}
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)
    assert identical_files(tmp_path, [*content, "gone"]) == (("a", "b"),)


# --- the splits of the real sets ----------------------------------------------------------------------------------


def sizes(dataset: DataSet) -> dict[str | None, int]:
    return dict(Counter(pair.split for pair in dataset.pairs))


def test_horizon_uav_by_video(real_data: Callable[[str], Path]) -> None:
    dataset = open_data(real_data("horizon-uav"), val="b4,d3", test="c2,d5,e12", masks_to_scan=8)
    assert sizes(dataset) == {"train": 310, "val": 41, "test": 59}
    assert dataset.classes.names == ("land", "sky")


def test_ir_horizon_by_time(real_data: Callable[[str], Path]) -> None:
    dataset = open_data(real_data("ir-horizon"), split_by="time", val="15", test="25", masks_to_scan=8)
    assert [pair.split for pair in dataset.pairs] == ["train"] * 70 + ["val"] * 15 + ["test"] * 25


def test_forest_by_tile(real_data: Callable[[str], Path]) -> None:
    tiles = sorted(
        {pair.group or "" for pair in open_data(real_data("forest"), masks_to_scan=8).pairs}, key=natural_key
    )
    said = {"test": ",".join(tiles[0::5]), "val": ",".join(tiles[2::5])}
    dataset = open_data(real_data("forest"), masks_to_scan=8, test=said["test"], val=said["val"])
    assert {pair.group for pair in dataset.split("test")} == set(tiles[0::5])
    assert sum(sizes(dataset).values()) == 408


def test_camvid_as_given_and_by_clip(real_data: Callable[[str], Path]) -> None:
    assert sizes(open_data(real_data("camvid"), masks_to_scan=8)) == {"train": 367, "val": 101}
    anew = open_data(real_data("camvid"), masks_to_scan=8, split_by="group", val="0006R0", test="0001TP")
    assert sizes(anew) == {"train": 305, "val": 101, "test": 62}
