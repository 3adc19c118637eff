"""Small stand-ins for the data sets that the documentation names: same tree, same names, same mask values.

A document speaks of `camvid` or `my-data` as a folder beside the reader; before it is executed, what it speaks of is
put there. The pictures are bands and boxes; what matters is how they are filed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]

HEIGHT, WIDTH = 48, 64
VIDEOS = ("a1", "a2", "b4", "c2", "d3", "d5", "e3", "e5", "e12", "f1")
CITY = [  # of Cityscapes; five of them survive JPEG exactly, as a part of the real masks does
    (128, 64, 128),
    (102, 102, 156),
    (70, 70, 70),
    (107, 142, 35),
    (70, 130, 180),
    (0, 0, 142),
    (220, 220, 0),
]


def ids(seed: int, classes: int) -> Pixels:
    """H×W: one band a class from top to bottom, and a few boxes."""
    random = np.random.default_rng(seed)
    edges = np.arange(1, classes) * HEIGHT // classes + random.integers(-1, 2, classes - 1)
    mask = np.searchsorted(edges, np.arange(HEIGHT)[:, None] + np.zeros((1, WIDTH), int), side="right")
    for _ in range(3):
        top, left = random.integers(0, HEIGHT - 8), random.integers(0, WIDTH - 12)
        mask[top : top + 8, left : left + 12] = random.integers(classes)
    return mask.astype(np.uint8)


def photo(seed: int, mask: Pixels) -> Pixels:
    """H×W×3: a shade a class, with noise."""
    random = np.random.default_rng(seed)
    shades = np.random.default_rng(0).integers(30, 220, (256, 3))
    return np.clip(shades[mask] + random.normal(0, 12, (*mask.shape, 3)), 0, 255).astype(np.uint8)


def save(path: Path, pixels: Pixels) -> None:
    """Write an image, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = {"quality": 95} if path.suffix == ".jpg" else {}
    Image.fromarray(pixels).save(path, **options)


def three(pixels: Pixels) -> Pixels:
    """Three equal channels."""
    return np.repeat(pixels[..., None], 3, axis=2)


def horizon_uav(root: Path) -> None:
    """A folder of masks for each of land and sky, three frames of each video."""
    for number, video in enumerate(VIDEOS):
        for frame in (0, 10, 20):
            mask = ids(number * 100 + frame, 2)
            name = f"{video}-converted.mp4-00.04.37.277-00.04.54.650_{frame}"
            save(root / "images" / f"{name}.jpg", photo(frame, mask))
            save(root / "masks" / "land" / f"{name}.png", three(mask * 255))
            save(root / "masks" / "sky" / f"{name}.png", three(255 - mask * 255))


def ir_horizon(root: Path) -> None:
    """110 grey frames, twelve seconds apart, and the side-car file of points."""
    points: list[str] = []
    for number in range(110):
        minutes, seconds = divmod(19 + 12 * number, 60)
        name = f"2021-08-29-20-{39 + minutes:02d}-{seconds:02d}.png"
        mask = ids(number, 2)
        save(root / "images" / name, photo(number, mask)[..., 0])
        save(root / "masks" / name, 255 - mask * 255)
        points.append(json.dumps({"x_coordinate": [0], "y_coordinate": [24], "raw_file": f"clips/{name}"}))
    (root / "horizon_points.jsonl").write_text("\n".join(points))


