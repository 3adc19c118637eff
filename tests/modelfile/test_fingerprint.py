"""A training image is known again by its content, in few bytes."""

import json

import numpy as np
import pytest

from unetkit.data.arrays import Mask
from unetkit.files import sha256_bytes
from unetkit.modelfile import Fingerprint

TRAINED = [sha256_bytes(bytes([number])) for number in range(50)]
OTHER = sha256_bytes(b"another image")


def test_trained_images_are_known_and_others_not() -> None:
    fingerprint = Fingerprint.of(TRAINED)
    assert all(fingerprint.holds(hash_) for hash_ in TRAINED)
    assert not fingerprint.holds(OTHER)


@pytest.mark.parametrize("position", [None, np.eye(3, 4, dtype=np.uint8), np.full((2, 2), 300, np.uint16)])
def test_it_comes_back_from_json(position: Mask | None) -> None:
    fingerprint = Fingerprint.of(TRAINED, [5, 6, 7], position)
    assert Fingerprint.from_json(json.loads(json.dumps(fingerprint.to_json()))) == fingerprint


def test_the_same_images_in_another_order_are_the_same_fingerprint() -> None:
    assert Fingerprint.of(TRAINED).to_json() == Fingerprint.of(reversed(TRAINED)).to_json()


def test_a_thousand_images_cost_less_than_20_kilobytes() -> None:
    hashes = [sha256_bytes(str(number).encode()) for number in range(1000)]
    assert len(json.dumps(Fingerprint.of(hashes).to_json())) < 20_000
