"""How much memory can be taken, as far as the control groups of this process allow it, and which files take it, too."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple

_UNKNOWN_MEMORY = 2 * 2**30
_PROCESS = Path("/proc/self/cgroup")
_MOUNT = Path("/sys/fs/cgroup")
_MOUNTS = Path("/proc/self/mounts")


class _Accounts(NamedTuple):
    """Where a version of control groups keeps its accounts.

    Attributes:
        mount: below where all of them are mounted.
        limit, used: the files of a group.
        idle: in its `memory.stat`, the pages of files that nobody used of late: they count as used, and are given
            away when memory is wanted.
    """

    mount: str
    limit: str
    used: str
    idle: str


_VERSION_2 = _Accounts("", "memory.max", "memory.current", "inactive_file")
_VERSION_1 = _Accounts("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def free_memory() -> int:
    """Bytes of memory that can be taken: what the system has available, or less where a group's limit is nearer."""
    return max(min([_available(), *left_by_groups(_text(_PROCESS), _MOUNT)]), 0)


def left_by_groups(memberships: str, mount: Path) -> Generator[int]:
    """Bytes that each limited control group of a process leaves it: its own, and all that those are in.

    Args:
        memberships: lines "number:controllers:path", as in `/proc/self/cgroup`.
        mount: where control groups are mounted.
    """
    for line in memberships.splitlines():
        _, controllers, path = line.split(":", 2)
        accounts = {"": _VERSION_2, "memory": _VERSION_1}.get(controllers)
        if accounts is None:
            continue
        top = mount / accounts.mount
        # In a container the path may begin outside of what is mounted there.
        group = top / path.replace("/..", "").strip("/")
        for folder in (group, *group.parents):
            if folder.is_relative_to(top):
                yield from _left(folder, accounts)


def lies_in_memory(folder: Path) -> bool:
    """Whether files in a folder take memory, and no disk."""
    kinds = {point: kind for _, point, kind, *_ in map(str.split, _text(_MOUNTS).splitlines())}
    above = [point for point in kinds if folder.resolve().is_relative_to(point)]
    return bool(above) and kinds[max(above, key=len)] in {"tmpfs", "ramfs"}


def _left(group: Path, accounts: _Accounts) -> list[int]:
    """What a group leaves; nothing where it has no limit."""
    try:
        limit, used = (int((group / name).read_text()) for name in (accounts.limit, accounts.used))
    except (OSError, ValueError):  # "max", or another system
        return []
    kinds = dict(line.split(maxsplit=1) for line in _text(group / "memory.stat").splitlines())
    return [limit - used + int(kinds.get(accounts.idle, 0))]


def _available() -> int:
    known = dict(line.split(":") for line in _text(Path("/proc/meminfo")).splitlines())
    return int(known["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in known else _UNKNOWN_MEMORY


def _text(path: Path) -> str:
    """Of a file of the system; none where there is none."""
    try:
        return path.read_text()
    except OSError:
        return ""
