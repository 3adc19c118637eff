"""The pictures of the guides, from rendered scenes and published palettes: `docs/pictures/`.

No photograph of anybody's data set is in them. The picture of predictions comes from a network that this script trains
for 250 steps, a few minutes on two cores; the others take seconds.

    python scripts/guide_pictures.py [NAME ...]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

import unetkit
from unetkit.augmentation import DEFAULTS, Parameters, apply_cpu, draw
from unetkit.data.arrays import Image, Mask
from unetkit.data.colours import distinct_colours
from unetkit.data.tables import KNOWN_TABLES
from unetkit.drawing import RGB, Tile, colourise, legend, overlay, sheet, to_rgb8
from unetkit.metrics.baselines import PositionPrior
from unetkit.scenes import render, write_scenes
from unetkit.scenes.render import Kind

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
COLOURS = np.array(distinct_colours(["class 0", "class 1"]), np.uint8)
TILE = 200
LARGEST = 60_000  # bytes of a picture
STEPS = 250
WRONG, RIGHT = (213, 94, 0), (235, 238, 242)
TRAIN, VAL, TEST, NOTHING = "#0072b2", "#e69f00", "#d55e00", "#e6e9ed"


def main(names: list[str]) -> None:
    """Draw all pictures, or those named."""
    FOLDER.mkdir(exist_ok=True)
    for name, make in PICTURES.items():
        if not names or name in names:
            data = make()
            if len(data) > LARGEST:
                raise ValueError(f"{name} has {len(data):,} bytes")
            (FOLDER / name).write_bytes(data)
            print(f"{name}: {len(data):,} bytes")


# --- rendered scenes ----------------------------------------------------------------------------------------------


def horizon_scenes() -> bytes:
    """Six kinds of weather, and what the masks say."""
    return jpeg(scenes("visible", (0, 14, 31, 47, 66, 92)))


def infrared_scenes() -> bytes:
    """The same sea through a thermal camera: as stored, stretched, and the masks."""
    pairs = [render(0, index, kind="infrared") for index in (0, 23, 47, 71)]
    stored = [("as stored" if not number else "", np.repeat(image, 3, 2)) for number, (image, _) in enumerate(pairs)]
    shown = [("stretched to be seen" if not number else "", to_rgb8(image)) for number, (image, _) in enumerate(pairs)]
    masks = [("sea and sky" if not number else "", colourise(mask, COLOURS)) for number, (_, mask) in enumerate(pairs)]
    return jpeg(sheet([stored, shown, masks], width=TILE))


def scenes(kind: Kind, indices: Iterable[int]) -> RGB:
    """Rendered pictures above their masks, laid over them."""
    pairs = [render(0, index, kind=kind) for index in indices]
    above: list[Tile] = [("", to_rgb8(image)) for image, _ in pairs]
    below: list[Tile] = [("", overlay(image, mask, COLOURS, 0.45)) for image, mask in pairs]
    half = len(pairs) // 2
    return sheet([above[:half], below[:half], above[half:], below[half:]], width=TILE)


def horizon_augmentation() -> bytes:
    """One scene as it is, and seven draws of the task `horizon`."""
    return jpeg(augmented("visible", "horizon", 14))


def infrared_augmentation() -> bytes:
    """One frame as it is, and seven draws of the task `infrared`."""
    return jpeg(augmented("infrared", "infrared", 23))


def augmented(kind: Kind, task: str, index: int) -> RGB:
    """A rendered pair as it is and as training sees it, the truth's border drawn in."""
    image, mask = render(0, index, kind=kind)
    fill = tuple(int(value) for value in image.reshape(-1, image.shape[2]).mean(axis=0))
    tiles = [("as it is", overlay(image, mask, COLOURS, 0.25))]
    for epoch in range(7):
        changed = apply_cpu(image, mask, draw(DEFAULTS[task], (0, epoch, index)), fill)
        tiles.append((f"epoch {epoch}", overlay(*changed, COLOURS, 0.25)))
    return sheet([tiles[:4], tiles[4:]], width=TILE)


