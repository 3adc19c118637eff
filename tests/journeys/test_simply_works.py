"""What looks odd and is not wrong: it works, from `check` to `predict`, without a flag."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from journeys.inside import STEP, Call

pytest.importorskip("torch")

TURNED = 6  # EXIF: a quarter turn clockwise brings the picture upright


def _every_image(data: Path, change: Callable[[Path, Pillow.Image], object]) -> None:
    for path in sorted((data / "images").iterdir()):
        with Pillow.open(path) as picture:
            picture.load()
        path.unlink()
        change(path, picture)


def _foreign_names(data: Path) -> None:
    for path in [*(data / "images").iterdir(), *(data / "masks").iterdir()]:
        path.rename(path.with_name(f"café №1 — 日本 [a] {path.name}"))


def _visitors(data: Path) -> None:
    for folder in (data, data / "images", data / "masks"):
        (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
        (folder / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
        (folder / "desktop.ini").write_text("[.ShellClassInfo]")
        (folder / "._clip00_0000.jpg").write_bytes(b"\0\5\x16\7")


def _alpha(data: Path) -> None:
    _every_image(data, lambda path, picture: picture.convert("RGBA").save(path.with_suffix(".png")))


def _print(data: Path) -> None:
    _every_image(data, lambda path, picture: picture.convert("CMYK").save(path))


def _deep(data: Path) -> None:
    def save(path: Path, picture: Pillow.Image) -> None:
        values = np.asarray(picture.convert("L"), np.uint16) * 257
        Pillow.fromarray(values).save(path.with_suffix(".png"))

    _every_image(data, save)


def _turned(data: Path) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = TURNED
    _every_image(
        data, lambda path, picture: picture.transpose(Pillow.Transpose.ROTATE_90).save(path, exif=exif, quality=92)
    )


def _links(data: Path) -> None:
    """All images behind a folder link, and behind a link each, that stay inside."""
    (data / "images").rename(data / "frames")
    (data / "images").mkdir()
    (data / "images" / ".store").mkdir()
    for path in sorted((data / "frames").iterdir()):
        path.rename(data / "images" / ".store" / path.name)
        (data / "images" / path.name).symlink_to(Path(".store") / path.name)
    (data / "frames").rmdir()
    (data / "masks" / "again").symlink_to("..")


def _one_pixel(data: Path) -> None:
    for folder in ("images", "masks"):
        path = sorted((data / folder).iterdir())[0]
        Pillow.open(path).crop((0, 0, 1, 1)).save(path)


ODD = {
    "names": _foreign_names,
    "visitors": _visitors,
    "alpha": _alpha,
    "print colours": _print,
    "sixteen bits": _deep,
    "turned": _turned,
    "one pixel": _one_pixel,
    "links": _links,
}


@pytest.mark.parametrize("case", ODD)
def test_it_is_checked_trained_scored_and_predicted(call: Call, few: Path, case: str) -> None:
    ODD[case](few)
    images = sorted(path for path in (few / "images").glob("*clip*") if not path.name.startswith("."))
    told = call("check", few, "--json")
    assert told.code == 0
    assert (told.document["pairs"], told.document["orphans"]) == (8, {"images": 0, "masks": 0})
    run = f"runs/{case} ü"
    assert call("train", few, *STEP, "--out", run, "--json").document["run"] == run
    assert call("evaluate", run, few, "--include-train", "--json").document["images"] == 8
    told = call("predict", run, few / "images", "--out", "p", "--json")
    assert told.code == 0
    assert [Path(row["input"]).name for row in told.document["outputs"]] == [path.name for path in images]
    assert [_upright(row["mask"]) for row in told.document["outputs"]] == [_upright(path) for path in images]


def _upright(path: str | Path) -> tuple[int, int]:
    with Pillow.open(path) as picture:
        width, height = picture.size
        return (height, width) if picture.getexif().get(0x0112) == TURNED else (width, height)


def test_turned_images_meet_their_upright_masks(call: Call, few: Path) -> None:
    before = call("check", few, "--json").document["sizes"]
    _turned(few)
    assert call("check", few, "--json").document["sizes"] == before


def test_a_model_of_colour_takes_images_of_every_kind(call: Call, few: Path, model: Path, tmp_path: Path) -> None:
    with Pillow.open(sorted((few / "images").iterdir())[0]) as picture:
        picture.load()
    (tmp_path / "odd").mkdir()
    for name, mode in (("a.png", "RGBA"), ("b.jpg", "CMYK"), ("c.gif", "P"), ("d.webp", "RGB"), ("e.tif", "RGB")):
        picture.convert(mode).save(tmp_path / "odd" / name)
    picture.resize((1, 1)).save(tmp_path / "odd" / "f.bmp")
    _visitors(few)
    shutil.copy(few / ".DS_Store", tmp_path / "odd" / ".DS_Store")
    told = call("predict", model, "odd", "--json")
    assert told.code == 0
    assert [Path(row["mask"]).name for row in told.document["outputs"]] == [f"{letter}.png" for letter in "abcdef"]


def test_a_class_absent_from_train_is_a_warning(call: Call, few: Path, tmp_path: Path) -> None:
    for folder in ("images", "masks"):
        for number, path in enumerate(sorted((few / folder).iterdir())):
            part = tmp_path / "parts" / ("val" if number > 5 else "train") / folder
            part.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, part)
    for path in (tmp_path / "parts").rglob("masks/*"):
        mask = (np.asarray(Pillow.open(path)) > 0).astype(np.uint8)
        mask[:3] = 2 if "val" in path.parts else 1
        Pillow.fromarray(mask).save(path)
    told = call("check", "parts", "--json")
    found = [(finding["severity"], finding["message"]) for finding in told.document["findings"]]
    assert told.code == 0
    assert ("warning", "1 class has truth, but none in train: it cannot be learnt") in found
    assert call("train", "parts", *STEP).code == 0
