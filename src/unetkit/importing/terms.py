"""What weights do not say and a model has to: its classes, what maps pixels to its input, and the working size."""

from __future__ import annotations

import re
from typing import TypeVar

import numpy as np

from unetkit.data.classes import ClassTable
from unetkit.data.normalise import Normalisation, measure_normalisation
from unetkit.data.resize import Fit
from unetkit.errors import ConfigError

Term = TypeVar("Term", str, float)
_FIT = re.compile(r"fit:(\d{1,5})x(\d{1,5})")
_PLAIN = {"none": (0.0, 1.0), "symmetric": (127.5, 127.5)}


def classes_of(text: str | None, outputs: int) -> ClassTable:
    """The classes: those named, else `class 0`, `class 1`, ...

    Args:
        text: as `--classes` takes it.
        outputs: scores a pixel; one logit tells two classes apart, and speaks for the second of them.

    Raises:
        ConfigError: `text` is no table, or names more or fewer classes than the network has.
    """
    wanted = max(outputs, 2)
    if text is None:
        return ClassTable.of_sources(range(wanted))
    classes = ClassTable.from_text(text)
    if len(classes) != wanted:
        given = "one logit, for two classes" if outputs == 1 else f"{outputs} scores a pixel"
        raise ConfigError(
            f"the weights give {given}, and {len(classes)} are named: {', '.join(classes.names)}",
            where=f"--classes {text}",
            advice="name every class of the training, in the order of its ids, also those that were never scored",
        )
    return classes


def channels_of(said: int | None, found: int) -> int:
    """The channels of the image, as the first convolution has them.

    Raises:
        ConfigError: somebody said something else.
    """
    if said not in (None, found):
        raise ConfigError(f"the first convolution takes {found} channels, not {said}", where=f"--channels {said}")
    return found


def agreed(said: Term | None, found: Term | None, flag: str) -> Term | None:
    """What somebody said, or the file says; None where neither does.

    Raises:
        ConfigError: they say different things.
    """
    if said is not None and found is not None and said != found:
        raise ConfigError(f"the file says {found}, not {said}", where=f"{flag} {said}", advice=f"leave out {flag}")
    return found if said is None else said


def normalisation_of(name: str, channels: int) -> Normalisation:
    """What maps 8-bit pixels to the network's input.

    Args:
        name: "unit", 0..1; "imagenet", its mean and deviation; "symmetric", −1..1; "none", the pixels as they are.
    """
    if name in _PLAIN:
        offset, scale = _PLAIN[name]
        return Normalisation(name, (offset,) * channels, (scale,) * channels)
    return measure_normalisation([np.zeros((1, 1, channels), np.uint8)], name)  # these two do not depend on the image


def size_of(text: str | None, found: tuple[int, int] | None, multiple: int) -> Fit:
    """The working size.

    Args:
        text: "fit:HxW", or None.
        found: height and width that the file says.
        multiple: sides that are no multiple of it leave a remainder on some level, which is rounded up here and down
            elsewhere.

    Raises:
        ConfigError: nobody says it, it is no size, or a side is no multiple.
    """
    if text is None and found is None:
        raise ConfigError(
            "the weights do not say the size of the images they were trained on",
            where="--size",
            advice=f"--size fit:{16 * multiple}x{16 * multiple}  # height x width",
        )
    size = Fit(*found) if text is None and found is not None else _parsed(text or "")
    if size.height % multiple or size.width % multiple:
        near = Fit(_nearest(size.height, multiple), _nearest(size.width, multiple))
        raise ConfigError(
            f"{size.height}×{size.width} cannot be halved to the last level without a remainder, which other networks "
            f"round down and ours round up: the outputs would not be equal",
            where="--size",
            advice=f"--size fit:{near.height}x{near.width}",
        )
    return size


def _parsed(text: str) -> Fit:
    match = _FIT.fullmatch(text)
    sides = [int(side) for side in match.groups()] if match else []
    if not sides or not all(1 <= side <= 16384 for side in sides):
        raise ConfigError(f"'{text}' is no working size", where="--size", advice="--size fit:192x256  # height x width")
    return Fit(*sides)


def _nearest(side: int, multiple: int) -> int:
    return max(multiple, (2 * side + multiple) // (2 * multiple) * multiple)
