"""What a disk may hold after the power went, for every instant of a recorded trace.

The rules are those of POSIX, weaker than any file system in use: what was written to a file is sure after its fsync,
and until then lost, torn or zeroed; the entries of a folder are sure after the fsync of the folder, and until then any
of its changes may be missing while later ones are there. A rename is one change. A call that the model does not know
is an error, never ignored.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from faults.trace import Call

State = dict[str, "State | bytes"]
Change = dict[str, "File | Folder | None"]  # names that a call changed at once; None is gone

EXHAUSTIVE = 6  # unsynced changes of a folder of which every subset is tried
HARMLESS = {
    *("newfstatat", "fstat", "stat", "lstat", "statx", "access", "faccessat2", "readlink", "statfs", "fstatfs"),
    *("getdents64", "ioctl", "fcntl", "chdir", "getcwd", "pread64", "fadvise64", "flock", "utimensat"),
}


class UnmodelledError(Exception):
    """A call on the folder whose effect on the disk nobody has thought about."""


@dataclass(slots=True)
class File:
    """Contents since the last fsync, that one first; the last is what a reader sees now."""

    contents: list[bytes] = field(default_factory=lambda: [b""])

    def write(self, offset: int, data: bytes) -> None:
        now = self.contents[-1].ljust(offset, b"\0")
        self.contents.append(now[:offset] + data + now[offset + len(data) :])

    def sync(self) -> None:
        del self.contents[:-1]

    def after_power_loss(self) -> list[bytes]:
        """Lost, torn (in the order of writing, at the front, at the back, cut short), zeroed, or by luck all there."""
        if len(self.contents) == 1:
            return self.contents
        new = self.contents[-1]
        old = self.contents[0][: len(new)].ljust(len(new), b"\0")
        dirty = np.flatnonzero(np.frombuffer(old, np.uint8) != np.frombuffer(new, np.uint8))
        first, last = (int(dirty[0]), int(dirty[-1]) + 1) if dirty.size else (0, 0)
        middle = (first + last) // 2
        torn = [new[:middle] + old[middle:], old[:middle] + new[middle:], new[:middle]]
        return list(dict.fromkeys([*self.contents, *torn, new[:first] + bytes(last - first) + new[last:]]))


@dataclass(slots=True)
class Folder:
    """Entries that are sure, and the changes since."""

    sure: dict[str, File | Folder] = field(default_factory=dict[str, "File | Folder"])
    changes: list[Change] = field(default_factory=list["Change"])

    def entries(self, changes: Iterable[Change] | None = None) -> dict[str, File | Folder]:
        names: Change = dict(self.sure)
        for change in self.changes if changes is None else changes:
            names |= change
        return {name: node for name, node in sorted(names.items()) if node is not None}

    def sync(self) -> None:
        self.sure, self.changes = self.entries(), []

    def after_power_loss(self) -> Iterator[State]:
        for kept in subsets(self.changes):
            entries = self.entries(kept)
            for contents in itertools.product(*(list(node.after_power_loss()) for node in entries.values())):
                yield dict(zip(entries, contents, strict=True))


def subsets(changes: list[Change]) -> Iterator[tuple[Change, ...]]:
    """All of them in their order where they are few; else all beginnings, each one alone, and each one missing."""
    if len(changes) <= EXHAUSTIVE:
        for count in range(len(changes) + 1):
            yield from itertools.combinations(changes, count)
        return
    yield from (tuple(changes[:count]) for count in range(len(changes) + 1))
    yield from ((change,) for change in changes)
    yield from (tuple(changes[:at] + changes[at + 1 :]) for at in range(len(changes)))


class Disk:
    """The folder `root` as it is, every change of which comes by `apply`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.tree = _as_it_is(root)
        self.offsets: dict[int, int] = {}
        self.seen = Counter[str]()

    def apply(self, call: Call) -> None:
        if call.name in HARMLESS or (call.result < 0 and not call.name.endswith("sync")):
            return
        method = getattr(self, f"_{call.name}", None)
        if method is None or call.result < 0:
            raise UnmodelledError(call.line[:300])
        self.seen[call.name] += 1
        method(call)

    def _openat(self, call: Call) -> None:
        flags = set(call.arguments[2].split("|"))
        if flags & {"O_APPEND", "O_TMPFILE", "O_SYNC", "O_DSYNC"}:
            raise UnmodelledError(call.line[:300])
        if "O_CREAT" in flags and not self._exists(call.path(1)):
            folder, name = self._find(call.path(1))
            folder.changes.append({name: File()})
        elif "O_TRUNC" in flags:
            self._file(call.path(1)).contents.append(b"")
        self.offsets[call.result] = 0

    def _write(self, call: Call) -> None:
        self._file(call.path()).write(self.offsets[call.descriptor()], call.data())
        self.offsets[call.descriptor()] += call.result

    _writev = _write

    def _pwrite64(self, call: Call) -> None:
        self._file(call.path()).write(call.number(3), call.data())

    def _fallocate(self, call: Call) -> None:
        contents = self._file(call.path()).contents
        contents.append(contents[-1].ljust(call.number(2) + call.number(3), b"\0"))

    def _read(self, call: Call) -> None:
        self.offsets[call.descriptor()] += call.result

    def _lseek(self, call: Call) -> None:
        self.offsets[call.descriptor()] = call.result

    def _close(self, call: Call) -> None:
        del self.offsets[call.descriptor()]

    def _ftruncate(self, call: Call) -> None:
        contents, size = self._file(call.path()).contents, call.number(1)
        contents.append(contents[-1][:size].ljust(size, b"\0"))

    def _fsync(self, call: Call) -> None:
        self._node(call.path()).sync()

    def _fdatasync(self, call: Call) -> None:
        self._file(call.path()).sync()

    def _mmap(self, call: Call) -> None:
        if "PROT_WRITE" in call.arguments[2] and "MAP_SHARED" in call.arguments[3]:
            raise UnmodelledError(call.line[:300])

    def _rename(self, call: Call, at: tuple[int, int] = (0, 1)) -> None:
        (folder, old), (target, new) = (self._find(call.path(place)) for place in at)
        if folder is not target:
            raise UnmodelledError(call.line[:300])
        folder.changes.append({old: None, new: folder.entries()[old]})

    def _renameat(self, call: Call) -> None:
        self._rename(call, at=(1, 3))

    def _unlink(self, call: Call, at: int = 0) -> None:
        folder, name = self._find(call.path(at))
        folder.changes.append({name: None})

    _rmdir = _unlink

    def _unlinkat(self, call: Call) -> None:
        self._unlink(call, at=1)

    def _mkdir(self, call: Call) -> None:
        folder, name = self._find(call.path())
        folder.changes.append({name: Folder()})

    def _node(self, path: str) -> File | Folder:
        node: File | Folder = self.tree
        for name in Path(path).relative_to(self.root).parts:
            assert isinstance(node, Folder)
            node = node.entries()[name]
        return node

    def _exists(self, path: str) -> bool:
        folder, name = self._find(path)
        return name in folder.entries()

    def _file(self, path: str) -> File:
        node = self._node(path)
        assert isinstance(node, File)
        return node

    def _find(self, path: str) -> tuple[Folder, str]:
        folder, name = self._node(str(Path(path).parent)), Path(path).name
        assert isinstance(folder, Folder)
        return folder, name


