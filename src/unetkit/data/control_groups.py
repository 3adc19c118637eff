"""Control groups (Linux): where the limits of containers, services and jobs of a cluster are told, folder in folder."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

PROCESS = Path("/proc/self/cgroup")
MOUNT = Path("/sys/fs/cgroup")


def folders_of(controller: str, memberships: str, mount: Path) -> Generator[tuple[int, Path]]:
    """The groups that limit a process: its own, and all that those are in.

    Args:
        controller: "memory" or "cpu", as version 1 names it; version 2 has one group for all.
        memberships: lines "number:controllers:path", as in `PROCESS`.
        mount: where control groups are mounted.

    Yields:
        Version of control groups, 1 or 2, and a folder, innermost first; nothing says that its files are there.
    """
    for line in memberships.splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        version, top = (1, mount / controller) if controllers else (2, mount)
        # In a container the path may begin outside of what is mounted there.
        group = top / path.replace("/..", "").strip("/")
        yield from ((version, folder) for folder in (group, *group.parents) if folder.is_relative_to(top))


def text_of(path: Path) -> str:
    """Of a file of the system; none where there is none."""
    try:
        return path.read_text()
    except OSError:
        return ""
