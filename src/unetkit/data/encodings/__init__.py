"""How the pixels of a mask say the class: one file a family, found from the masks themselves.

The order of the rows is the order of recognition: the first family that knows the masks takes them (`find`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from unetkit.data.arrays import Image
from unetkit.data.class_text import Source
from unetkit.data.classes import ClassTable
from unetkit.data.encodings.base import Decoded, Encoding, Found, Request
from unetkit.data.encodings.find import find_among
from unetkit.data.encodings.survey import Sample, Survey
from unetkit.extras import choose

__all__ = [
    "MASK_ENCODINGS",
    "Decoded",
    "Encoding",
    "Found",
    "Request",
    "Sample",
    "Survey",
    "encoding_from_json",
    "find_encoding",
]

MASK_ENCODINGS: dict[str, str] = {
    "class-folders": "unetkit.data.encodings.class_folders:ClassFolders",
    "red-channel": "unetkit.data.encodings.red_channel:RedChannel",
    "binary": "unetkit.data.encodings.binary:Binary",
    "grey-levels": "unetkit.data.encodings.grey_levels:GreyLevels",
    "ids": "unetkit.data.encodings.ids:Ids",
    "colours": "unetkit.data.encodings.colours:Colours",
    "smeared-colours": "unetkit.data.encodings.colours:SmearedColours",
}


def find_encoding(
    samples: Iterable[Sample | tuple[str, Image]],
    *,
    encoding: str | None = None,
    classes: ClassTable | None = None,
    ignore: tuple[Source, ...] | None = None,
    class_folders: tuple[str, ...] = (),
) -> tuple[Encoding, ClassTable, list[str]]:
    """How these masks are read, the classes they hold, and what was concluded, in sentences.

    Args:
        samples: path, pixels (`decode_mask_pixels`) and, where it is indexed, palette of each mask; taken one by one.
            With class folders the pixels are H×W×K, one plane a folder.
        encoding: a row of `MASK_ENCODINGS`; None finds it.
        classes: from `--classes`; a known table is read in values or colours, whichever the masks hold.
        ignore: from `--ignore` (`parse_ignore`).
        class_folders: the folders' names where there is one mask for each class.

    Raises:
        DataError: the masks hold more than the classes named, or nothing that says classes.
        AmbiguityError: two readings are possible; the advice has the flags.
        ConfigError: no such encoding.
    """
    found = find_among(MASK_ENCODINGS, samples, Request(classes, ignore, class_folders, encoding is not None), encoding)
    return found.encoding, found.classes, found.notes


def encoding_from_json(document: Mapping[str, Any]) -> Encoding:
    """The encoding that `to_json` described.

    Raises:
        ConfigError: there is none of that name.
    """
    encoding: Encoding = choose(MASK_ENCODINGS, str(document["name"]), "mask encoding").from_json(document)
    return encoding
