"""The Predictor: the one way from an image to a mask.

Evaluation, training's own scoring, `predict` and every later backend go through here, so that the mask that was scored
is the mask that is served. Pixels: decoded image → channels → fit → normalise → scores at working size → native size →
arg-max.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import Floats, Image, Mask
from unetkit.data.decode import is_grey, to_channels
from unetkit.data.resize import labels, resize_scores
from unetkit.errors import DataError, FormatError
from unetkit.modelfile import Contract
from unetkit.predicting.backends import Backend

_PIXELS_A_BATCH = 2**20
_MOST_A_BATCH = 16


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What the model says about one image of H×W.

    Attributes:
        mask: H×W class ids, uint8, or uint16 beyond 255 classes.
        confidence: H×W float32 in 0..1, the probability of the likeliest class at working size, grown as one channel.
        class_shares: float64[classes], share of the mask's pixels.
        scores: [classes, h, w] float32 at working size, without the padding.
    """

    mask: Mask
    confidence: Floats
    class_shares: npt.NDArray[np.float64]
    scores: Floats


class Predictor:
    """A model ready to use.

    Args:
        contract: what the model file says.
        backend: who computes the scores.
        channels: "auto" takes only images with the model's channels (and three equal ones for one); "1" and "3" first
            turn images to grey or to colour.
    """

    def __init__(self, contract: Contract, backend: Backend, *, channels: str = "auto") -> None:
        self.contract = contract
        self.backend = backend
        self._channels = channels

    @property
    def batch(self) -> int:
        """Images that are worth computing together."""
        size = self.contract.size
        return max(1, min(_MOST_A_BATCH, _PIXELS_A_BATCH // (size.height * size.width)))

    def predict(self, image: Image) -> Prediction:
        """The mask of one image, H×W×C uint8 or uint16 (H×W counts as one channel).

        Raises:
            DataError: channels or depth are not the model's.
        """
        return self.predict_batch([image])[0]

    def predict_batch(self, images: Sequence[Image]) -> list[Prediction]:
        """The masks of several images of any sizes, computed together; as `predict`."""
        if not images:
            return []
        scores = self.scores([self.prepare(image) for image in images])
        return [self.finish(one, *image.shape[:2]) for one, image in zip(scores, images, strict=True)]

    # --- the steps, for who pipelines them ------------------------------------------------------------------------

    def prepare(self, image: Image, where: str = "") -> Floats:
        """The network's input: [h, w, C] float32 at working size, padded and normalised.

        Raises:
            DataError: no array of pixels, or channels or depth are not the model's; `where` names the image.
        """
        contract = self.contract
        image = _pixels(image, where)
        self._refuse_depth(image, where)
        fitted = contract.size.image(self._converted(image, where), contract.normalisation.fill)
        return contract.normalisation.apply(fitted)

    def scores(self, prepared: Sequence[Floats]) -> Floats:
        """[N, classes, h, w] float32 for N prepared images.

        Raises:
            FormatError: the backend gave another number of classes than the contract has.
        """
        # Stacked as N h w C and turned without a copy: this is the memory order that PyTorch calls channels last.
        scores = self.backend.scores(np.stack(prepared).transpose(0, 3, 1, 2))
        given, named = scores.shape[1], len(self.contract.classes)
        if given != named:
            raise FormatError(f"the network gives {given} scores a pixel, and the contract names {named} classes")
        return scores

    def labels(self, scores: Floats, height: int, width: int) -> Mask:
        """Class ids at native size from one image's [classes, h, w]: arg-max of the grown scores."""
        return labels(self.contract.size.scores_to_native(scores, height, width))

    def finish(self, scores: Floats, height: int, width: int) -> Prediction:
        """Everything about one image from its [classes, h, w]."""
        rows, columns = self.contract.size.box(height, width)
        inside = scores[:, :rows, :columns]
        mask = self.labels(scores, height, width)
        shares = np.bincount(mask.ravel(), minlength=len(scores)) / max(mask.size, 1)
        return Prediction(mask, self._confidence(inside, height, width), shares, inside)

    def _confidence(self, scores: Floats, height: int, width: int) -> Floats:
        scaled = scores / np.float32(self.contract.temperature)
        scaled -= scaled.max(axis=0)
        likeliest = 1 / np.exp(scaled).sum(axis=0, keepdims=True)
        return resize_scores(likeliest, height, width)[0]

    def _converted(self, image: Image, where: str) -> Image:
        wanted, have = self.contract.channels, image.shape[2]
        image = image if self._channels == "auto" else to_channels(image, int(self._channels), where)
        if image.shape[2] == wanted:
            return image
        if wanted == 1 and is_grey(image):
            return image[:, :, :1]
        flag = f"--channels {wanted}" if {wanted, have} == {1, 3} else ""
        raise DataError(
            f"the image has {_said(have)}, the model takes {_said(wanted)}",
            where=where,
            advice=f'{flag} converts them (channels="{wanted}" in Python)'
            if flag
            else "use images like those of the training",
        )

    def _refuse_depth(self, image: Image, where: str) -> None:
        if image.dtype.kind != "u" or 8 * image.dtype.itemsize != self.contract.depth:
            raise DataError(
                f"the image is {image.dtype}, the model was trained on {self.contract.depth}-bit images",
                where=where,
                advice="use images of the same depth: their values mean something else otherwise",
            )


def _pixels(image: Image, where: str) -> Image:
    shape = getattr(image, "shape", ())
    if len(shape) not in (2, 3) or 0 in shape:
        got = f"an array of shape {shape}" if shape else type(image).__name__
        raise DataError(
            f"an image is an array of H×W×C pixels, and this is {got}",
            where=where,
            advice="numpy.asarray(PIL.Image.open(PATH)) reads one; unetkit.predict and `unetkit predict` take paths",
        )
    return image[:, :, None] if image.ndim == 2 else image


def _said(channels: int) -> str:
    names = {1: "1 channel (grey)", 3: "3 channels (colour)"}
    return names.get(channels, f"{channels} channels")