def _as_it_is(path: Path) -> Folder:
    return Folder(
        {entry.name: _as_it_is(entry) if entry.is_dir() else File([entry.read_bytes()]) for entry in path.iterdir()}
    )


def crash_states(disk: Disk, calls: Iterable[Call]) -> Iterator[tuple[State, dict[str, int]]]:
    """Every state the disk may be found in, with what had been acknowledged by then; no pair twice."""
    said: dict[str, int] = {}
    known = set[int]()
    for call in itertools.chain([None], calls):
        if call is not None and call.name == "writev" and call.arguments[0].startswith("1<"):
            what, number = call.data().split()
            said = said | {what.decode(): int(number)}
        elif call is not None:
            disk.apply(call)
        for state in disk.tree.after_power_loss():
            key = hash((_frozen(state), tuple(said.items())))
            if key not in known:
                known.add(key)
                yield state, said


def _frozen(state: State | bytes) -> object:
    return state if isinstance(state, bytes) else tuple((name, _frozen(part)) for name, part in state.items())


def lay_out(state: State, folder: Path) -> None:
    """Make `folder` hold what a state says."""
    folder.mkdir()
    for name, content in state.items():
        if isinstance(content, bytes):
            (folder / name).write_bytes(content)
        else:
            lay_out(content, folder / name)
