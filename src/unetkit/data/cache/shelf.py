"""Which set decoded pairs belong to: its name is made of all that decides their pixels, besides the files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import cv2
from PIL import __version__ as pillow

from unetkit.data.cache.contents import Contents
from unetkit.data.cache.entry import Form
from unetkit.data.cache.folder import CacheFolder
from unetkit.data.cache.kept import KeptSet, cost
from unetkit.data.pair import Pair
from unetkit.files import sha256_bytes

ROOM = Path(__file__).parents[1]  # data: everything between a file and its decoded arrays

Opened = tuple[KeptSet | None, Contents | None]
NO_SET: Opened = (None, None)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where decoded pairs are kept beyond a run.

    Attributes:
        folder: the cache folder.
        root: the folder that the pairs' paths are relative to; it decides nothing, data may be moved.
        decisive: plain values: every setting that decides the decoded arrays.
    """

    folder: CacheFolder
    root: Path
    decisive: Mapping[str, Any]

    def name(self, form: Form) -> str:
        """Of the set: 32 hexadecimal digits. Another setting, decoder or revision of this code gives another."""
        document = {"decisive": self.decisive, "form": form.to_json(), "decoder": decoder()}
        return sha256_bytes(json.dumps(document, sort_keys=True).encode())[:32]

    def open(self, pairs: Sequence[Pair], form: Form, *, claim: bool) -> Opened:
        """The set, and what the pairs' files hold.

        Args:
            claim: make the set, or make it longer, for pairs that are not in it; else `NO_SET` where there is none.

        Raises:
            DataError: a file cannot be read, or changes all the while.
            DiskFull, OSError: as `KeptSet`.
        """
        name = self.name(form)
        if claim:
            self.folder.refuse_too_large(len(pairs) * cost(form))
        elif not self.folder.holds(name):
            return NO_SET
        contents = Contents(self.root)
        return KeptSet(self.folder, name, form, contents.keys(pairs), claim=claim), contents


@lru_cache(maxsize=1)
def decoder() -> dict[str, str]:
    """What decodes. The same release of OpenCV may round otherwise on a processor with other instructions."""
    version = next((package.version for package in distributions(name="unetkit")), "")
    code = hashlib.sha256()
    for path in sorted(ROOM.rglob("*.py")):
        code.update(path.read_bytes())
    features = str(cv2.getCPUFeaturesLine())
    return {
        "unetkit": version,
        "code": code.hexdigest(),
        "opencv": f"{cv2.__version__} {features}",
        "pillow": pillow,
    }
