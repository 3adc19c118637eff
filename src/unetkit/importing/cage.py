"""What a process that opens foreign files gives up first: the network, other programs, more memory and time.

Three layers, since none exists everywhere: a network namespace without any device (Linux, where the system allows it),
limits of the system for memory, processor time and written bytes, and Python's own audit events, which refuse sockets,
programs and writing whatever the system allows. Nothing here may import more than the standard library: threads of
others would stand in the way of the namespace.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from unetkit.errors import FormatError

MIB = 1024**2
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET of <sched.h>

_REFUSED = (
    *("socket.", "subprocess.", "ctypes.dlopen", "shutil.", "winreg.", "os.system", "os.exec", "os.fork", "os.spawn"),
    *("os.posix_spawn", "os.startfile", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink"),
)
"""How the audit events begin that weights have no need of."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def leave_network() -> bool:
    """Step into a network of one's own, in which nothing is; False where the system does not let us."""
    try:
        return ctypes.CDLL(None, use_errno=True).unshare(_NEW_USER | _NEW_NETWORK) == 0
    except (OSError, AttributeError, TypeError):
        return False


def limit(size: int) -> None:
    """Hold the process to what a file of `size` bytes can need: a few copies of it, and a minute."""
    _lower(resource.RLIMIT_CPU, int(time.process_time()) + seconds(size))
    _lower(resource.RLIMIT_FSIZE, 4 * size + 64 * MIB)
    _lower(resource.RLIMIT_CORE, 0)
    mapped = _mapped()
    if mapped:
        _lower(resource.RLIMIT_AS, mapped + 5 * size + 1024 * MIB)


def seconds(size: int) -> int:
    """How long reading `size` bytes may take at most: a minute, and one more for each 500 MB."""
    return 60 + 60 * size // (500 * MIB)


@contextmanager
def guarded() -> Generator[None]:
    """While the block runs, Python refuses sockets, programs and writing with a FormatError.

    An audit hook cannot be taken away again: this is for a process that has nothing else to do.
    """
    guard = _Guard()
    sys.addaudithook(guard)
    try:
        yield
    finally:
        guard.active = False


class _Guard:
    """An audit hook; see `sys.addaudithook`."""

    active = True

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.active and (event.startswith(_REFUSED) or _writes(event, arguments)):
            raise FormatError(f"reading this file set off {event}, which weights have no need of")


def _writes(event: str, arguments: tuple[Any, ...]) -> bool:
    if event != "open":
        return False
    _, mode, flags = arguments
    return any(letter in (mode or "") for letter in "wax+") or bool(isinstance(flags, int) and flags & _WRITING)


def _lower(which: int, most: int) -> None:
    _, hard = resource.getrlimit(which)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(which, (most, most))


def _mapped() -> int:
    """Bytes of address space in use; 0 where the system does not tell (and would not hold us to a limit either)."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[0]) * resource.getpagesize() if status.is_file() else 0
