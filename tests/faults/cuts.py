"""File systems that lose their power: a loop image in memory, and the ioctl that drops all that was not synced.

The ioctl models neither torn sectors nor a drive that lies about what it has written, nor a network file system.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import struct
import subprocess
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from faults.children import Children, Ended

MEMORY = Path("/dev/shm")
GOING_DOWN, NO_LOG_FLUSH = 0x8004587D, 2  # _IOR('X', 125, __u32), the same for ext4 and xfs


@dataclass(frozen=True, slots=True)
class FileSystem:
    """How it is made, how it is mounted, and how large it must be (a sparse image)."""

    make: tuple[str, ...]
    options: str
    size: int


FILE_SYSTEMS = {
    "ext4": FileSystem(("mkfs.ext4", "-q", "-F"), "loop", 64 << 20),
    "ext4 writeback": FileSystem(("mkfs.ext4", "-q", "-F"), "loop,noauto_da_alloc,data=writeback", 64 << 20),
    "xfs": FileSystem(("mkfs.xfs", "-q", "-f"), "loop", 300 << 20),
}


@dataclass(frozen=True, slots=True)
class Disk:
    """A mounted image whose power can be cut."""

    image: Path
    point: Path
    options: str

    def mount(self) -> None:
        _call("mount", "-o", self.options, str(self.image), str(self.point))

    def unmount(self) -> None:
        _call("umount", str(self.point))

    def turn_read_only(self) -> bool:
        """Let the system find an error on it, as which it writes no more; False where it cannot be told of one."""
        _call("mount", "-o", "remount,errors=remount-ro", str(self.point))
        device = self.point.stat().st_dev
        name = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name
        trigger = Path(f"/sys/fs/ext4/{name}/trigger_fs_error")
        if not trigger.exists():
            return False
        trigger.write_text("unetkit")
        return True

    def go_down(self) -> None:
        """From now on nothing reaches the image."""
        folder = os.open(self.point, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, GOING_DOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(folder)


@contextlib.contextmanager
def new_disk(kind: str) -> Generator[Disk]:
    """A fresh file system, mounted; gone again whatever happens."""
    system = FILE_SYSTEMS[kind]
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        disk = Disk(Path(folder) / "image", Path(folder) / "point", system.options)
        disk.point.mkdir()
        with disk.image.open("wb") as image:
            image.truncate(system.size)
        try:
            _call(*system.make, str(disk.image))
            disk.mount()
            yield disk
        finally:
            while os.path.ismount(disk.point):
                subprocess.run(["umount", "-l", disk.point], check=False)


@cache
def why_not(kind: str) -> str:
    """What keeps a file system of this kind from being cut off here, or an empty text."""
    if os.geteuid():
        return "cutting the power of a file system needs root"
    for program in (FILE_SYSTEMS[kind].make[0], "mount", "umount"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    try:
        with new_disk(kind) as disk:
            disk.go_down()
            disk.unmount()
            disk.mount()
    except (OSError, subprocess.CalledProcessError) as error:
        told = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else ""
        return f"{kind} on a loop device cannot be made, mounted or cut off here: {error} {told}"
    return ""


def cut_while_saving(children: Children, disk: Disk, job: str, seed: int) -> dict[str, int]:
    """One cut at a moment drawn from `seed`, after something was acknowledged; what the child had said.

    Raises:
        RuntimeError: nothing was acknowledged, or the child had ended by itself: no case.
    """
    draw = np.random.default_rng(seed)
    children.start(job, disk.point)
    _wait_until(lambda: bool(children.acknowledged()))
    time.sleep(draw.uniform(0, 0.04))
    ended = cut(children, disk, draw)
    if not ended.said or ended.code != -signal.SIGKILL:
        raise RuntimeError(f"no case: {ended}")
    return ended.said


def cut(children: Children, disk: Disk, draw: np.random.Generator) -> Ended:
    """Cut the power under the child that runs, half the time during a `sync`; how it ended."""
    with _syncing(disk.point) if draw.random() < 0.5 else contextlib.nullcontext():
        time.sleep(draw.uniform(0, 0.005))
        # A real cut stops the writer, too. Left running it would be lied to: on a dead xfs, fsync of a folder succeeds.
        with contextlib.suppress(ProcessLookupError):
            os.kill(children.child, signal.SIGSTOP)
        disk.go_down()
    ended = children.kill()
    disk.unmount()
    disk.mount()
    return ended


@contextlib.contextmanager
def _syncing(folder: Path) -> Generator[None]:
    sync = subprocess.Popen(["sync", "-f", folder], stderr=subprocess.DEVNULL)
    yield
    sync.wait()


def _wait_until(happened: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not happened() and time.monotonic() < end:
        time.sleep(0.001)


def _call(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, text=True)
