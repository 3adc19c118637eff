"""What the machine says no with, as an error of ours."""

from __future__ import annotations

import errno
import re

from unetkit.errors import DataError, DiskFull, MachineError, OutOfMemory, PermissionRefused, UnetkitError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_MEMORY = re.compile(
    r"can't allocate memory|(out of|not enough|insufficient) memory|could not create a primitive", re.IGNORECASE
)
_NO_THREADS = "can't start new thread"


def refusal(error: BaseException) -> UnetkitError | None:
    """The error of ours that stands for `error`; None where no refusal of the machine is known by it."""
    if lacks_memory(error):
        return _no_memory()
    if isinstance(error, RuntimeError) and _NO_THREADS in str(error):
        limits = "let it have more memory or processes (ulimit -v, ulimit -u), or use fewer: --threads 1"
        return MachineError("the system gives no more threads", advice=limits)
    return _of_system(error) if isinstance(error, OSError) else None


def lacks_memory(error: BaseException) -> bool:
    """Whether this is how Python, PyTorch or OpenCV say that there is not enough memory."""
    by_words = isinstance(error, RuntimeError) or type(error).__module__ == "cv2"  # `cv2.error`, with no need of cv2
    return isinstance(error, MemoryError) or (by_words and _NO_MEMORY.search(str(error)) is not None)


def _of_system(error: OSError) -> UnetkitError:
    where = str(error.filename or "")
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return DiskFull("no space is left on the device", where=where, advice="free some space, or write elsewhere")
    if error.errno == errno.ENOMEM:
        return _no_memory(where)
    if isinstance(error, PermissionError):
        what = "the system refused to read or write here"
        return PermissionRefused(what, where=where, advice="choose another place, or change its permissions")
    if isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError | FileExistsError):
        return DataError(reason[:1].lower() + reason[1:], where=where, advice="check the path")
    return MachineError(f"the system failed: {reason}", where=where)


def _no_memory(where: str = "") -> OutOfMemory:
    return OutOfMemory("there is not enough memory for this", where=where, advice="try a smaller --size or --batch")
