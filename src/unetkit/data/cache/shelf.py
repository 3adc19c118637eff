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
from PIL import features as codecs

from unetkit.data.cache.entry import Form
from unetkit.data.cache.folder import CacheFolder
from unetkit.data.cache.kept import KeptSet, cost
from unetkit.data.contents import Contents
from unetkit.data.pair import Pair
from unetkit.files import sha256_bytes

CODECS = ("jpg", "libjpeg_turbo", "jpg_2000", "zlib", "libtiff", "webp")
ROOM = Path(__file__).parents[1]  # data: everything between a file and its decoded arrays


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where decoded pairs are kept beyond a run.

    Attributes:
        folder: the cache folder.
        contents: of the pairs' files, which an entry is found by.
        decisive: plain values: every setting that decides the decoded arrays.
    """

    folder: CacheFolder
    contents: Contents
    decisive: Mapping[str, Any]

    def name(self, form: Form) -> str:
        """Of the set: 32 hexadecimal digits. Another setting, decoder or revision of this code gives another."""
        document = {"decisive": self.decisive, "form": form.to_json(), "decoder": decoder()}
        return sha256_bytes(json.dumps(document, sort_keys=True).encode())[:32]

    def find(self, pairs: Sequence[Pair], form: Form) -> KeptSet | None:
        """The set as earlier runs have left it; None where there is none.

        Raises:
            DataError: a file cannot be read, or changes all the while.
            OSError: as `KeptSet`.
        """
        return self._set(pairs, form, claim=False) if self.folder.holds(self.name(form)) else None

    def claim(self, pairs: Sequence[Pair], form: Form) -> KeptSet:
        """The set, made or made longer for the pairs that are not in it.

        Raises:
            DataError: a file cannot be read, or changes all the while.
            DiskFull, OSError: as `KeptSet`.
        """
        self.folder.refuse_too_large(len(pairs) * cost(form))
        return self._set(pairs, form, claim=True)

    def _set(self, pairs: Sequence[Pair], form: Form, *, claim: bool) -> KeptSet:
        return KeptSet(self.folder, self.name(form), form, self.contents.keys(pairs), claim=claim)


@lru_cache(maxsize=1)
def decoder() -> dict[str, str]:
    """What decodes. The same release may round otherwise with other instructions, or built with other codecs."""
    version = next((package.version for package in distributions(name="unetkit")), "")
    code = hashlib.sha256()
    for path in sorted(ROOM.rglob("*.py")):
        code.update(path.read_bytes())
    features = str(cv2.getCPUFeaturesLine())
    return {
        "unetkit": version,
        "code": code.hexdigest(),
        "opencv": f"{cv2.__version__} {features} {sha256_bytes(cv2.getBuildInformation().encode())}",
        "pillow": f"{pillow} {[codecs.version(name) for name in CODECS]}",
    }
