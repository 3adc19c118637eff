"""What the masks of a set hold: their encoding, the classes, and the pixels of each class in each mask.

Masks are read once to learn the encoding and are then counted with it. Those that fit into a stated memory are kept in
between; the others are read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from unetkit.data.arrays import Image, Mask
from unetkit.data.class_text import parse_ignore
from unetkit.data.classes import ClassTable
from unetkit.data.encodings import MASK_ENCODINGS, Encoding, Sample, find_encoding
from unetkit.data.layouts import Reading
from unetkit.data.pair import Pair
from unetkit.data.parallel import each
from unetkit.data.pixels import read_sample, read_truth
from unetkit.data.scan import MaskScan, scan_masks
from unetkit.data.soundness import BadFile, fault_of
from unetkit.errors import DataError
from unetkit.extras import choose

KEPT_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Truth:
    """What was learnt from the masks.

    Attributes:
        notes: what was concluded, in sentences.
        masks: pixels of each class in each mask that could be read; None where none was.
        bad: masks that could not.
    """

    encoding: Encoding
    classes: ClassTable
    notes: tuple[str, ...]
    masks: MaskScan | None
    bad: tuple[BadFile, ...]


def learn_truth(
    reading: Reading, pairs: Sequence[Pair], *, encoding: str | None, classes: str | None, ignore: str | None
) -> Truth:
    """Read the masks of `pairs` and find out what they mean; the last three are what the user says about it.

    Raises:
        DataError, AmbiguityError, ConfigError: as `find_encoding`.
    """
    said: type[Encoding] | None = choose(MASK_ENCODINGS, encoding, "mask encoding") if encoding else None
    samples = _Samples(reading, pairs, colours=said is not None and said.reads_palette)
    found, table, notes = find_encoding(
        samples.sound(),
        encoding=encoding,
        classes=ClassTable.from_text(classes) if classes else None,
        ignore=parse_ignore(ignore),
        class_folders=reading.class_folders,
    )
    broken = {defect.image for defect in samples.bad}
    sound = [pair for pair in pairs if pair.image not in broken]
    masks = count_classes(reading.root, sound, reading, found, len(table), samples.kept)
    return Truth(found, table, tuple(notes), masks, (*samples.bad, *masks.bad))


def count_classes(
    root: Path,
    pairs: Sequence[Pair],
    reading: Reading,
    encoding: Encoding,
    classes: int,
    kept: dict[str, Image] | None = None,
) -> MaskScan:
    """Pixels of each class in the masks of `pairs`.

    Args:
        kept: pixels of masks that were read already, by image; each is let go when it has been counted.
    """
    ready = kept or {}

    def read(pair: Pair) -> tuple[Mask, int]:
        pixels = ready.pop(pair.image, None)
        if pixels is None:
            decoded = read_truth(root, pair, reading, encoding)
        else:
            decoded = encoding.decode(pixels, str(root / pair.masks[0]))
        return decoded.mask, decoded.unmatched

    return scan_masks(pairs, read, classes, "counting classes")


class _Samples:
    """The masks one by one, those that cannot be decoded set aside, the first of the others kept."""

    def __init__(self, reading: Reading, pairs: Sequence[Pair], *, colours: bool) -> None:
        self._reading, self._pairs, self._colours = reading, pairs, colours
        self._room = KEPT_BYTES
        self.bad: list[BadFile] = []
        self.kept: dict[str, Image] = {}

    def sound(self) -> Iterator[Sample]:
        for pair, seen in zip(self._pairs, each(self._read, self._pairs, "reading masks"), strict=True):
            if isinstance(seen, BadFile):
                self.bad.append(seen)
            else:
                self._keep(pair, seen)
                yield seen

    def _read(self, pair: Pair) -> Sample | BadFile:
        try:
            return read_sample(self._reading.root, pair, self._reading, colours=self._colours)
        except DataError as error:
            return BadFile(pair.masks[0], fault_of(error), error.what, pair.image)

    def _keep(self, pair: Pair, seen: Sample) -> None:
        # Among masks in colours, an indexed file has to be read again.
        if seen.palette is None and seen.pixels.nbytes <= self._room:
            self._room -= seen.pixels.nbytes
            self.kept[pair.image] = seen.pixels
