"""Whether the files of a manifest are still the bytes that they were when it was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from unetkit.data.manifest import HASH, MASK_HASH
from unetkit.data.pair import Pair
from unetkit.data.parallel import each
from unetkit.files import sha256_file


def known_hashes(pairs: Sequence[Pair], columns: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Every image and mask file → its SHA-256 as a manifest's columns say, which must hold the hashes of both."""
    rows = zip(pairs, columns[HASH], columns[MASK_HASH], strict=True)
    return {
        path: sha256
        for pair, image, masks in rows
        for path, sha256 in ((pair.image, image), *zip(pair.masks, masks.split("|"), strict=True))
    }


def not_as_known(root: Path, known: Mapping[str, str]) -> dict[str, str]:
    """What has become of each file below `root` that has not its known hash: "gone" or "changed"."""
    now = each(lambda path: _hash(root / path), list(known), "hashing files")
    return {
        path: "changed" if found else "gone"
        for (path, sha256), found in zip(known.items(), now, strict=True)
        if found != sha256
    }


def _hash(path: Path) -> str:
    try:
        return sha256_file(path)
    except (FileNotFoundError, NotADirectoryError):
        return ""
