"""The working size: what the network sees."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from unetkit.data.resize import Fit
from unetkit.errors import ConfigError

AUTO_LONG_SIDE = 256
_FIT = re.compile(r"fit:(\d+)x(\d+)")


def working_size(text: str, native_sizes: Iterable[tuple[int, int]]) -> Fit:
    """The size rule that `text` says.

    Args:
        text: "auto" (long side 256, or the native one where that is smaller), "N" (long side N, the short side
            follows the commonest shape) or "fit:HxW".
        native_sizes: (height, width) of the training images.

    Raises:
        ConfigError: `text` is none of the three.
    """
    if match := _FIT.fullmatch(text):
        return Fit(_positive(match[1], text), _positive(match[2], text))
    height, width = Counter(native_sizes).most_common(1)[0][0]
    if text == "auto":
        return _with_long_side(min(AUTO_LONG_SIDE, max(height, width)), height, width)
    return _with_long_side(_positive(text, text), height, width)


def _with_long_side(long_side: int, height: int, width: int) -> Fit:
    scale = long_side / max(height, width)
    return Fit(max(round(height * scale), 1), max(round(width * scale), 1))


def _positive(number: str, text: str) -> int:
    if number.isdecimal() and 1 <= int(number) <= 16384:
        return int(number)
    raise ConfigError(
        f"'{text}' is no working size",
        where="data.size",
        advice="say --size 256 (long side) or --size fit:192x256 (inside H×W)",
    )
