"""Prints exact pins of everything that unetkit[train,dev] stands on, as installed here: `make constraints`."""

from __future__ import annotations

import re
import sys
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HEADER = """\
# Exact versions of everything that unetkit[train,dev] stands on: `make constraints` writes this file.
# Versions only: no index, no path. torch without the suffix of a build, so that any build of it fits.
"""

# Not part of [train,dev], and pinned because a free choice of theirs would move torch.
FURTHER = {"timm": "1.0.31", "torchvision": "0.28.0"}


def main() -> None:
    """Print the pins, sorted by name."""
    pins = {**FURTHER, **reachable("unetkit", {"train", "dev"})}
    del pins["unetkit"]
    print(HEADER + "\n".join(f"{name}=={pins[name]}" for name in sorted(pins)))


def reachable(name: str, extras: set[str]) -> dict[str, str]:
    """Name and version of a distribution and of all that it needs on this machine."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(name, extra) for extra in ("", *extras)]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        distribution = metadata.distribution(name)
        found[canonicalize_name(name)] = re.sub(r"\+.*", "", distribution.version)
        waiting += needed(distribution, extra)
    return found


def needed(distribution: metadata.Distribution, extra: str) -> list[tuple[str, str]]:
    """The (name, extra) pairs that a distribution asks for."""
    asked = [Requirement(text) for text in distribution.requires or []]
    fitting = [one for one in asked if one.marker is None or one.marker.evaluate({"extra": extra})]
    return [(canonicalize_name(one.name), part) for one in fitting for part in ("", *one.extras)]


if __name__ == "__main__":
    sys.exit(main())