def forest(root: Path) -> None:
    """Crops of ten tiles, masks as JPEG under another middle word, and a table of pairs."""
    folder = root / "Forest Segmented" / "Forest Segmented"
    rows = ["image,mask"]
    for number in range(30):
        tile, crop = 855 + 7 * (number // 3), 11 + number % 3
        mask = ids(number, 2)
        save(folder / "images" / f"{tile}_sat_{crop}.jpg", photo(number, mask))
        save(folder / "masks" / f"{tile}_mask_{crop}.jpg", three(mask * 255))
        rows.append(f"{tile}_sat_{crop}.jpg,{tile}_mask_{crop}.jpg")
    for table in (root / "meta_data.csv", folder / "meta_data.csv"):
        table.write_text("\n".join(rows) + "\n")


def camvid(root: Path) -> None:
    """Ids 0..11 beside ready splits."""
    for part, clips, count in (("train", ("0001TP", "0006R0", "0016E5"), 4), ("val", ("0016E5",), 3)):
        for clip in clips:
            for frame in range(count):
                name = f"{clip}_{(8000 if part == 'val' else 6690) + 30 * frame:06d}"
                mask = ids(frame, 12)
                save(root / part / f"{name}.jpg", photo(frame, mask))
                save(root / f"{part}annot" / f"{name}.png", mask)


def cityscapes_pairs(root: Path) -> None:
    """Photo and colours side by side in one JPEG."""
    palette = np.array(CITY, np.uint8)
    for part, count, apart in (("train", 12, 270), ("val", 4, 160)):
        for number in range(count):
            mask = ids(number, len(palette))[:, :HEIGHT].repeat(4, axis=0).repeat(4, axis=1)  # few pixels near edges
            pair = np.concatenate([photo(number, mask), palette[mask]], axis=1)
            save(root / part / f"{apart * number + 1}.jpg", pair)


def carla(root: Path) -> None:
    """Two encodings of the simulator: RGBA with ready names, and RGB with ready splits."""
    for number in range(9):
        mask = ids(number, 23)
        alpha = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)
        red = np.concatenate([mask[..., None], np.zeros((HEIGHT, WIDTH, 2), np.uint8)], axis=2)
        name = f"{32 + 75 * number:06d}.png"
        save(root / "coursera/data/CameraRGB" / name, np.concatenate([photo(number, mask), alpha], axis=2))
        save(root / "coursera/data/CameraMask" / name, np.concatenate([red, alpha], axis=2))
    for part, count in (("train", 3), ("val", 1)):
        for number in range(count):
            mask = ids(number, 13)
            red = np.concatenate([mask[..., None], np.zeros((HEIGHT, WIDTH, 2), np.uint8)], axis=2)
            save(root / "lyft/data" / part / "CameraRGB" / f"{number}.png", photo(number, mask))
            save(root / "lyft/data" / part / "CameraSeg" / f"{number}.png", red)


def my_data(root: Path) -> None:
    """What a reader brings: photographs and masks of two classes."""
    for number in range(24):
        mask = ids(number, 2)
        save(root / "images" / f"photo_{number:03d}.jpg", photo(number, mask))
        save(root / "masks" / f"photo_{number:03d}.png", mask * 255)


def new_photos(root: Path) -> None:
    """Photographs without masks."""
    for number in range(3):
        save(root / f"new_{number}.jpg", photo(number, ids(number, 2)))


def new_frames(root: Path) -> None:
    """Infrared frames without masks."""
    for number in range(3):
        save(root / f"frame_{number}.png", photo(number, ids(number, 2))[..., 0])


def one_photo(path: Path) -> None:
    """A single photograph."""
    save(path, photo(7, ids(7, 2)))


def carvana(path: Path) -> None:
    """Weights under the names of Pytorch-UNet, at their full size; what they compute is noise."""
    import torch

    from importing.pytorch_networks import PytorchUNet

    torch.save(PytorchUNet(3, 2, 64).state_dict(), path)


def carla_weights(path: Path) -> None:
    """Keras weights of the course network, at their full size."""
    from importing.keras_network import KerasUNet

    KerasUNet(outputs=23, width=32, size=(96, 128)).write_legacy(path)


STANDINS: dict[str, Callable[[Path], None]] = {
    "horizon-uav": horizon_uav,
    "ir-horizon": ir_horizon,
    "forest": forest,
    "camvid": camvid,
    "cityscapes-pairs": cityscapes_pairs,
    "carla": carla,
    "my-data": my_data,
    "DATA": my_data,
    "new-photos": new_photos,
    "new-frames": new_frames,
    "photo.jpg": one_photo,
    "carvana.pth": carvana,
    "carla.h5": carla_weights,
}
