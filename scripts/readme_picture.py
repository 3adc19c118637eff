"""The README's picture, from a finished demo: `python scripts/readme_picture.py unetkit-demo`.

Above images of the test split, one a clip; below what the model says about them.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import cv2

import unetkit
from unetkit.data.decode import read_image
from unetkit.drawing import overlay, sheet, to_rgb8

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "demo.jpg"


def main(demo: Path) -> None:
    """Draw the picture."""
    model = unetkit.load(demo / "run")
    colours = model.contract.classes.colours
    images = [read_image(demo / "scenes" / name) for name in one_a_clip(demo / "run" / "manifest.csv")]
    below = [overlay(image, model.predict(image).mask, colours) for image in images]
    picture = sheet([[("image", to_rgb8(image)) for image in images], [("prediction", tile) for tile in below]])
    PICTURE.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(PICTURE), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])


def one_a_clip(manifest: Path) -> list[str]:
    """The fourth image of each clip of the test split: by then the camera has rolled."""
    with manifest.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"]  # its seal is a row without a split
    clips = sorted({row["group"] for row in rows})
    return [[row["image"] for row in rows if row["group"] == clip][3] for clip in clips][:4]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
