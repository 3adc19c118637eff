"""Keys by content and settings: whatever could change a pixel gives another one, and nothing else does."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import cv2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import features as codecs

from data.written_pairs import Written, write_pairs
from unetkit.config.jobs import TrainSettings
from unetkit.data.arrays import Image, Mask
from unetkit.data.cache.entry import Form
from unetkit.data.cache.folder import CacheFolder
from unetkit.data.cache.shelf import Shelf, decoder
from unetkit.data.contents import Contents
from unetkit.data.pair import Pair
from unetkit.errors import DataError
from unetkit.recipes.settings import settings as settings_of
from unetkit.scenes.folder import write_scenes
from unetkit.training.prepare import Material, prepare_data


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return write_pairs(tmp_path / "data", 3)


def keys(written: Written) -> list[bytes]:
    return Contents(written.root).keys(written.pairs)


# --- files ------------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["1.image", "1.mask"]), content=st.binary(min_size=1, max_size=30), at=st.integers(0, 10**6)
)
def test_any_other_byte_of_image_or_mask_gives_that_pair_another_key(
    name: str, content: bytes, at: int, written: Written
) -> None:
    path = written.root / name
    path.write_bytes(content)
    before = keys(written)
    place = at % len(content)
    path.write_bytes(content[:place] + bytes([content[place] ^ (1 + at % 255)]) + content[place + 1 :])
    assert [a == b for a, b in zip(before, keys(written), strict=True)] == [True, False, True]


def test_names_places_and_times_are_no_part_of_a_key(written: Written, tmp_path: Path) -> None:
    before = keys(written)
    for path in written.root.iterdir():
        os.utime(path, (1, 1))
    assert keys(written) == before
    moved = shutil.copytree(written.root, tmp_path / "elsewhere")
    (moved / "1.image").rename(moved / "other.image")
    pair = Pair("other.image", "1.mask", "val", "clip")
    assert Contents(moved).keys([pair]) == [before[1]]


def test_image_and_mask_changed_about_are_another_pair(written: Written) -> None:
    there, back = Pair("0.image", "0.mask"), Pair("0.mask", "0.image")
    assert len(set(Contents(written.root).keys([there, back]))) == 2


def test_the_order_of_class_folders_counts(written: Written) -> None:
    there, back = Pair("0.image", "1.mask|2.mask"), Pair("0.image", "2.mask|1.mask")
    assert len(set(Contents(written.root).keys([there, back]))) == 2


# --- files that change ------------------------------------------------------------------------------------------------


def test_a_file_that_changes_after_it_was_hashed_is_named(written: Written) -> None:
    contents = Contents(written.root)
    contents.keys(written.pairs)
    (written.root / "1.mask").write_text("another", encoding="utf-8")
    contents.read(written.pairs[0], written.read)
    with pytest.raises(DataError, match="has changed since this run began") as caught:
        contents.read(written.pairs[1], written.read)
    assert caught.value.where == str(written.root / "1.mask")


def test_a_file_that_is_only_touched_or_put_back_has_not_changed(written: Written) -> None:
    contents = Contents(written.root)
    contents.keys(written.pairs)
    path = written.root / "1.image"
    os.utime(path, (5, 5))
    contents.read(written.pairs[1], written.read)
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    contents.read(written.pairs[1], written.read)


def test_a_file_that_was_another_only_while_it_was_decoded_is_decoded_again(written: Written) -> None:
    contents, path = Contents(written.root), written.root / "1.image"
    contents.keys(written.pairs)
    true = path.read_bytes()
    lies = iter([b"a lie", b"another"])

    def decode(pair: Pair) -> tuple[Image, Mask]:
        path.write_bytes(next(lies, true))
        decoded = written.read(pair)
        path.write_bytes(true)
        os.utime(path, ns=(1, len(written.decoded)))
        return decoded

    os.utime(path, ns=(1, 0))
    contents.keys(written.pairs)
    with pytest.raises(DataError, match="changes all the while"):
        contents.read(written.pairs[1], decode)
    assert len(written.decoded) == 3


def test_a_change_that_the_slow_clock_of_a_disk_does_not_show_is_noticed(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written.root / "1.image"
    frozen = path.stat()

    def still(*_: object, **__: object) -> os.stat_result:
        return frozen

    monkeypatch.setattr(Path, "stat", still)
    contents = Contents(written.root)
    contents.keys(written.pairs)
    path.write_bytes(path.read_bytes()[::-1])
    with pytest.raises(DataError, match="has changed"):
        contents.read(written.pairs[1], written.read)


def test_what_is_long_settled_is_not_hashed_twice(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unetkit.data.contents.SETTLED", -(10**10))
    contents = Contents(written.root)
    contents.keys(written.pairs)

    def never(_: Path) -> str:
        pytest.fail("hashed again")

    monkeypatch.setattr("unetkit.data.contents.sha256_file", never)
    contents.read(written.pairs[1], written.read)


def test_a_file_that_is_gone_is_named(written: Written) -> None:
    (written.root / "2.image").unlink()
    with pytest.raises(DataError, match="cannot be read") as caught:
        keys(written)
    assert caught.value.where == str(written.root / "2.image")


def test_a_file_in_which_another_process_found_something_else_is_named(written: Written) -> None:
    one, other = Contents(written.root), Contents(written.root)
    one.read(written.pairs[0], written.read)
    (written.root / "0.image").write_text("another", encoding="utf-8")
    other.hash_images(written.pairs)
    with pytest.raises(DataError, match="has changed") as caught:
        one.agree(other.digests)
    assert caught.value.where == str(written.root / "0.image")


def test_what_another_process_found_is_held_against_a_file_when_it_is_read(written: Written) -> None:
    one, other = Contents(written.root), Contents(written.root)
    other.hash_images(written.pairs)
    one.agree(other.digests)
    one.read(written.pairs[1], written.read)
    (written.root / "0.image").write_text("another", encoding="utf-8")
    with pytest.raises(DataError, match="has changed"):
        one.read(written.pairs[0], written.read)


# --- settings ---------------------------------------------------------------------------------------------------------

SCENES: dict[str, Any] = {"data.size": "32", "data.val": "4", "data.split_by": "random"}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    write_scenes(folder, 10, seed=1, height=24, width=32)
    return folder


def material(scenes: Path, seed: int = 0, **values: Any) -> Material:
    wanted = settings_of("train", {**SCENES, **values})
    assert isinstance(wanted, TrainSettings)
    return prepare_data(wanted.data, str(scenes), seed)


def name(made: Material) -> str:
    form = Form.of(*(made.fit.image(made.read(made.train[0])[0], made.normalisation.fill), made.read(made.train[0])[1]))
    return Shelf(CacheFolder(Path("nowhere"), 0), made.contents, made.decisive).name(form)


@pytest.mark.parametrize(
    "changed",
    [
        {"data.size": "16"},
        {"data.size": "fit:32x32"},
        {"data.channels": "1"},
        {"data.classes": "0=water,255=air"},
        {"data.ignore": "7"},
    ],
    ids=str,
)
def test_every_setting_that_decides_pixels_gives_another_set(changed: dict[str, Any], scenes: Path) -> None:
    assert name(material(scenes, **changed)) != name(material(scenes))


def test_the_fill_counts_only_where_something_is_padded(scenes: Path) -> None:
    unit: dict[str, Any] = {"data.normalise": "unit"}
    assert name(material(scenes, **unit)) == name(material(scenes))
    padded: dict[str, Any] = {"data.size": "fit:32x32"}
    assert name(material(scenes, **padded, **unit)) != name(material(scenes, **padded))


def test_another_split_shares_the_set(scenes: Path) -> None:
    one, other = material(scenes), material(scenes, seed=7)
    assert {pair.image for pair in one.train} != {pair.image for pair in other.train}
    assert name(one) == name(other)


@pytest.mark.parametrize(
    ("owner", "what", "other"),
    [
        (cv2, "__version__", "9.9"),
        (cv2, "getCPUFeaturesLine", lambda: "ABACUS"),
        (cv2, "getBuildInformation", lambda: "JPEG: another"),
        (codecs, "version", str),
    ],
)
def test_another_decoder_gives_another_set(
    owner: Any, what: str, other: object, scenes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = material(scenes)
    before = name(made)
    decoder.cache_clear()
    monkeypatch.setattr(owner, what, other)
    try:
        assert name(made) != before
    finally:
        decoder.cache_clear()


def test_the_code_that_decodes_is_part_of_the_name() -> None:
    assert len(decoder()["code"]) == 64
