"""Pixels to the network's input: x' = (x − offset) / scale for each channel, measured from training images.

Measured from whole histograms (256 or 65,536 bins a channel), so the numbers are exact for the images given and do not
depend on their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import add, sub
from typing import Any

import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import Counts, Floats, Image
from unetkit.errors import ConfigError, DataError

METHODS = ("auto", "train", "unit", "imagenet", "percentile")

# Mean and standard deviation of ImageNet's training images, R G B in 0..1, as used by every encoder trained on it.
_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)
# A photograph's 1st and 99th percentile lie about 200 levels apart; an infrared camera's at dusk, about 100.
_NARROW = 140 / 255


@dataclass(frozen=True, slots=True)
class Normalisation:
    """x' = (x − offset) / scale, in the image's own units (0..255 or 0..65535), one value a channel."""

    method: str
    offset: tuple[float, ...]
    scale: tuple[float, ...]

    @property
    def fill(self) -> tuple[int, ...]:
        """The pixel that padding gets: the offset, which becomes zero."""
        return tuple(int(value + 0.5) for value in self.offset)

    @property
    def span(self) -> tuple[float, float] | None:
        """The grey values that count as black and white in augmentation; None is the whole range of the depth."""
        if self.method != "percentile":
            return None
        return min(map(sub, self.offset, self.scale)), max(map(add, self.offset, self.scale))

    def apply(self, image: Image) -> Floats:
        """H×W×C of 8 or 16 bits → H×W×C float32."""
        made = np.empty(image.shape, np.float32)
        self.apply_into(made, image)
        return made

    def apply_into(self, made: Floats, image: Image) -> None:
        """The same, written to float32 H×W×C that is contiguous in memory."""
        height, width, channels = image.shape
        # Whole rows: NumPy takes seven times as long over an inner loop of three channels.
        offset, scale = (np.tile(np.array(each, np.float32), width) for each in (self.offset, self.scale))
        rows = made.reshape(height, width * channels, copy=False)
        np.subtract(image.reshape(rows.shape), offset, out=rows)
        rows /= scale

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"method": self.method, "offset": list(self.offset), "scale": list(self.scale)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Normalisation:
        """What `to_json` wrote."""
        offset, scale = (tuple(float(value) for value in document[key]) for key in ("offset", "scale"))
        return cls(str(document["method"]), offset, scale)


def measure_normalisation(images: Iterable[Image], method: str = "auto") -> Normalisation:
    """Choose offset and scale from a sample of training images, all of one number of channels and one depth.

    Args:
        method: `train`: mean and standard deviation of the pixels; `percentile`: the 1st percentile becomes −1, the
            99th 1; `unit`: 0..1; `imagenet`: ImageNet's mean and deviation; `auto`: percentile for 16 bits and where
            every channel's range is narrow, else train.

    Raises:
        DataError: no image, or images of different channels or depths.
        ConfigError: no such method.
    """
    if method not in METHODS:
        raise ConfigError(f"there is no normalisation called '{method}'", advice=f"choices: {', '.join(METHODS)}")
    histograms = _histograms(images)
    if method == "auto":
        method = "percentile" if _is_narrow(histograms) else "train"
    offset, scale = _RULES[method](histograms)
    return Normalisation(
        method, tuple(float(value) for value in offset), tuple(float(max(value, 1.0)) for value in scale)
    )


_Rule = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


def _train(histograms: Counts) -> _Rule:
    shares = histograms / histograms.sum(axis=1, keepdims=True)
    levels = np.arange(histograms.shape[1], dtype=np.float64)
    mean = shares @ levels
    variance = (shares * (levels - mean[:, None]) ** 2).sum(axis=1)
    return mean, np.sqrt(variance)


def _percentile(histograms: Counts) -> _Rule:
    low, high = _quantile(histograms, 0.01), _quantile(histograms, 0.99)
    return (low + high) / 2, (high - low) / 2


def _unit(histograms: Counts) -> _Rule:
    return np.zeros(len(histograms)), np.full(len(histograms), histograms.shape[1] - 1.0)


def _imagenet(histograms: Counts) -> _Rule:
    channels, top = len(histograms), histograms.shape[1] - 1.0
    if channels == 3:
        return np.array(_IMAGENET_MEAN) * top, np.array(_IMAGENET_STD) * top
    return np.full(channels, np.mean(_IMAGENET_MEAN) * top), np.full(channels, np.mean(_IMAGENET_STD) * top)


_RULES = {"train": _train, "percentile": _percentile, "unit": _unit, "imagenet": _imagenet}


def _histograms(images: Iterable[Image]) -> Counts:
    """C×256 or C×65536 counts over all images."""
    total: Counts | None = None
    for image in images:
        levels = 65536 if image.dtype == np.uint16 else 256
        planes = [np.bincount(image[:, :, index].ravel(), minlength=levels) for index in range(image.shape[2])]
        counts = np.stack(planes).astype(np.int64)
        if total is not None and total.shape != counts.shape:
            raise DataError(
                "the images differ in channels or depth, so one normalisation cannot fit them",
                advice="--channels 1 or --channels 3 makes them alike; 8 and 16 bits cannot be mixed",
            )
        total = counts if total is None else total + counts
    if total is None:
        raise DataError("there is no image to measure the normalisation from")
    return total


def _is_narrow(histograms: Counts) -> bool:
    if histograms.shape[1] > 256:
        return True
    spread = _quantile(histograms, 0.99) - _quantile(histograms, 0.01)
    return bool((spread < _NARROW * 255).all())


def _quantile(histograms: Counts, share: float) -> npt.NDArray[np.float64]:
    """The smallest level of each channel with at least this share of the pixels at or below it."""
    below = np.cumsum(histograms, axis=1)
    wanted = np.ceil(share * below[:, -1:])
    return np.argmax(below >= wanted, axis=1).astype(np.float64)
