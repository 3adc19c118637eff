"""`check`: what is here, what is wrong, what to do; one bad file stops nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unetkit.checking import CHECKS
from unetkit.errors import DataError
from unetkit.extras import resolve


def test_a_sound_folder_has_no_findings(folder: Any, checked: Any) -> None:
    report = checked(folder.root, val="4")
    assert report.findings == ()
    assert (report.pairs, report.splits) == (12, {"train": 8, "val": 4})
    assert [round(row.pixels_share, 3) for row in report.classes] == [0.5, 0.5]


def test_the_document_has_the_keys_of_the_schema(folder: Any, checked: Any) -> None:
    document = checked(folder.root).to_json()
    keys = "schema version data layout encoding pairs orphans channels sizes classes ignore groups splits findings"
    assert list(document)[:14] == keys.split()
    assert json.loads(json.dumps(document)) == document
    assert document["channels"] == {"3": 12}
    assert document["sizes"] == [{"width": 32, "height": 24, "count": 12}]


def test_photos_with_their_masks_beside_them_have_the_size_of_the_photo(empty: Any, checked: Any) -> None:
    for number in range(6):
        empty.save(f"{number}.png", np.random.default_rng(number).integers(0, 2, (24, 48, 3), np.uint8) * 255)
    report = checked(empty.root, layout="side-by-side", encoding="colours")
    assert report.sizes == {(24, 24): 6}


def test_commands_repeat_what_the_user_said(folder: Any, checked: Any) -> None:
    report = checked(folder.root, classes="0=sea,1=sky above", val="2", split_by="random")
    said = "--classes '0=sea,1=sky above' --val 2 --split-by random"
    assert report.next == f"unetkit train {folder.root} {said}"
    advice = {found.code: found.advice for found in report.findings}["small-val"]
    assert advice.endswith(said.replace("--val 2 --split-by random", "--split-by random --val 0.3"))


def test_the_next_command_is_told_unless_something_is_in_its_way(folder: Any, checked: Any) -> None:
    assert checked(folder.root).to_json()["next"] == f"unetkit train {folder.root}"
    (folder.root / "images/03.png").write_bytes(b"")
    assert checked(folder.root).to_json()["next"] is None


def test_every_check_is_a_function_with_a_promise() -> None:
    assert all(resolve(row).__doc__ for row in CHECKS.values())


def test_what_was_read_is_said(folder: Any, checked: Any) -> None:
    report = checked(folder.root)
    assert (report.headers_read, report.masks_read, report.masks_total) == (24, 12, 12)


@pytest.mark.parametrize("what", ["missing", "empty", "no images"])
def test_nothing_to_read_is_an_error_of_the_input(tmp_path: Path, checked: Any, what: str) -> None:
    if what == "no images":
        (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(DataError) as caught:
        checked(tmp_path / "no" if what == "missing" else tmp_path)
    assert caught.value.exit_code == 2
    assert caught.value.where


# --- files ------------------------------------------------------------------------------------------------------


def test_orphans_are_a_warning(folder: Any, found: Any) -> None:
    folder.image("alone.png")
    folder.mask("lonely.png")
    findings = found(folder.root)
    assert findings["orphan-images"].examples == ("images/alone.png",)
    assert findings["orphan-masks"].examples == ("masks/lonely.png",)
    assert findings["orphan-images"].severity == "warning"


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty-file": lambda whole: b"",
    "not-an-image": lambda whole: b"Not Found\n",
    "truncated-file": lambda whole: whole[: len(whole) // 2],
    "damaged-file": lambda whole: whole[:45] + bytes(4) + whole[49:],
}


@pytest.mark.parametrize("code", DAMAGE)
@pytest.mark.parametrize("name", ["images/03.png", "masks/03.png"])
def test_one_bad_file_is_an_error_and_the_others_are_read(folder: Any, checked: Any, code: str, name: str) -> None:
    file = folder.root / name
    file.write_bytes(DAMAGE[code](file.read_bytes()))
    report = checked(folder.root)
    errors = [finding for finding in report.findings if finding.severity == "error"]
    assert [(finding.code, finding.count) for finding in errors] == [(code, 1)]
    assert errors[0].examples[0].startswith(name)
    assert "--skip-bad" in errors[0].advice
    assert report.pairs == 12


def test_bad_files_can_be_left_out(folder: Any, checked: Any) -> None:
    (folder.root / "images/03.png").write_bytes(b"")
    assert checked(folder.root, skip_bad=True).pairs == 11


def test_a_mask_of_another_size_is_an_error(folder: Any, found: Any) -> None:
    folder.mask("05.png", shape=(24, 30))
    finding = found(folder.root)["size-mismatch"]
    assert finding.severity == "error"
    assert finding.examples == ("masks/05.png: the image is 32×24, its mask 30×24",)


def test_a_turn_in_one_of_a_pair_is_said(folder: Any, found: Any) -> None:
    from PIL import Image as Pillow

    exif = Pillow.Exif()
    exif[0x0112] = 6
    folder.save("images/05.png", np.zeros((24, 32, 3), np.uint8), exif=exif)
    findings = found(folder.root)
    assert (findings["exif-turn"].severity, findings["exif-turn"].count) == ("error", 1)
    assert findings["size-mismatch"].count == 1


# --- images -----------------------------------------------------------------------------------------------------


def test_mixed_channels_and_sizes(folder: Any, found: Any) -> None:
    folder.image("03.png", shape=(24, 32))
    folder.image("04.png", shape=(20, 32, 3))
    folder.mask("04.png", shape=(20, 32))
    findings = found(folder.root)
    assert findings["mixed-channels"].examples == ("images/03.png",)
    assert "--channels 3" in findings["mixed-channels"].advice
    assert findings["mixed-sizes"].message == "1 image has another size than most, which have 32×24"


def test_a_narrow_range_proposes_percentiles(empty: Any, found: Any) -> None:
    for number in range(8):
        empty.image(f"{number}.png", shape=(24, 32), low=74, high=205)
        empty.mask(f"{number}.png")
    assert "percentile" in found(empty.root)["narrow-range"].advice


def test_sixteen_bits_are_said(empty: Any, found: Any) -> None:
    for number in range(8):
        empty.save(f"images/{number}.png", np.random.default_rng(number).integers(0, 65535, (24, 32), np.uint16))
        empty.mask(f"{number}.png")
    assert found(empty.root)["sixteen-bit"].count == 8


def test_transparency_that_says_something_is_a_warning(folder: Any, found: Any) -> None:
    folder.save("images/01.png", np.full((24, 32, 4), 255, np.uint8))
    folder.save("images/02.png", np.full((24, 32, 4), 200, np.uint8))
    assert found(folder.root)["transparent-images"].examples == ("images/02.png",)


def test_one_image_is_a_warning(empty: Any, found: Any) -> None:
    empty.pairs("only.png")
    findings = found(empty.root)
    assert "one-image" in findings
    assert "no-val" not in findings


# --- masks and classes ------------------------------------------------------------------------------------------


def test_masks_of_one_class_are_an_error(empty: Any, found: Any) -> None:
    for number in range(6):
        empty.image(f"{number}.png")
        empty.mask(f"{number}.png", ids=(1,))
    assert found(empty.root)["one-class"].severity == "error"


def test_a_rare_class_proposes_weights(empty: Any, found: Any) -> None:
    for number in range(10):
        empty.image(f"{number}.png", shape=(100, 8, 3))
        empty.mask(f"{number}.png", ids=(0,) * 50 + (1,) * 49 + (2,), shape=(100, 8))
    finding = found(empty.root)["class-imbalance"]
    assert finding.examples == ("class 2: 1.0 %",)
    assert "--class-weights enet" in finding.advice


def test_a_class_that_train_or_val_lacks_is_a_warning(empty: Any, found: Any) -> None:
    for number in range(8):
        empty.image(f"{number}.png")
        empty.mask(f"{number}.png", ids=(0, 1, 2) if number < 2 else (0, 1))
    assert found(empty.root, val="[01]\\.png")["class-absent-from-train"].examples == ("class 2",)
    assert found(empty.root, val="[67]\\.png")["class-absent-from-val"].examples == ("class 2",)


def test_values_that_are_no_ids_are_said_with_the_ids_they_get(empty: Any, found: Any) -> None:
    for number in range(6):
        empty.image(f"{number}.png")
        empty.mask(f"{number}.png", ids=(1, 2, 7))
    assert found(empty.root)["renumbered-classes"].examples == ("1 → 0 (class 0)", "2 → 1 (class 1)", "7 → 2 (class 2)")


def test_smeared_edges_are_told_without_a_count_of_nothing(empty: Any, found: Any) -> None:
    drawn = np.zeros((64, 64, 3), np.uint8)
    drawn[:, :30], drawn[:, 30:] = (250, 20, 20), (20, 20, 250)
    for number in range(6):
        empty.image(f"{number}.png", shape=(64, 64, 3))
        empty.save(f"masks/{number}.jpg", drawn, quality=75)
    finding = found(empty.root, classes="#fa1414=land,#1414fa=sea", encoding="smeared-colours")["unmatched-pixels"]
    assert finding.severity == "info"
    assert finding.message.endswith(" % of the mask pixels are far from every class")
    assert "nothing to do" in finding.advice


# --- splits -----------------------------------------------------------------------------------------------------


def test_three_val_images_are_few(folder: Any, found: Any) -> None:
    assert found(folder.root, val="3")["small-val"].count == 3
    assert "small-val" not in found(folder.root, val="4")


def test_a_given_test_part_stays_when_more_val_images_are_advised(empty: Any, found: Any) -> None:
    for split in ("train", "test"):
        for number in range(8):
            noise = np.random.default_rng(number).integers(0, 256, (24, 32, 3), np.uint8)
            empty.save(f"{split}/images/{split}{number}.png", noise)
            empty.save(f"{split}/masks/{split}{number}.png", (noise[..., 0] > 127).astype(np.uint8))
    assert found(empty.root)["small-val"].advice.endswith(f"unetkit train {empty.root} --val 0.3")


def test_groups_on_both_sides_of_a_given_split_leak(empty: Any, found: Any) -> None:
    for clip, split in (("a1", "train"), ("b2", "train"), ("b2", "val"), ("c3", "val")):
        for frame in range(4):
            name = f"{clip}_{frame + 4 * (split == 'val'):03d}.png"
            empty.save(f"{split}/images/{name}", np.random.default_rng(frame).integers(0, 256, (24, 32, 3), np.uint8))
            empty.save(f"{split}/masks/{name}", np.repeat(np.array([[0], [1]], np.uint8), 12, 0).repeat(32, 1))
    findings = found(empty.root)
    assert findings["leak"].examples == ("b2: train 4, val 4",)
    assert "--split-by group" in findings["leak"].advice
    assert findings["neighbours"].count == 2


def test_the_same_file_twice_is_found_by_its_content(folder: Any, found: Any) -> None:
    (folder.root / "images/07.png").write_bytes((folder.root / "images/02.png").read_bytes())
    across = found(folder.root, val="07.png")["identical-across-splits"]
    assert across.examples == ("images/02.png (train) = images/07.png (val)",)
    assert found(folder.root, val="11.png")["identical-images"].count == 1


@pytest.mark.parametrize(("by", "cure"), [("time", "delete the copies"), ("random", "--split-by random")])
def test_the_cure_for_copies_fits_the_split(folder: Any, found: Any, by: str, cure: str) -> None:
    (folder.root / "images/11.png").write_bytes((folder.root / "images/02.png").read_bytes())
    val = {"time": "4", "random": "11.png"}[by]
    assert cure in found(folder.root, val=val, split_by=by)["identical-across-splits"].advice


def test_one_recording_split_at_random_is_noticed(empty: Any, found: Any) -> None:
    scene = np.repeat(np.random.default_rng(0).integers(0, 256, (3, 60), np.uint8), 8, axis=0).repeat(8, axis=1)
    for number in range(20):
        empty.save(f"images/x{number}.png", scene[:, number : number + 64])
        empty.mask(f"x{number}.png", shape=(24, 64))
    assert "--split-by time" in found(empty.root)["neighbours-alike"].advice


# --- the real sets ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("camvid", {"leak", "neighbours"}),
        ("forest", {"lossy-masks"}),
        ("ir-horizon", {"narrow-range"}),
    ],
)
def test_the_real_sets_have_the_defects_that_their_notes_name(
    real_data: Callable[[str], Path], checked: Any, name: str, codes: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unetkit.checking.check.SAMPLE", 24)
    report = checked(real_data(name))
    assert codes <= {finding.code for finding in report.findings}
    assert not report.count("error")


def test_masks_of_another_size_throughout_are_told_with_their_cure(empty: Any, checked: Any) -> None:
    for number in range(3):
        empty.image(f"{number}.png")
        empty.mask(f"{number}.png", shape=(12, 16))
    with pytest.raises(DataError, match="the image is 32×24, its mask 16×12") as caught:
        checked(empty.root)
    assert "at the size of their images" in caught.value.advice


def test_grey_images_stored_in_colour_are_told(empty: Any, found: Any) -> None:
    for number in range(4):
        grey = np.random.default_rng(number).integers(0, 256, (24, 32, 1), np.uint8)
        empty.save(f"images/{number}.png", grey.repeat(3, axis=2))
        empty.mask(f"{number}.png")
    assert "stored with 3 channels" in found(empty.root)["grey-as-colour"].message
