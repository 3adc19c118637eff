"""What `predict` leaves on the disk for one image: id mask, colour mask, overlay with legend."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unetkit.data.arrays import IGNORE, Image, Mask
from unetkit.data.classes import ClassTable
from unetkit.drawing import colourise, encode_png, overlay, with_legend
from unetkit.files import write_bytes
from unetkit.runs import make_folder

FOLDERS = ("masks", "colour", "overlays")
_SHORT_LEGEND = 8
_LOOKS_BLACK = 40


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the three pictures of a prediction, each whole or not at all.

    Attributes:
        folder: the output folder.
        classes: names, colours, source values.
        as_source: write the data set's own mask values instead of ids.
        opacity: of the classes in the overlay.
    """

    folder: Path
    classes: ClassTable
    as_source: bool
    opacity: float

    def write(self, name: str, image: Image, mask: Mask) -> tuple[Path, Path, Path]:
        """Paths of mask, colour mask and overlay; `name` is relative and ends in .png."""
        colours = self.classes.colours
        pictures = (
            self._mask_png(mask),
            encode_png(colourise(mask, colours)),
            encode_png(self._overlay(image, mask)),
        )
        mask_path, colour_path, overlay_path = (self.folder / kind / name for kind in FOLDERS)
        for path, picture in zip((mask_path, colour_path, overlay_path), pictures, strict=True):
            make_folder(path.parent)
            write_bytes(path, picture)
        return mask_path, colour_path, overlay_path

    @property
    def dark(self) -> bool:
        """Whether the masks look black in a viewer: small values, and no palette that would colour them."""
        if self.as_source:
            return int(self.classes.source_values().max()) <= _LOOKS_BLACK
        return len(self.classes) > IGNORE

    def _mask_png(self, mask: Mask) -> bytes:
        return encode_png(self.classes.as_source(mask)) if self.as_source else encode_png(mask, self.classes.palette())

    def _overlay(self, image: Image, mask: Mask) -> Image:
        names, colours = self.classes.names, self.classes.colours
        shown = range(len(names)) if len(names) <= _SHORT_LEGEND else np.unique(mask).tolist()
        picture = overlay(image, mask, colours, self.opacity)
        return with_legend(picture, [names[id_] for id_ in shown], colours[list(shown)])
