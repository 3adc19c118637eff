"""The cache folder: sets of decoded pairs that outlive a run, within bounds; the least recently used go first.

- `.lock` is held for moments: while a set is opened, made longer or removed.
- `<name>/index` says what a set holds; its time is that of the last use.
- `<name>/pixels` holds the entries; a run that uses the set keeps a shared lock on it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from unetkit.data.cache.memory import megabytes
from unetkit.errors import DiskFull

INDEX, PIXELS = "index", "pixels"
VARIABLE = "UNETKIT_CACHE"
FREE_SHARE = 0.5
"""Of the disk space that the folder has or could have: a run must still be able to save."""
PATIENCE = 20.0  # seconds for another run to open its set

_NAME = re.compile(r"[0-9a-f]{32}")


def bound_at(folder: Path, limit: int, taken: int = 0) -> int:
    """Bytes that may be kept in a folder that has `taken` already: the limit, or less where its disk is nearly full."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return min(limit, int(FREE_SHARE * (taken + shutil.disk_usage(there).free)))


def user_folder() -> Path:
    """Where sets are kept: below the folder that UNETKIT_CACHE names, else below the user's cache folder."""
    told = os.environ.get(VARIABLE)
    return (Path(told).expanduser() if told else user_cache_path("unetkit", appauthor=False)) / "decoded"


@dataclass(frozen=True, slots=True)
class Stored:
    """A set on the disk: its last use in nanoseconds, its name, its bytes."""

    used: int
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class CacheFolder:
    """Sets by name.

    Attributes:
        path: of the folder; made when it is first needed.
        limit: bytes that all sets together may take.
    """

    path: Path
    limit: int

    def __str__(self) -> str:
        """The path for people, the home folder as `~`: it goes into the log of a run."""
        home = Path.home()
        return f"~/{self.path.relative_to(home)}" if self.path.is_relative_to(home) else str(self.path)

    @contextlib.contextmanager
    def locked(self) -> Generator[None]:
        """Nobody else opens, lengthens or removes a set meanwhile.

        Raises:
            OSError: the folder cannot be made or locked, or another process holds it for long.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with FileLock(self.path / ".lock", timeout=PATIENCE):
            yield

    def holds(self, name: str) -> bool:
        """Whether there is a set of this name."""
        return (self.path / name / INDEX).is_file()

    def sets(self) -> list[Stored]:
        """All sets, the least recently used first."""
        if not self.path.is_dir():
            return []
        return sorted(
            (_stored(entry) for entry in self.path.iterdir() if _NAME.fullmatch(entry.name)),
            key=lambda stored: stored.used,
        )

    def taken(self) -> int:
        """Bytes of all sets."""
        return sum(stored.size for stored in self.sets())

    def bound(self) -> int:
        """Bytes that all sets together may take: the limit, or less where the disk is nearly full."""
        return bound_at(self.path, self.limit, self.taken())

    def refuse_too_large(self, size: int) -> None:
        """Raise DiskFull if a set of so many bytes could never be kept."""
        bound = self.bound()
        if size > bound:
            larger = f"--training.cache-limit {-(-size // 10**9)}" if bound == self.limit else "free some disk space"
            raise DiskFull(
                f"{megabytes(size)} are needed, and the cache may take {megabytes(bound)}",
                where=str(self),
                advice=larger,
            )

    def make_room(self, name: str, size: int) -> None:
        """Remove the least recently used sets until the one called `name` may have `size` bytes in all.

        The folder must be locked. What other runs use is left alone.

        Raises:
            DiskFull: it may not, even so.
        """
        bound, others = self.bound(), [stored for stored in self.sets() if stored.name != name]
        needed = size + sum(stored.size for stored in others)
        for stored in others:
            if needed <= bound:
                return
            needed -= stored.size if self.remove(stored.name) else 0
        if needed > bound:
            raise DiskFull(
                f"{megabytes(needed)} with what other runs use, and the cache may take {megabytes(bound)}",
                where=str(self),
            )

    def remove(self, name: str) -> bool:
        """Take a set away, unless a run uses it; says whether it is gone. The folder must be locked."""
        folder = self.path / name
        try:
            with (folder / PIXELS).open("r+b") as file:  # NFS locks nothing that is open for reading only
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            pass  # somebody was killed on the way
        except OSError:
            return False
        for part in (INDEX, PIXELS):
            (folder / part).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            folder.rmdir()
        return True


def _stored(folder: Path) -> Stored:
    """What a set takes; one that somebody removes meanwhile takes nothing."""
    used = size = 0
    for part in (INDEX, PIXELS):
        with contextlib.suppress(OSError):
            status = (folder / part).stat()
            size += status.st_size
            used = max(used, status.st_mtime_ns) if part == INDEX else used
    return Stored(used, folder.name, size)
