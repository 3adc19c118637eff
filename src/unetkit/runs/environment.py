"""Where a run was made: machine, versions and command; no user name, no path of the home folder."""

from __future__ import annotations

import platform
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from unetkit.data.parallel import processors

PACKAGES = ("unetkit", "numpy", "opencv-python-headless", "pillow", "torch", "safetensors", "timm")


def environment() -> dict[str, Any]:
    """A document for `environment.json`."""
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": processors(),
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Package → version, of what is installed and shapes the result."""
    return {name: version for name in PACKAGES if (version := _version(name))}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _processor() -> str:
    description = Path("/proc/cpuinfo")
    lines = description.read_text(encoding="utf-8").splitlines() if description.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