def corners() -> bytes:
    """A turn of 35°: corners filled by reflection, and corners left out."""
    return jpeg(sheet([turned(93), turned(0)], width=260))


def turned(index: int, degrees: float = 35) -> list[Tile]:
    """A scene as it is, turned with reflected borders, and turned as `apply_cpu` does."""
    image, mask = render(0, index)
    height, width = mask.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    reflected = cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    taught = cv2.warpAffine(mask, turn, (width, height), flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101)
    ours = apply_cpu(image, mask, Parameters(rotation=-degrees), (104, 110, 118))
    return [
        ("as it is", overlay(image, mask, COLOURS, 0.4)),
        ("borders reflected", overlay(as_array(reflected), as_array(taught), COLOURS, 0.4)),
        ("here: new pixels are ignored", overlay(*ours, COLOURS, 0.4)),
    ]


def horizon_prediction() -> bytes:
    """Held-out scenes: image, truth, prediction, errors."""
    return jpeg(predicted("visible", "horizon"))


def position_baseline() -> bytes:
    """What the baseline `position` says about three frames that it has not looked at."""
    prior = PositionPrior(2, 240, 320)
    for index in range(0, 600, 10):
        prior.add(render(0, index, kind="infrared")[1])
    usual = prior.mask()
    pairs = [render(7, index, kind="infrared") for index in (0, 40, 90)]
    return jpeg(sheet([row_of(image, mask, usual, "most frequent here") for image, mask in pairs], width=TILE))


