"""Bringing a data set's class ids to the model's: by name, never by chance."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from unetkit.data.arrays import IGNORE, IGNORE_16, Mask
from unetkit.data.class_text import write_classes, write_source
from unetkit.data.classes import ClassTable
from unetkit.errors import DataError

_COUNTED_OUT = re.compile(r"class \d+")


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """How ids of the data become ids of the model.

    Attributes:
        ids: the model's id for each id of the data; −1 is not scored.
        said: how they were matched, for people; "" when the tables are alike.
    """

    ids: npt.NDArray[np.int64]
    said: str = ""

    def apply(self, mask: Mask) -> Mask:
        """The mask in the model's ids; ignore stays ignore."""
        if (self.ids == np.arange(len(self.ids))).all():
            return mask
        wide = mask.dtype == np.uint16 or int(self.ids.max()) >= IGNORE
        table: Mask = np.full(65536, IGNORE_16, np.uint16) if wide else np.full(256, IGNORE, np.uint8)
        scored = np.flatnonzero(self.ids >= 0)
        table[: len(self.ids)] = IGNORE_16 if wide else IGNORE
        table[scored] = self.ids[scored]
        return table[mask]

    def without(self, ids: Iterable[int]) -> Matching:
        """The same, where these classes of the model are ignored."""
        return replace(self, ids=np.where(np.isin(self.ids, list(ids)), -1, self.ids))


def match_classes(data: ClassTable, model: ClassTable) -> Matching:
    """Match by name; where one side has no names, by what stands for a class in the files.

    Raises:
        DataError: the data have a class that the model does not know, or nothing tells which is which.
    """
    if data.names == model.names and (data.sources == model.sources or not _nameless(data)):
        return Matching(np.arange(len(data)))
    if _nameless(data) or _nameless(model):
        return _match_nameless(data, model)
    if set(data.names) <= set(model.names):
        return Matching(_places(data.names, model.names), "classes are matched by name")
    unknown = [name for name in data.names if name not in model.names]
    kept = [(row.source, row.name if row.name in model.names else "ignore") for row in data.classes]
    raise DataError(
        f"the model does not know {'a class' if len(unknown) == 1 else f'{len(unknown)} classes'} of the data: "
        + ", ".join(unknown),
        where=f"classes of the model: {', '.join(model.names)}",
        advice=f"{write_classes(kept)}  # or in the place of 'ignore' the model's name for it",
    )


def _match_nameless(data: ClassTable, model: ClassTable) -> Matching:
    if set(data.sources) <= set(model.sources):
        places = _places(data.sources, model.sources)
        return Matching(
            places, f"classes have no names, matched by their values in the masks: {_said(data, model, places)}"
        )
    names = model.names if len(data) == len(model) else ("NAME",) * len(data)
    raise DataError(
        f"nothing tells which of the data's {len(data)} classes is which of the model's {len(model)}: "
        "names or values in the masks would",
        where=f"classes of the data: {', '.join(data.names)}; of the model: {', '.join(model.names)}",
        advice=f"{write_classes(zip(data.sources, names, strict=True))}  # the model's name for each, or 'ignore'",
    )


def is_nameless(name: str) -> bool:
    """Whether a class is only counted out, as `class 3`: such a name says nothing of what it is."""
    return _COUNTED_OUT.fullmatch(name) is not None


def _nameless(table: ClassTable) -> bool:
    return all(map(is_nameless, table.names))


def _places(wanted: Sequence[object], known: Sequence[object]) -> npt.NDArray[np.int64]:
    return np.array([known.index(key) for key in wanted], np.int64)


def _said(data: ClassTable, model: ClassTable, places: npt.NDArray[np.int64]) -> str:
    pairs = zip(map(write_source, data.sources), places, strict=True)
    return ", ".join(f"{source} = {model.names[place]}" for source, place in pairs)
