"""Every row of the table of mask encodings keeps the contract."""

from __future__ import annotations

import numpy as np

from unetkit.data.arrays import Image, Mask
from unetkit.data.classes import ClassTable
from unetkit.data.encodings import MASK_ENCODINGS
from unetkit.data.tables import KNOWN_TABLES

from contracts.encoding import EncodingContract

IDS = np.random.default_rng(0).integers(0, 4, (2, 24, 30)).astype(np.uint8)


class TestIds(EncodingContract):
    name = "ids"

    def masks(self) -> list[tuple[str, Image]]:
        return [(f"{index}.png", mask * 3 + 1) for index, mask in enumerate(IDS)]

    def truth(self) -> list[Mask]:
        return list(IDS)


class TestBinary(EncodingContract):
    name = "binary"

    def masks(self) -> list[tuple[str, Image]]:
        noise = np.random.default_rng(1).integers(0, 9, IDS.shape).astype(np.uint8)
        return [(f"{index}.jpg", mask) for index, mask in enumerate(np.where(IDS > 1, 255 - noise, noise))]

    def truth(self) -> list[Mask]:
        return list((IDS > 1).astype(np.uint8))


class TestColours(EncodingContract):
    name = "colours"
    palette = np.array([(0, 0, 0), (10, 200, 30), (10, 200, 31), (250, 0, 0)], np.uint8)

    def masks(self) -> list[tuple[str, Image]]:
        return [(f"{index}.png", self.palette[mask]) for index, mask in enumerate(IDS)]

    def truth(self) -> list[Mask]:
        return list(IDS)


class TestSmearedColours(EncodingContract):
    name = "smeared-colours"
    palette = np.array([row[1] for row in KNOWN_TABLES["cityscapes"].classes], np.int64)
    ids = np.random.default_rng(3).integers(0, 19, (2, 40, 50)).astype(np.uint8)

    def masks(self) -> list[tuple[str, Image]]:
        noise = np.random.default_rng(2).integers(-6, 7, (*self.ids.shape, 3))
        smeared = (self.palette[self.ids] + noise).clip(0, 255).astype(np.uint8)
        smeared[:, ::2] = self.palette[self.ids[:, ::2]]
        return [(f"{index}.jpg", mask) for index, mask in enumerate(smeared)]

    def truth(self) -> list[Mask]:
        return list(self.ids)


class TestRedChannel(EncodingContract):
    name = "red-channel"

    def masks(self) -> list[tuple[str, Image]]:
        zero = np.zeros_like(IDS)
        return [(f"{index}.png", mask) for index, mask in enumerate(np.stack([IDS, zero, zero], axis=3))]

    def truth(self) -> list[Mask]:
        return list(IDS)


class TestClassFolders(EncodingContract):
    name = "class-folders"
    class_folders = ("boat", "land", "sea", "sky")

    def masks(self) -> list[tuple[str, Image]]:
        planes = (np.arange(4) == IDS[..., None]).astype(np.uint8) * np.uint8(255)
        return [(f"masks/boat/{index}.png", mask) for index, mask in enumerate(planes)]

    def truth(self) -> list[Mask]:
        return list(IDS)


class TestGreyLevels(EncodingContract):
    name = "grey-levels"
    classes = ClassTable.from_text("0=sea,85=land,170=boat,255=sky")

    def masks(self) -> list[tuple[str, Image]]:
        noise = np.random.default_rng(1).integers(-9, 10, IDS.shape)
        grey = (IDS.astype(np.int64) * 85 + noise).clip(0, 255).astype(np.uint8)
        return [(f"{index}.jpg", mask) for index, mask in enumerate(grey)]

    def truth(self) -> list[Mask]:
        return list(IDS)


def test_every_row_has_its_contract() -> None:
    kept = {contract.name for contract in EncodingContract.__subclasses__()}
    assert kept == set(MASK_ENCODINGS)
