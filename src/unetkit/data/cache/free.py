"""How much memory can be taken, as far as the control groups of this process allow it, and which files take it, too."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple

from unetkit.data.control_groups import MOUNT, PROCESS, folders_of, text_of

_UNKNOWN_MEMORY = 2 * 2**30
_MOUNTS = Path("/proc/self/mounts")


class _Accounts(NamedTuple):
    """Where a version of control groups keeps its accounts.

    Attributes:
        limit, used: the files of a group.
        idle: in its `memory.stat`, the pages of files that nobody used of late: they count as used, and are given
            away when memory is wanted.
    """

    limit: str
    used: str
    idle: str


_ACCOUNTS = {
    1: _Accounts("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    2: _Accounts("memory.max", "memory.current", "inactive_file"),
}


def free_memory() -> int:
    """Bytes of memory that can be taken: what the system has available, or less where a group's limit is nearer."""
    return max(min([_available(), *left_by_groups(text_of(PROCESS), MOUNT)]), 0)


def left_by_groups(memberships: str, mount: Path) -> Generator[int]:
    """Bytes that each limited control group of a process leaves it: its own, and all that those are in.

    Args:
        memberships, mount: as `folders_of` takes them.
    """
    for version, folder in folders_of("memory", memberships, mount):
        yield from _left(folder, _ACCOUNTS[version])


def lies_in_memory(folder: Path) -> bool:
    """Whether files in a folder take memory, and no disk."""
    kinds = {point: kind for _, point, kind, *_ in map(str.split, text_of(_MOUNTS).splitlines())}
    above = [point for point in kinds if folder.resolve().is_relative_to(point)]
    return bool(above) and kinds[max(above, key=len)] in {"tmpfs", "ramfs"}


def _left(group: Path, accounts: _Accounts) -> list[int]:
    """What a group leaves; nothing where it has no limit."""
    try:
        limit, used = (int((group / name).read_text()) for name in (accounts.limit, accounts.used))
    except (OSError, ValueError):  # "max", or another system
        return []
    kinds = dict(line.split(maxsplit=1) for line in text_of(group / "memory.stat").splitlines())
    return [limit - used + int(kinds.get(accounts.idle, 0))]


def _available() -> int:
    known = dict(line.split(":") for line in text_of(Path("/proc/meminfo")).splitlines())
    return int(known["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in known else _UNKNOWN_MEMORY
