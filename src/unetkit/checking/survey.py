"""What the checks look at: the data set as opened, every header, the masks' counts, and a sample of the images."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from unetkit.data.arrays import Floats, Image
from unetkit.data.dataset import DataSet
from unetkit.data.header import Header
from unetkit.data.pair import Pair
from unetkit.data.parallel import each
from unetkit.data.resize import resize_image
from unetkit.data.scan import FileScan, MaskScan, evenly
from unetkit.data.soundness import BadFile, fault_of
from unetkit.errors import DataError

THUMBNAIL = 16  # pixels a side
RANGE = (0.5, 99.5)  # percentiles between which an image's range is measured


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What was seen in the pixels of one image.

    Attributes:
        low, high: percentiles 0.5 and 99.5 of all its values, in its own units.
        depth: 8 or 16 bits.
        grey: all channels are equal.
        alpha: it has a transparency that is not fully opaque, which is dropped.
        thumbnail: 256 float32, its grey values on 16×16, mean 0 and length 1.
    """

    low: float
    high: float
    depth: int
    grey: bool
    alpha: bool
    thumbnail: Floats


@dataclass(frozen=True, slots=True)
class Survey:
    """Everything that the checks look at; they open no file of the data set themselves, but for equal ones.

    Attributes:
        source: as the user gave it, for the commands in the advice; `said` the flags beside it.
        files: headers of every file, and the defects found in them.
        masks: pixels a class in each mask that was read.
        images: facts about a sample of the images, by path.
        bad: every file that cannot be used, found in the headers, the masks or the images.
    """

    source: str
    dataset: DataSet
    files: FileScan
    masks: MaskScan
    images: Mapping[str, ImageFacts]
    bad: tuple[BadFile, ...] = ()
    said: tuple[str, ...] = ()

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Every pair, bad ones included."""
        return self.dataset.pairs

    def header(self, path: str) -> Header | None:
        """The header of a file of the set; None where it could not be read."""
        return self.files.headers.get(path)

    def size(self, pair: Pair) -> tuple[int, int] | None:
        """Width and height of a pair's image, without the mask beside it; None where its header could not be read."""
        if self.header(pair.image) is None:
            return None
        height, width = self.dataset.native_size(pair)
        return width, height

    def new_split(self, *flags: str) -> str:
        """A command that trains on another val part, ready to paste; a given one must be set aside to do so."""
        given = self.dataset.split_by == "given" and any(pair.split == "val" for pair in self.dataset.reading.pairs)
        several = any(pair.group for pair in self.pairs)
        return self.command("train", *((f"--split-by {'group' if several else 'random'}",) if given else ()), *flags)

    def command(self, job: str, *flags: str) -> str:
        """A command about this data set, ready to paste: with what the user said, where `flags` say nothing else."""
        again = {flag.split()[0] for flag in flags}
        said = (flag for flag in self.said if flag.split()[0] not in again)
        return " ".join((f"unetkit {job}", shlex.quote(self.source), *said, *flags))


def look_at_images(dataset: DataSet, count: int | None) -> tuple[dict[str, ImageFacts], tuple[BadFile, ...]]:
    """Decode up to `count` images (None: all), in twos that adjoin, evenly spread; and those that cannot be decoded."""
    sound = dataset.sound
    twos = evenly([sound[i : i + 2] for i in range(0, len(sound), 2)], None if count is None else count // 2)
    sample = [pair for two in twos for pair in two]
    looks = list(each(lambda pair: _look(dataset, pair), sample, "looking at images"))
    facts = {pair.image: look for pair, look in zip(sample, looks, strict=True) if isinstance(look, ImageFacts)}
    return facts, tuple(look for look in looks if isinstance(look, BadFile))


def correlation(facts: Mapping[str, ImageFacts], couples: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
    """How alike two images look, −1..1, for each couple: the correlation of their thumbnails."""
    values = [float(facts[first].thumbnail @ facts[second].thumbnail) for first, second in couples]
    return np.asarray(values, np.float32)


def _look(dataset: DataSet, pair: Pair) -> ImageFacts | BadFile:
    try:
        image = dataset.read_image(pair)
    except DataError as error:
        return BadFile(pair.image, fault_of(error), error.what, pair.image)
    header = dataset.files.headers.get(pair.image)
    sparse = image[:: max(image.shape[0] // 256, 1), :: max(image.shape[1] // 256, 1)]
    low, high = np.percentile(sparse, RANGE)
    first = sparse[:, :, :1]
    return ImageFacts(
        low=float(low),
        high=float(high),
        depth=image.dtype.itemsize * 8,
        grey=bool((sparse == first).all()),
        alpha=header is not None and has_alpha(dataset.root / pair.image, header),
        thumbnail=_thumbnail(image),
    )


def _thumbnail(image: Image) -> Floats:
    small = resize_image(image, THUMBNAIL, THUMBNAIL).astype(np.float32).mean(axis=2).ravel()
    small -= small.mean()
    return (small / max(float(np.linalg.norm(small)), 1e-6)).astype(np.float32)


def adjoining(survey: Survey) -> list[tuple[str, str]]:
    """Couples of images that follow each other in natural order of their names, and whose facts are known."""
    names = [pair.image for pair in survey.pairs]
    return [(a, b) for a, b in itertools.pairwise(names) if a in survey.images and b in survey.images]


def has_alpha(path: Path, header: Header) -> bool:
    """Whether a file has a transparency that is not 255 everywhere."""
    if not header.mode.endswith("A"):
        return False
    with Pillow.open(path) as picture:
        return picture.getchannel("A").getextrema() != (255, 255)