def predicted(kind: Kind, recipe: str) -> RGB:
    """Train on rendered clips with a recipe, and show scenes of other clips; the worst of twenty is the last."""
    with tempfile.TemporaryDirectory() as folder:
        sea, run = Path(folder) / "sea", Path(folder) / "run"
        write_scenes(sea, 160, kind=kind)
        said = {"data.classes": "0=sea,255=sky", "data.split_by": "group", "training.steps": STEPS, "out": str(run)}
        unetkit.train(unetkit.settings("train", said, recipe=recipe), str(sea))
        model = unetkit.load(str(run))
        pairs = [render(7, index, kind=kind) for index in range(0, 200, 10)]
        shown = [(image, mask, model.predict(image).mask) for image, mask in pairs]
    shown.sort(key=lambda row: float((row[1] != row[2]).mean()))
    return sheet([row_of(*row) for row in (shown[0], shown[len(shown) // 2], shown[-1])], width=TILE)


def row_of(image: Image, truth: Mask, found: Mask, name: str = "prediction") -> list[Tile]:
    """Image, truth, what was found, and errors, as the report shows them."""
    wrong = np.where((truth != found)[..., None], np.uint8(WRONG), np.uint8(RIGHT))
    share = float((truth != found).mean())
    return [
        ("image", to_rgb8(image)),
        ("truth", colourise(truth, COLOURS)),
        (name, colourise(found, COLOURS)),
        (f"errors: {share:.2%} of the pixels", wrong),
    ]


# --- palettes and encodings ---------------------------------------------------------------------------------------


def classes_of(table: str) -> bytes:
    """The classes of a known table with their colours."""
    rows = KNOWN_TABLES[table].classes
    colours = np.array([colour for _, colour in rows], np.uint8)
    names = [f"{number} {name}" for number, (name, _) in enumerate(rows)]
    return png(legend(names, colours, width=720))


def red_channel() -> bytes:
    """Ids 0..22 in the red channel, as a viewer shows them and as they are meant."""
    rows = KNOWN_TABLES["carla"].classes
    mask = np.repeat(np.arange(len(rows), dtype=np.uint8)[None], 60, axis=0).repeat(24, axis=1)
    stored = np.stack([mask, np.zeros_like(mask), np.zeros_like(mask)], axis=2)
    colours = np.array([colour for _, colour in rows], np.uint8)
    tiles = [[("in a viewer: red = 0 … 22 of 255", stored)], [("as class ids, coloured", colourise(mask, colours))]]
    return png(sheet(tiles, width=mask.shape[1]))


def smear() -> bytes:
    """A colour mask, what JPEG makes of it, and the labels that the nearest colour then invents along edges."""
    table = KNOWN_TABLES["cityscapes"]
    drawn = colourise(town(), np.array([colour for _, colour in table.classes], np.uint8))
    colours = np.array(list(table.palette), np.uint8)  # of all labels, ignored ones too, as the decoder does it
    _, data = cv2.imencode(".jpg", drawn[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, 75))
    stored = as_array(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1]
    nearest, truth = nearest_of(stored, colours), nearest_of(drawn, colours)
    exact = float((stored == colours[nearest]).all(axis=-1).mean())
    labels, more = len(np.unique(truth)), len(np.setdiff1d(nearest, truth))
    tiles = [
        (f"drawn: {labels} labels", drawn),
        (f"stored as JPEG: {exact:.0%} exact", np.ascontiguousarray(stored)),
        (f"nearest colour: {more} labels more", colourise(nearest, colours)),
        ("wrong labels", np.where((nearest != truth)[..., None], np.uint8(WRONG), np.uint8(RIGHT))),
    ]
    return png(sheet([tiles], width=TILE))


def nearest_of(picture: RGB, colours: RGB) -> Mask:
    """The number of the nearest of `colours` (n × 3) at each pixel."""
    away = picture[..., None, :].astype(np.int64) - colours
    return (away**2).sum(axis=-1).argmin(axis=-1).astype(np.uint8)


def town() -> Mask:
    """A street as a child would draw it, in Cityscapes' class ids."""
    mask = np.full((100, 100), 10, np.uint8)  # sky
    mask[60:], mask[60:, :22] = 0, 1  # road, sidewalk
    cv2.fillPoly(mask, [np.array([[0, 10], [30, 25], [30, 60], [0, 60]])], 2)  # building
    cv2.circle(mask, (78, 45), 20, 8, -1)  # vegetation
    cv2.rectangle(mask, (44, 52), (64, 68), 13, -1)  # car
    cv2.rectangle(mask, (36, 20), (37, 62), 5, -1)  # pole
    cv2.rectangle(mask, (34, 18), (40, 24), 7, -1)  # traffic sign
    cv2.rectangle(mask, (12, 50), (16, 70), 11, -1)  # person
    return mask


# --- splits, as drawings ------------------------------------------------------------------------------------------


def camvid_split() -> bytes:
    """Drive 0016E5 on its own time: where the val frames of the official split lie."""
    left, scale = 20, 700 / 9000
    bars = [(390, 2400, TRAIN), (4350, 7920, TRAIN), (7959, 8159, VAL), (8190, 8640, TRAIN)]
    parts = [box(left + start * scale, 36, (end - start) * scale, 26, colour) for start, end, colour in bars]
    parts += [word(left + 390 * scale, 28, "train: one frame a second"), word(left + 7959 * scale - 40, 28, "val")]
    parts += [word(left + number * scale, 80, f"{number}", middle=True) for number in (0, 2000, 4000, 6000, 8000)]
    parts += [word(left, 100, "frame of the video of drive 0016E5 (30 frames are a second)")]
    close, wide = 8059, 4.2
    for number in (7890, 7920, 8190, 8220):
        parts.append(box(360 + (number - close) * wide / 2 - 2, 136, 4, 30, TRAIN))
    parts += [box(360 + (number - close) * wide / 2 - 1, 136, 2, 30, VAL) for number in range(7959, 8160, 2)]
    labels = ((7905, "7890, 7920"), (8059, "7959, 7961, … 8159"), (8205, "8190, 8220"))
    parts += [word(360 + (number - close) * wide / 2, 184, text, middle=True) for number, text in labels]
    parts.append(word(left, 130, "the same, near val"))
    return svg(740, 196, "The val frames of CamVid lie in a gap of 9 seconds of a train drive", parts)


def forest_split() -> bytes:
    """The 9 × 9 crops of four scenes, split at random and by scene."""
    random = np.random.default_rng(3)
    parts = [word(10, 18, "at random: neighbours on both sides"), word(390, 18, "by scene: whole scenes on one side")]
    by_scene = (TRAIN, TRAIN, VAL, TEST)
    for number in range(4):
        there = random.random((9, 9)) < 0.7
        parts += crops(10 + 90 * number, there, random.choice([TRAIN, VAL, TEST], (9, 9), p=[0.6, 0.2, 0.2]))
        parts += crops(390 + 90 * number, there, np.full((9, 9), by_scene[number]))
    for number, (name, colour) in enumerate((("train", TRAIN), ("val", VAL), ("test", TEST), ("no crop", NOTHING))):
        parts += [box(10 + 100 * number, 124, 12, 12, colour), word(27 + 100 * number, 135, name)]
    return svg(760, 146, "Crops of four scenes, split at random and by scene", parts)


def crops(left: float, there: npt.NDArray[np.bool_], colours: npt.NDArray[np.str_]) -> list[str]:
    """One scene: a square for each crop."""
    return [
        box(left + 9 * column, 28 + 9 * row, 8, 8, str(colours[row, column]) if there[row, column] else NOTHING)
        for row in range(9)
        for column in range(9)
    ]


def svg(width: int, height: int, title: str, parts: list[str]) -> bytes:
    """A drawing on white."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    style = "<style>text { font: 13px sans-serif; fill: #202020 }</style>"
    body = "\n".join([f"<title>{title}</title>", style, box(0, 0, width, height, "#ffffff"), *parts])
    return f"{head}\n{body}\n</svg>\n".encode()


def box(left: float, top: float, width: float, height: float, colour: str) -> str:
    """A filled rectangle."""
    return f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def word(left: float, bottom: float, text: str, *, middle: bool = False) -> str:
    """A line of text."""
    anchor = ' text-anchor="middle"' if middle else ""
    return f'<text x="{left:.1f}" y="{bottom:.1f}"{anchor}>{text}</text>'


# --- bytes --------------------------------------------------------------------------------------------------------


def as_array(pixels: cv2.typing.MatLike) -> npt.NDArray[np.uint8]:
    """What OpenCV gave, as 8-bit pixels."""
    return np.asarray(pixels, np.uint8)


def png(picture: RGB) -> bytes:
    """PNG bytes of a drawing, packed as small as they get."""
    _, data = cv2.imencode(".png", picture[..., ::-1], (cv2.IMWRITE_PNG_COMPRESSION, 9))
    return data.tobytes()


def jpeg(picture: RGB) -> bytes:
    """JPEG bytes, as fine as the limit allows."""
    for quality in (85, 75, 65, 55, 45):
        _, data = cv2.imencode(".jpg", picture[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, quality))
        if data.size <= LARGEST:
            break
    return data.tobytes()


PICTURES: dict[str, Callable[[], bytes]] = {
    "horizon-scenes.jpg": horizon_scenes,
    "horizon-augmentation.jpg": horizon_augmentation,
    "corners.jpg": corners,
    "horizon-prediction.jpg": horizon_prediction,
    "infrared-scenes.jpg": infrared_scenes,
    "infrared-augmentation.jpg": infrared_augmentation,
    "position-baseline.jpg": position_baseline,
    "camvid-classes.png": lambda: classes_of("camvid"),
    "camvid-split.svg": camvid_split,
    "carla-classes.png": lambda: classes_of("carla"),
    "carla-red-channel.png": red_channel,
    "cityscapes-classes.png": lambda: classes_of("cityscapes"),
    "cityscapes-smear.png": smear,
    "forest-split.svg": forest_split,
}

if __name__ == "__main__":
    main(sys.argv[1:])
