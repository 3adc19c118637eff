"""The one door to a data set: from a folder, a table or a manifest to pairs with classes, groups and splits.

reading (which image has which mask) → headers → encoding and classes → groups → splits
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Unpack

from unetkit.data.arrays import Image, Mask
from unetkit.data.classes import ClassTable
from unetkit.data.copies import Sets, identical_files
from unetkit.data.description import about_of, describe, masks_of, reading_of, rule_of
from unetkit.data.encodings import Encoding
from unetkit.data.groups import GroupRule
from unetkit.data.layouts import Reading, find_pairs
from unetkit.data.manifest import HASH, MASK_HASH, Manifest, find_manifest, load_manifest, save_manifest
from unetkit.data.pair import Pair
from unetkit.data.pixels import read_photo, read_truth
from unetkit.data.said import Said, grouped, learn, relies, split, uncut
from unetkit.data.scan import FileScan, MaskScan, evenly, scan_files
from unetkit.data.soundness import BadFile, cure, cure_of_all
from unetkit.data.splits import Split
from unetkit.data.truth import Truth, count_classes
from unetkit.errors import ConfigError, DataError


@dataclass(frozen=True, slots=True)
class DataSet:
    """Images with masks, and all that is known about them.

    Attributes:
        root: the folder that all paths are relative to.
        pairs: every pair with its split and group, in natural order; bad ones too, unless they were skipped.
        classes: what the ids in a mask mean.
        encoding: how a mask file says them.
        groups: how images are grouped.
        split_by: how the split was made: "given", "group", "time" or "random".
        columns: further columns of a table of pairs, a value for each pair.
        about: source and licence, where a `data.yaml` says them.
        reading: how the folder was read.
        notes: what was concluded about the masks, for people; `split_notes` about the split.
        bad: files that cannot be used; `strays` those that are in no pair, probably because of their names.
        files, masks: what was seen in the headers, and in the masks where they were read.
        copies: sets of images whose files are equal; None where it was not looked for (a manifest's split is fixed).
    """

    root: Path
    pairs: tuple[Pair, ...]
    classes: ClassTable
    encoding: Encoding
    groups: GroupRule
    split_by: str
    columns: Mapping[str, tuple[str, ...]]
    reading: Reading = field(compare=False)
    about: Mapping[str, str] = field(default_factory=dict[str, str])
    notes: tuple[str, ...] = field(default=(), compare=False)
    split_notes: tuple[str, ...] = field(default=(), compare=False)
    bad: tuple[BadFile, ...] = field(default=(), compare=False)
    strays: tuple[BadFile, ...] = field(default=(), compare=False)
    files: FileScan = field(default=FileScan({}, ()), compare=False, repr=False)
    masks: MaskScan | None = field(default=None, compare=False, repr=False)
    copies: Sets | None = field(default=None, compare=False, repr=False)

    def split(self, name: str) -> tuple[Pair, ...]:
        """The pairs of "train", "val" or "test"; "all" gives every pair."""
        return tuple(pair for pair in self.pairs if name in ("all", pair.split))

    @property
    def sound(self) -> tuple[Pair, ...]:
        """The pairs without a known defect."""
        broken = {defect.image for defect in self.bad}
        return tuple(pair for pair in self.pairs if pair.image not in broken)

    def native_size(self, pair: Pair) -> tuple[int, int]:
        """Height and width of a pair's image without the mask beside it, from its header, which must be sound."""
        header = self.files.headers[pair.image]
        return header.height, header.width // 2 if self.reading.side_by_side else header.width

    def read_image(self, pair: Pair) -> Image:
        """The image of a pair, H×W×C uint8 or uint16; DataError where it cannot be decoded."""
        return read_photo(self.root, pair, self.reading)

    def read_mask(self, pair: Pair) -> Mask:
        """The mask of a pair, H×W class ids; pixels that are no class are ignore. DataError as above."""
        return read_truth(self.root, pair, self.reading, self.encoding).mask

    def read(self, pair: Pair) -> tuple[Image, Mask]:
        """Image and mask of a pair, of one size.

        Raises:
            DataError: one of them cannot be decoded, or their sizes differ.
        """
        image, mask = self.read_image(pair), self.read_mask(pair)
        if image.shape[:2] != mask.shape:
            raise DataError(
                f"the image is {image.shape[1]}×{image.shape[0]}, its mask {mask.shape[1]}×{mask.shape[0]}",
                where=str(self.root / pair.image),
                advice="--skip-bad leaves such pairs out",
            )
        return image, mask

    def scan_masks(self, pairs: Sequence[Pair]) -> MaskScan:
        """Pixels of each class in the masks of these pairs; masks read when the data were opened are not read again."""
        known = self.masks
        if known is not None and {pair.image for pair in pairs} <= set(known.images):
            return known.of(pair.image for pair in pairs)
        return count_classes(self.root, pairs, self.reading, self.encoding, len(self.classes))

    def refuse_bad(self, more: Sequence[BadFile] = ()) -> None:
        """Raise DataError if a file of a pair cannot be used, `more` that was found later: before training starts."""
        used = {pair.image for pair in self.pairs}
        bad = [*(defect for defect in (*self.bad, *more) if defect.image in used), *self.strays]
        if bad:
            pairs = len({defect.image for defect in bad} & used)
            number = f"{pairs:,} of {len(self.pairs):,} pairs cannot be used" if pairs else "a file cannot be used"
            where = str(self.root / bad[0].path)
            raise DataError(f"{number}: {bad[0].reason}", where=where, advice=cure(bad))


def open_data(
    source: Path, *, seed: int = 0, masks_to_scan: int | None = None, hold_out: bool = True, **said: Unpack[Said]
) -> DataSet:
    """Open a folder, a table of pairs, or a manifest of ours (a `.csv` with a `data.yaml` beside it, or their folder).

    Args:
        source: where the data are.
        seed: of the split.
        masks_to_scan: how many masks are read to fix the class table and to balance the split; None reads every one.
            Those of a manifest, whose classes and split are fixed, are read only to leave bad ones out. Who reads every
            mask, or leaves out what is bad, relies on the files: then each is verified to its end.
        said: what the user says; everything else is found out.

    Raises:
        DataError: there is nothing to read, or it cannot be understood.
        AmbiguityError: two readings are possible; the advice has the flag that decides.
        ConfigError: something said does not fit the data.
    """
    table = find_manifest(source)
    if table is not None:
        return _open_manifest(table, seed, said, masks_to_scan, hold_out)
    reading = _read(source, said)
    files = scan_files(reading.root, reading.pairs, whole=relies(said, masks_to_scan), known=reading.defects)
    sample = evenly(_sound(reading.pairs, files.bad, reading.root), masks_to_scan)
    truth = learn(reading, sample, said)
    bad = (*files.bad, *truth.bad)
    pairs = _sound(reading.pairs, bad, reading.root) if said.get("skip_bad") else reading.pairs
    rule, pairs = grouped(pairs, said.get("groups"), _columns(reading, pairs), reading.layout)
    copies = identical_files(reading.root, [pair.image for pair in pairs if pair.image in files.headers])
    asked = said if hold_out else uncut(pairs, said)
    made = split(pairs, rule, seed, asked, masks=truth.masks, copies=copies)
    return DataSet(
        root=reading.root,
        pairs=made.pairs,
        classes=truth.classes,
        encoding=truth.encoding,
        groups=rule,
        split_by=made.by,
        columns=_columns(reading, made.pairs),
        reading=reading,
        notes=truth.notes,
        split_notes=made.notes,
        bad=bad,
        strays=() if said.get("skip_bad") else _strays(reading),
        files=files,
        masks=truth.masks,
        copies=copies,
    )


def write_manifest(
    dataset: DataSet,
    folder: Path,
    *,
    hashes: Mapping[str, str] | None = None,
    masks: Mapping[str, str] | None = None,
    sealed: bool = False,
) -> None:
    """Write `manifest.csv` and `data.yaml` into `folder`, which must exist.

    Args:
        hashes: what `Contents.hash_images` gave for all pairs, to be added as a column; one that the data brought gives
            way.
        masks: what `hash_masks` gave, likewise.
        sealed: protect both files by checksums, as in a run folder.
    """
    description = describe(dataset.reading, dataset.encoding, dataset.classes, dataset.groups, dataset.split_by)
    columns = dict(dataset.columns)
    if hashes is not None:
        columns[HASH] = tuple(hashes[pair.image] for pair in dataset.pairs)
    if masks is not None:
        columns[MASK_HASH] = tuple(masks[pair.mask] for pair in dataset.pairs)
    manifest = Manifest(dataset.root, dataset.pairs, columns, {**dataset.about, **description})
    save_manifest(manifest, folder, sealed=sealed)


# --- steps ------------------------------------------------------------------------------------------------------


def _read(source: Path, said: Said) -> Reading:
    return find_pairs(
        source,
        images=said.get("images"),
        masks=said.get("masks"),
        layout=said.get("layout"),
        follow_links=bool(said.get("follow_links")),
    )


def _strays(reading: Reading) -> tuple[BadFile, ...]:
    """Files that found no partner because of their names' bytes, or might not have."""
    alone = (path for path in (*reading.orphan_images, *reading.orphan_masks) if path in reading.defects)
    found = ((path, *reading.defects[path]) for path in alone)
    return tuple(BadFile(path, fault, why, path) for path, fault, why in found if fault == "name-not-utf8")


def _open_manifest(table: Path, seed: int, said: Said, masks_to_scan: int | None, hold_out: bool) -> DataSet:
    _refuse_reading(table, said)
    manifest = load_manifest(table)
    reading = reading_of(manifest, table, follow_links=bool(said.get("follow_links")))
    files = scan_files(manifest.root, manifest.pairs, whole=relies(said, masks_to_scan), known=reading.defects)
    truth = _truth_again(reading, masks_of(manifest, table), _sound(manifest.pairs, files.bad, manifest.root), said)
    bad = (*files.bad, *truth.bad)
    pairs = _sound(manifest.pairs, bad, manifest.root) if said.get("skip_bad") else manifest.pairs
    rule, pairs = _groups_again(manifest, reading, pairs, said)
    made, by = _split_again(manifest.description, pairs, rule, seed, said, hold_out=hold_out)
    return DataSet(
        root=manifest.root,
        pairs=made.pairs,
        classes=truth.classes,
        encoding=truth.encoding,
        groups=rule,
        split_by=by,
        columns=_columns(reading, made.pairs),
        reading=reading,
        about=about_of(manifest.description),
        notes=truth.notes,
        split_notes=made.notes,
        bad=bad,
        files=files,
        masks=truth.masks,
    )


def _refuse_reading(table: Path, said: Said) -> None:
    fixed = [f"--{name}" for name in ("images", "masks", "layout") if said.get(name)]
    if fixed:
        raise ConfigError(
            f"{' and '.join(fixed)} cannot be said about a manifest: it names every image and mask",
            where=str(table),
            advice="leave the flag out, or point at the folder of the images",
        )


def _truth_again(reading: Reading, known: tuple[Encoding, ClassTable], sound: Sequence[Pair], said: Said) -> Truth:
    """A manifest's masks are read again if the user says what they mean, or wants the bad ones left out."""
    encoding, classes = known
    if any(said.get(name) for name in ("classes", "encoding", "ignore")):
        return learn(reading, sound, said)
    if not said.get("skip_bad"):
        return Truth(encoding, classes, (), None, ())
    masks = count_classes(reading.root, sound, reading, encoding, len(classes))
    return Truth(encoding, classes, (), masks, masks.bad)


def _groups_again(
    manifest: Manifest, reading: Reading, pairs: Sequence[Pair], said: Said
) -> tuple[GroupRule, tuple[Pair, ...]]:
    """The rule that `data.yaml` tells, as long as it fits the groups in the table, which may have been edited."""
    rule = rule_of(manifest.description)
    count = len({pair.group for pair in pairs if pair.group})
    alone = rule is not None and rule.by in ("time", "none") and not count
    if rule is not None and said.get("groups") is None and (alone or count == rule.count):
        return rule, tuple(pairs)
    return grouped(pairs, said.get("groups"), _columns(reading, pairs), reading.layout)


def _split_again(
    known: Mapping[str, Any], pairs: Sequence[Pair], rule: GroupRule, seed: int, said: Said, *, hold_out: bool
) -> tuple[Split, str]:
    """The split, and how it was made: once, if the table says the part of every pair."""
    anew = said.get("split_by", "auto") != "auto" or not all(pair.split for pair in pairs)
    # A split of ours without a val part stays without: what is cut now may have been trained on.
    decided = "split_by" in known and not anew
    made = split(pairs, rule, seed, uncut(pairs, said) if decided or not hold_out else said)
    return made, made.by if anew else str(known.get("split_by", made.by))


def _sound(pairs: Sequence[Pair], bad: Sequence[BadFile], root: Path) -> tuple[Pair, ...]:
    broken = {defect.image for defect in bad}
    sound = tuple(pair for pair in pairs if pair.image not in broken)
    if not sound:
        raise DataError(
            f"none of the {len(pairs):,} pairs can be used" + (f": {bad[0].reason}" if bad else ""),
            where=str(root / bad[0].path) if bad else str(root),
            advice=cure_of_all(bad),
        )
    return sound


def _columns(reading: Reading, pairs: Sequence[Pair]) -> dict[str, tuple[str, ...]]:
    """The table's further columns, in the order of `pairs`."""
    place = {pair.image: number for number, pair in enumerate(reading.pairs)}
    return {name: tuple(values[place[pair.image]] for pair in pairs) for name, values in reading.columns.items()}
