"""Where a run was made: machine, versions and command, in which `~` stands for the home folder."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from unetkit.data.parallel import processors

PACKAGES = ("unetkit", "numpy", "opencv-python-headless", "pillow", "torch", "safetensors", "timm")


OF_THE_CALL = frozenset({"started", "command"})
"""What each part of a run has of its own, and what says nothing about how it was computed."""


def environment() -> dict[str, Any]:
    """A document for `environment.json`; the folder adds `run_id`, and each part of the run a row of `parts`."""
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": [Path(sys.argv[0]).name, *map(_without_home, sys.argv[1:])],
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": processors(),
        "versions": versions(),
    }


def new_part(first: Mapping[str, Any], compute: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `parts`: when and how it was called, what computes it, and what is not as in the first part.

    Args:
        first: the document of the run.
        compute: device, threads and what else decides the bits.
    """
    now = environment().items()
    return {key: value for key, value in now if key in OF_THE_CALL or value != first.get(key)} | {"compute": compute}


def all_parts(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What each part of a run was made with, whole, in their order; one for a run that has noted none yet."""
    first = {key: value for key, value in document.items() if key not in ("parts", "run_id")}
    return [{**first, **part} for part in document.get("parts", ())] or [first]


def makers(document: Mapping[str, Any]) -> dict[str, str]:
    """What decides the bits beside settings, data and threads, as far as it is known: processor, package → version."""
    known = {"processor": document.get("processor", ""), **document.get("versions", {})}
    return {name: value for name, value in known.items() if value}


def versions() -> dict[str, str]:
    """Package → version, of what is installed and shapes the result."""
    return {name: version for name in PACKAGES if (version := _version(name))}


@cache
def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _without_home(word: str) -> str:
    home = str(Path.home())
    return re.sub(rf"(?<![^=,:\s]){re.escape(home)}(?=/|$)", "~", word) if home != "/" else word


def _processor() -> str:
    description = Path("/proc/cpuinfo")
    lines = description.read_text(encoding="utf-8").splitlines() if description.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
