"""What a model was trained on: enough to know a training image again, and to draw the baselines anywhere."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from unetkit.data.arrays import Mask

_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The training images by content hash, and the two baselines that come from their masks.

    Attributes:
        images: the first 16 hexadecimal digits of the SHA-256 of each training image's file. Two different files out of
            100,000 collide with a probability below one in a billion.
        pixels: pixels of each class in the train masks (baseline `constant`).
        position: h×w ids, the class most frequent at each place at working size (baseline `position`), or None.
    """

    images: frozenset[str] = frozenset()
    pixels: tuple[int, ...] = ()
    position: Mask | None = None

    @classmethod
    def of(cls, hashes: Iterable[str], pixels: Iterable[int] = (), position: Mask | None = None) -> Fingerprint:
        """From whole SHA-256 hashes (64 digits)."""
        return cls(frozenset(hash_[:_DIGITS] for hash_ in hashes), tuple(int(count) for count in pixels), position)

    def holds(self, sha256: str) -> bool:
        """Whether an image file with this SHA-256 was trained on."""
        return sha256[:_DIGITS] in self.images

    def to_json(self) -> dict[str, Any]:
        """Plain values. The hashes are joined in order, 16 digits each; `position` is zlib of its bytes in base64."""
        document: dict[str, Any] = {
            "images": len(self.images),
            "sha256_16": "".join(sorted(self.images)),
            "pixels": list(self.pixels),
        }
        if self.position is not None:
            document["position"] = _packed(self.position)
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Fingerprint:
        """From what `to_json` gave."""
        joined: str = document["sha256_16"]
        images = frozenset(joined[at : at + _DIGITS] for at in range(0, len(joined), _DIGITS))
        position = document.get("position")
        return cls(images, tuple(document["pixels"]), _unpacked(position) if position else None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fingerprint) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash((self.images, self.pixels))


def _packed(ids: Mask) -> dict[str, Any]:
    height, width = ids.shape
    data = base64.b64encode(zlib.compress(ids.tobytes(), 9)).decode()
    return {"height": height, "width": width, "bits": 8 * ids.dtype.itemsize, "zlib": data}


def _unpacked(packed: Mapping[str, Any]) -> Mask:
    shape = (packed["height"], packed["width"])
    size = shape[0] * shape[1] * packed["bits"] // 8
    data = zlib.decompressobj().decompress(base64.b64decode(packed["zlib"]), size)
    ids = np.frombuffer(data, np.uint8 if packed["bits"] == 8 else np.uint16)
    return ids.reshape(shape)
