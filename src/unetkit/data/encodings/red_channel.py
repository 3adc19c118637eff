"""Ids in one channel of a colour file, the other two zero: what the CARLA simulator writes; the masks look black."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from unetkit.data.arrays import Image
from unetkit.data.classes import ClassTable
from unetkit.data.encodings import known
from unetkit.data.encodings.base import Decoded, Found, Request
from unetkit.data.encodings.ids import Ids, fit_values
from unetkit.data.encodings.survey import Survey
from unetkit.errors import DataError

_HIGHEST = 63
"""More than this in one channel alone is a colour, not an id."""
_NAMES = ("red", "green", "blue")


@dataclass(frozen=True)
class RedChannel(Ids):
    """Ids looked up in one channel.

    Attributes:
        channel: 0 is red.
    """

    channel: int = 0

    name: ClassVar[str] = "red-channel"

    def decode(self, pixels: Image, where: str = "") -> Decoded:
        """H×W×3 → class ids of the one channel.

        Raises:
            DataError: another channel is not zero, or a value is neither a class nor ignored.
        """
        if pixels.ndim == 2:  # black throughout, or grey: then every channel holds the id
            return super().decode(pixels, where)
        if any(pixels[:, :, index].any() for index in range(pixels.shape[2]) if index != self.channel):
            raise DataError(
                f"the id should stand in {_NAMES[self.channel]} alone, and other channels are not zero",
                where=where,
                advice="--encoding colours",
            )
        return super().decode(np.ascontiguousarray(pixels[:, :, self.channel]), where)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return super().to_json() | {"channel": self.channel}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` wrote."""
        return replace(super().from_json(document), channel=int(document["channel"]))

    @classmethod
    def recognises(cls, survey: Survey, request: Request) -> bool:
        """Colours of which only one channel is ever used, for small numbers."""
        used = _used_channels(survey)
        return (
            survey.has_colours
            and not request.class_folders
            and len(used) == 1
            and max(_values(survey, used[0])) <= _HIGHEST
        )

    @classmethod
    def fit(cls, survey: Survey, request: Request) -> Found:
        """CARLA's classes where the ids or the folders say so; else by the order of ids.

        Raises:
            DataError: more than one channel is used.
        """
        used = _used_channels(survey)
        if len(used) > 1:
            raise DataError("more than one channel holds values", where=survey.names[0], advice="--encoding colours")
        channel = used[0] if used else 0
        values = _values(survey, channel)
        notes = [f"ids stand in the {_NAMES[channel]} channel"]
        table = known.table_of_red(survey, max(values), len(values)) if request.classes is None else None
        if table is not None:
            request = replace(request, classes=ClassTable.known(table))
            notes.append(f"{max(values)} is the highest id: the simulator CARLA's labels (--classes says others)")
        found = fit_values(cls, survey, values, request)
        encoding = found.encoding
        if isinstance(encoding, RedChannel):
            encoding = replace(encoding, channel=channel)
        return Found(encoding, found.classes, notes + found.notes)


def _used_channels(survey: Survey) -> list[int]:
    codes, _ = survey.colours
    return [index for index in range(3) if ((codes >> (16 - 8 * index)) & 255).any()]


def _values(survey: Survey, channel: int) -> dict[int, int]:
    """Pixels of each value of one channel, ascending."""
    codes, counts = survey.colours
    return {int(code >> (16 - 8 * channel)) & 255: int(count) for code, count in zip(codes, counts, strict=True)}
