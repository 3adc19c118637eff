"""Choosing whole groups for a part of the data: near the size asked for, with every class in it and left in train."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_TRIALS = 32
_MANY = 5_000  # units above which one trial is enough: chance has averaged out


@dataclass(frozen=True, slots=True)
class Unit:
    """What is never parted: a group, or an image on its own, with the classes that have truth in it."""

    name: str
    images: tuple[str, ...]
    classes: frozenset[int]


def choose_units(units: Sequence[Unit], images: int, seed: str) -> list[Unit]:
    """Units that hold about `images` images; never all units.

    Several random orders are tried. In each, units that bring a class not yet covered come first, rarest class first,
    then others fill up; a unit is taken only if it brings the size nearer to what was asked, and if it is not the last
    that holds one of its classes. The trial whose size and whose share of each class fit best is returned.

    Args:
        units: in an order that does not depend on how files were listed.
        images: the number asked for; 0 returns none, more than 0 at least one unit where there are two.
        seed: decides the orders.
    """
    if images <= 0 or len(units) < 2:
        return []
    generator = np.random.Generator(np.random.Philox(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8])))
    trials = 1 if len(units) > _MANY else _TRIALS
    orders = [_shuffled(units, generator) for _ in range(trials)]
    return min((_fill(order, images) for order in orders), key=lambda chosen: _misfit(chosen, units, images))


def _shuffled(units: Sequence[Unit], generator: np.random.Generator) -> list[Unit]:
    order: list[int] = generator.permutation(len(units)).tolist()
    return [units[i] for i in order]


def _fill(order: Sequence[Unit], images: int) -> list[Unit]:
    left = Counter(kind for unit in order for kind in unit.classes)
    chosen: dict[str, Unit] = {}
    size = 0
    for unit in (*_covering(order, left), *order):
        nearer = abs(size + len(unit.images) - images) < abs(size - images)
        last = any(left[kind] == 1 for kind in unit.classes)
        if unit.images[0] not in chosen and nearer and not last:
            chosen[unit.images[0]] = unit
            size += len(unit.images)
            left.subtract(unit.classes)
    return list(chosen.values()) or [min(order, key=lambda unit: len(unit.images))]


def _covering(order: Sequence[Unit], holders: Counter[int]) -> list[Unit]:
    """For each class, rarest first, the first unit that holds it unless an earlier one does."""
    covering: list[Unit] = []
    covered: set[int] = set()
    for kind in sorted(holders, key=lambda kind: (holders[kind], kind)):
        if kind in covered or holders[kind] < 2:
            continue
        unit = next(unit for unit in order if kind in unit.classes)
        covering.append(unit)
        covered |= unit.classes
    return covering


def _misfit(chosen: Sequence[Unit], units: Sequence[Unit], images: int) -> float:
    """How far the size, and each class's share of the units, are from what they should be."""
    size = sum(len(unit.images) for unit in chosen)
    here = Counter(kind for unit in chosen for kind in unit.classes)
    all_of_it = Counter(kind for unit in units for kind in unit.classes)
    shares = [abs(here[kind] / len(chosen) - count / len(units)) for kind, count in all_of_it.items()]
    absent = sum(count > 1 and not here[kind] for kind, count in all_of_it.items())
    return abs(size - images) / images + sum(shares) / max(len(shares), 1) + absent
