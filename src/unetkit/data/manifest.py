"""The manifest: `manifest.csv` says which image has which mask, split and group; `data.yaml` says how to read them.

    image,mask,split,group[,sha256][,mask_sha256][,further columns]

Paths are relative to `root` in `data.yaml`, which is by default the manifest's own folder. `data.yaml` may be edited by
hand (names of classes, say). In a run folder both are sealed: `data.yaml` ends with its own checksum and holds the
manifest's, and both are verified when read.
"""

from __future__ import annotations

import csv
import io
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from unetkit.data.pair import SPLITS, Pair
from unetkit.errors import DataError, FormatError
from unetkit.files import read_sealed_text, sha256_file, write_bytes, write_sealed_text, write_text

TABLE, DESCRIPTION = "manifest.csv", "data.yaml"
COLUMNS = ("image", "mask", "split", "group")
HASH, MASK_HASH = "sha256", "mask_sha256"
FORMAT = 1
_SEAL, _HASHED = b"# sha256: ", b"\nmanifest_sha256:"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the two files hold.

    Attributes:
        root: the folder that the pairs' paths are relative to, absolute.
        pairs: in the order of the table.
        columns: further columns, a value for each pair; `sha256` is that of the image file when it was written,
            `mask_sha256` that of the mask (of several, joined by `|`).
        description: the other keys of `data.yaml`: layout, encoding, classes, groups, source, licence.
    """

    root: Path
    pairs: tuple[Pair, ...]
    columns: Mapping[str, tuple[str, ...]]
    description: Mapping[str, Any]


def find_manifest(source: Path) -> Path | None:
    """The table, when `source` is a `.csv` with a `data.yaml` beside it, or a folder with both; else None."""
    table = source / TABLE if source.is_dir() else source
    described = table.suffix == ".csv" and table.is_file() and (table.parent / DESCRIPTION).is_file()
    return table if described else None


def save_manifest(manifest: Manifest, folder: Path, *, sealed: bool = False) -> None:
    """Write both files into `folder`, which must exist.

    Args:
        sealed: protect both by checksums, as in a run folder.
    """
    columns = manifest.columns
    hashes = (HASH, MASK_HASH)
    order = [*filter(columns.__contains__, hashes), *(name for name in columns if name not in hashes)]
    rows = [
        (pair.image, pair.mask, pair.split or "", pair.group or "", *(columns[name][i] for name in order))
        for i, pair in enumerate(manifest.pairs)
    ]
    text = io.StringIO(newline="")
    # Python before 3.13 quotes no lone carriage return, and reads one as the end of a row.
    quoting = csv.QUOTE_ALL if any("\r" in value for row in rows for value in row) else csv.QUOTE_MINIMAL
    csv.writer(text, lineterminator="\n", quoting=quoting).writerows([(*COLUMNS, *order), *rows])
    write_bytes(folder / TABLE, text.getvalue().encode())
    save_description(manifest, folder, sealed=sealed)


def load_manifest(table: Path, root: Path | None = None) -> Manifest:
    """Read a table and the `data.yaml` beside it, verifying the checksums that are there.

    Args:
        root: where the files lie now; as `data.yaml` says when not given.

    Raises:
        FormatError: damaged, or written by a newer unetkit.
        DataError: a column is missing, a row is broken, or the root is not there.
    """
    description = _load_description(table.parent / DESCRIPTION)
    expected = description.pop("manifest_sha256", None)
    if expected is not None and expected != sha256_file(table):
        raise FormatError(
            "the manifest was changed after it was written: its checksum does not fit the one in data.yaml",
            where=str(table),
            advice="use another copy of the run, or make it again",
        )
    written = table.parent.absolute() / str(description.pop("root", "."))
    root = Path(os.path.normpath(root.absolute() if root is not None else written))
    if not root.is_dir():
        moved = f"unetkit train FOLDER --resume {shlex.quote(str(table.parent))}"
        where_now = "change `root` to where they are now" if expected is None else f"say where they are now:\n{moved}"
        raise DataError(
            "the folder that the manifest's paths are relative to is not there",
            where=f"root: {root}, in {table.parent / DESCRIPTION}",
            advice=f"put the images back, or {where_now}",
        )
    pairs, columns = _load_table(table)
    return Manifest(root, pairs, columns, description)


# --- the table --------------------------------------------------------------------------------------------------


def _load_table(table: Path) -> tuple[tuple[Pair, ...], dict[str, tuple[str, ...]]]:
    try:
        lines = list(csv.reader(io.StringIO(table.read_bytes().decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"the manifest is no UTF-8 table: {error}", where=str(table)) from error
    header = [name.strip() for name in lines[0]] if lines else []
    missing = [name for name in COLUMNS[:2] if name not in header]
    if missing:
        raise DataError(
            f"the manifest has no column {' and no column '.join(missing)}",
            where=f"{table}, line 1",
            advice=f"its first line must be {','.join(COLUMNS)}",
        )
    rows, lines_of = list[dict[str, str]](), dict[str, int]()
    for number, values in enumerate(lines[1:], 2):
        if any(values):
            row = _row(header, values, f"{table}, line {number}")
            _refuse_twice(lines_of.setdefault(row["image"], number), number, table)
            rows.append(row)
    pairs = tuple(Pair(row["image"], row["mask"], row.get("split") or None, row.get("group") or None) for row in rows)
    further = [name for name in header if name not in COLUMNS]
    return pairs, {name: tuple(row[name] for row in rows) for name in further}


def _row(header: Sequence[str], values: Sequence[str], where: str) -> dict[str, str]:
    if len(values) != len(header):
        raise DataError(
            f"{len(values)} values for {len(header)} columns", where=where, advice="quote values with commas"
        )
    row = dict(zip(header, values, strict=True))
    if row.get("split", "") not in ("", *SPLITS):
        raise DataError(f"'{row['split']}' is no split", where=where, advice=f"say {', '.join(SPLITS)}, or nothing")
    for name in COLUMNS[:2]:
        if not row[name]:
            raise DataError(f"the {name} is missing", where=where, advice="every row holds an image and its mask")
    return row


def _refuse_twice(first: int, number: int, table: Path) -> None:
    if first != number:
        what, advice = f"the image stands in line {first} already", "leave one row of an image; join masks with |"
        raise DataError(what, where=f"{table}, line {number}", advice=advice)


# --- the description ---------------------------------------------------------------------------------------------


def save_description(manifest: Manifest, folder: Path, *, sealed: bool = False) -> None:
    """Write `data.yaml` into `folder`, where the table of this manifest lies; arguments as in `save_manifest`."""
    at_home = manifest.root.resolve() == folder.resolve()
    root = "." if at_home else manifest.root.absolute().as_posix()
    document: dict[str, Any] = {"unetkit": "data", "format": FORMAT}
    if sealed:
        # Before all else: what is left of a file that was cut short still says that it was sealed.
        document["manifest_sha256"] = sha256_file(folder / TABLE)
    document |= {"root": root, **manifest.description}
    text = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = None  # short lists and mappings on one line
    yaml.width = 120
    yaml.dump(document, text)
    save = write_sealed_text if sealed else write_text
    save(folder / DESCRIPTION, text.getvalue())


def _load_description(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    # A run's own was sealed, even if its last line is gone.
    sealed = content.rstrip(b"\n").rpartition(b"\n")[2].startswith(_SEAL) or _HASHED in content
    try:
        text = read_sealed_text(path) if sealed else content.decode()
    except UnicodeDecodeError as error:
        raise DataError(f"this is no UTF-8 text: {error}", where=str(path)) from error
    try:
        document: Any = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise DataError(f"this is no YAML: {error}", where=str(path)) from error
    if not isinstance(document, dict) or "classes" not in document:
        raise DataError("this file describes no data set", where=str(path), advice="it must hold at least `classes`")
    description = cast("dict[str, Any]", document)
    written = description.pop("format", FORMAT)
    description.pop("unetkit", None)
    if not isinstance(written, int) or written > FORMAT:
        raise FormatError(
            f"the manifest has format {written}, and this unetkit reads up to {FORMAT}",
            where=str(path),
            advice="pip install --upgrade unetkit",
        )
    return description
