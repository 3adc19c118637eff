"""Pairs whose files hold a few words and whose pixels follow from them: all that the cache needs of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from unetkit.data.arrays import Image, Mask
from unetkit.data.cache import Cache, CacheFolder, Shelf
from unetkit.data.contents import Contents
from unetkit.data.pair import Pair
from unetkit.data.resize import Fit

FIT = Fit(4, 6)
FILL = (9, 8, 7)
PLENTY = 10**8


@dataclass
class Written:
    """Pairs below `root`.

    Attributes:
        side: of the native images, which are squares.
        fit: the working size.
        decoded: the images that were decoded, in this order.
    """

    root: Path
    pairs: list[Pair]
    side: int = 8
    fit: Fit = FIT
    decoded: list[str] = field(default_factory=list[str])

    def read(self, pair: Pair) -> tuple[Image, Mask]:
        self.decoded.append(pair.image)
        return noise(self.root / pair.image, self.side)[..., :3], noise(self.root / pair.mask, self.side)[..., 3] % 4

    def expected(self, index: int) -> tuple[Image, Mask]:
        pair = self.pairs[index]
        image = noise(self.root / pair.image, self.side)[..., :3]
        return self.fitted(image, noise(self.root / pair.mask, self.side)[..., 3] % 4)

    def fitted(self, image: Image, mask: Mask) -> tuple[Image, Mask]:
        return self.fit.image(image, FILL), self.fit.mask(mask)

    def shelf(self, folder: Path, decisive: Mapping[str, Any] | None = None, limit: int = PLENTY) -> Shelf:
        return Shelf(CacheFolder(folder, limit), Contents(self.root), decisive or {})

    def cache(self, folder: Path, *, limit: int = PLENTY, contents: Contents | None = None, **named: Any) -> Cache:
        """As a run makes it that looks at the files now, or has begun to."""
        known = contents or Contents(self.root)
        shelf = Shelf(CacheFolder(folder, limit), known, {})
        return Cache(self.pairs, lambda pair: self.fitted(*known.read(pair, self.read)), shelf=shelf, **named)

    def differing(self, cache: Cache) -> list[int]:
        """The pairs that the cache gives otherwise than their files say."""
        return [index for index in range(len(self.pairs)) if not same(cache.get(index), self.expected(index))]


def noise(path: Path, side: int) -> Image:
    """H×W×4 numbers that only the file's content decides."""
    return np.random.default_rng(list(path.read_bytes())).integers(0, 256, (side, side, 4), np.uint8)


def same(one: tuple[Image, Mask], other: tuple[Image, Mask]) -> bool:
    return all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(one, other, strict=True))


def write_pairs(root: Path, count: int, *, side: int = 8, fit: Fit = FIT) -> Written:
    """`count` pairs, of which no two hold the same."""
    root.mkdir(parents=True, exist_ok=True)
    pairs = [Pair(f"{index}.image", f"{index}.mask") for index in range(count)]
    for pair in pairs:
        for name in (pair.image, pair.mask):
            (root / name).write_text(name, encoding="utf-8")
    return Written(root, pairs, side, fit)
