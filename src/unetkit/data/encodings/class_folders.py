"""One mask folder for each class: a pixel belongs to the folder whose mask claims it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, ClassVar, Self

import numpy as np

from unetkit.data.arrays import IGNORE, Image
from unetkit.data.class_text import ClassRow
from unetkit.data.classes import ClassTable
from unetkit.data.encodings.base import Decoded, Found, Request, share
from unetkit.data.encodings.survey import Survey, claimed
from unetkit.errors import AmbiguityError, ConfigError, DataError

_DOUBTFUL = 0.005
"""Share of pixels that no folder or several claim, up to which soft edges explain it."""


@dataclass(frozen=True)
class ClassFolders:
    """The class of the one plane that claims a pixel; ignore where none does, or several.

    Attributes:
        ids: the class id of each plane, or None for ignore.
    """

    ids: tuple[int | None, ...]

    name: ClassVar[str] = "class-folders"
    reads_palette: ClassVar[bool] = True

    def decode(self, pixels: Image, where: str = "") -> Decoded:
        """H×W×K planes → class ids.

        Raises:
            DataError: another number of planes.
        """
        if pixels.ndim != 3 or pixels.shape[2] != len(self.ids):
            raise DataError(f"{len(self.ids)} masks, one a class, are needed", where=where)
        mask = np.full(pixels.shape[:2], IGNORE, np.uint8)
        claims = np.zeros(pixels.shape[:2], np.uint8)
        for index, claim in zip(self.ids, claimed(pixels), strict=True):
            mask[claim] = IGNORE if index is None else index
            claims += claim
        unmatched = claims != 1
        mask[unmatched] = IGNORE
        return Decoded(mask, int(np.count_nonzero(unmatched)))

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"name": self.name, "ids": list(self.ids)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` wrote."""
        return cls(tuple(None if index is None else int(index) for index in document["ids"]))

    @classmethod
    def recognises(cls, survey: Survey, request: Request) -> bool:
        """The layout found one folder for each class."""
        return survey.files > 0 and len(request.class_folders) > 1

    @classmethod
    def fit(cls, survey: Survey, request: Request) -> Found:
        """Classes in the order of folder names; disjoint and covering, or the user is asked.

        Raises:
            AmbiguityError: pixels that no folder or several claim; the advice has a flag for each folder.
        """
        folders = request.class_folders
        if not folders:
            raise DataError("there is one mask for each image, not one a class", advice="leave --encoding out")
        doubtful = survey.gaps + survey.overlaps
        if doubtful > _DOUBTFUL * survey.pixels and not request.said:
            raise _asks(survey, request)
        given = request.classes or ClassTable.from_rows(ClassRow(folder, folder) for folder in folders)
        ignored = request.ignored(given.ignore)
        unknown = [folder for folder in folders if folder not in given.sources and folder not in ignored]
        if unknown:
            raise ConfigError(
                f"the mask folder '{unknown[0]}' has no class",
                where="--classes",
                advice="--classes '" + ",".join(f"{folder}=NAME" for folder in folders) + "'",
            )
        kept = [row for row in given.classes if row.source in folders and row.source not in ignored]
        classes = ClassTable(tuple(replace(row, id=index) for index, row in enumerate(kept)), ignored)
        ids = {row.source: row.id for row in classes.classes}
        notes = [f"{len(folders)} mask folders, one for each class: {', '.join(folders)}"]
        if doubtful:
            notes.append(f"{share(doubtful, survey.pixels)} of the pixels, in no folder or in several, are ignored")
        return Found(cls(tuple(ids.get(folder) for folder in folders)), classes, notes)


def _asks(survey: Survey, request: Request) -> AmbiguityError:
    gaps, overlaps = share(survey.gaps, survey.pixels), share(survey.overlaps, survey.pixels)
    lines = ["--encoding class-folders  # those pixels are ignored"]
    above = PurePath(survey.names[0]).parent.parent.name
    lines += [
        f"--layout folders --masks {shlex.quote(f'{above}/{folder}')}  # only this folder: in it or not"
        for folder in request.class_folders
    ]
    return AmbiguityError(
        f"the mask folders are not one class each: {gaps} of the pixels are in no folder, {overlaps} in several",
        where=survey.names[0],
        advice="\n".join(lines),
    )
