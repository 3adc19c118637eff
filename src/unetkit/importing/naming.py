"""The order in which layers work, from their names.

A state dict lists layers in the order in which a class made them, a safetensors file in that of the alphabet; neither
need be the order in which an image meets them. Where the names are those of a well-known U-Net, they say it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

_Parts: TypeAlias = tuple[tuple[int, int, str], ...]
_Place: TypeAlias = tuple[int, int, bool, _Parts]


@dataclass(frozen=True, slots=True)
class Naming:
    """Names of a well-known U-Net.

    Attributes:
        title: whose.
        stages: patterns of how the names of a stage begin, in the order of work; the number in one counts levels.
    """

    title: str
    stages: tuple[str, ...]

    def place(self, name: str) -> _Place | None:
        """Where a layer of this name stands; None for a name that is not one of these."""
        for stage, pattern in enumerate(self.stages):
            match = re.match(rf"(?:{pattern})(?:\.|$)", name)
            if match:
                level = int(match[1]) if match.re.groups else 0
                rest = name[match.end() :]
                return stage, level, not rest.startswith("up"), _natural(rest)
        return None


NAMINGS = (
    Naming("Pytorch-UNet", ("inc", r"down(\d+)", r"up(\d+)", "outc")),
    Naming("downs, bottleneck, ups", (r"downs\.(\d+)", "bottleneck|bridge", r"ups\.(\d+)", "final_conv|final|outc?")),
)


def in_order(names: Sequence[str]) -> tuple[list[str], Naming | None]:
    """The names in the order of work, and by whose naming; as they came and None where no naming knows all of them."""
    for naming in NAMINGS:
        places = [(place, name) for name in names if (place := naming.place(name)) is not None]
        if names and len(places) == len(names):
            return [name for _, name in sorted(places)], naming
    return list(names), None


def without_wrappers(names: Iterable[str]) -> dict[str, str]:
    """Each name → the same without the parts that all share in front, which a wrapper added ("module.", "model.")."""
    short = {name: name for name in names}
    while len(short) > 1:
        heads = {name.partition(".")[0] for name in short.values()}
        if len(heads) > 1 or not all("." in name for name in short.values()):
            break
        short = {name: left.partition(".")[2] for name, left in short.items()}
    return short


def _natural(text: str) -> _Parts:
    """Numbers count as numbers: 9 before 10."""
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.split(r"[._]", text))
