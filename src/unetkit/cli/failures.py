"""Every way to fail as one block: what, where, what to do; with the exit code that the design gives it."""

import errno
import platform
import re
import shlex
import sys
import textwrap
import traceback
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cyclopts import CycloptsError
from rich.console import Console
from rich.text import Text

from unetkit.cli.usage import usage_error
from unetkit.config.jobs import JOBS
from unetkit.config.keys import keys_of
from unetkit.errors import DataError, DiskFull, Interrupted, MachineError, OutOfMemory, PermissionRefused, UnetkitError

_HANGING: dict[str, Any] = {
    "initial_indent": "  do     ",
    "subsequent_indent": " " * 9,
    "break_on_hyphens": False,
    "break_long_words": False,
}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_NO_MEMORY = re.compile(r"can't allocate memory|out of memory", re.IGNORECASE)
_PASTE = re.compile(r"^(unetkit|pip|--|python) ?")
_FLAG = re.compile(r"(?<![\w-])--[a-z][a-z.-]*[a-z]")


def explain(error: BaseException, commands: Sequence[str]) -> UnetkitError:
    """The error of ours that stands for `error`."""
    if isinstance(error, UnetkitError):
        return error
    if isinstance(error, CycloptsError):
        return usage_error(error, commands)
    if isinstance(error, KeyboardInterrupt):
        return Interrupted("interrupted", signal=2)
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and _NO_MEMORY.search(str(error))):
        return OutOfMemory("there is not enough memory for this", advice="try a smaller --size or --batch")
    if isinstance(error, OSError):
        return _explain_os(error)
    return _bug(error)


def print_block(error: UnetkitError, words: Sequence[str], screen: Console) -> None:
    """Print the block on `screen`: wrapped for reading, but a command to paste stays on one line."""
    screen.print(Text.assemble(("error: ", "bold red"), (error.what, "bold")))
    for line in error.where.splitlines():
        screen.print(Text(f"  where  {line}"), soft_wrap=True)
    for line in advice_lines(error, words):
        if _PASTE.match(line):
            screen.print(Text("  do     ").append(line, style="cyan"), soft_wrap=True)
        else:
            screen.print(Text(textwrap.fill(line, max(screen.width, 40), **_HANGING)))


def error_document(error: UnetkitError, words: Sequence[str]) -> dict[str, Any]:
    """The document `unetkit.error`, version 1."""
    return {
        "schema": "unetkit.error",
        "version": 1,
        "exit": error.exit_code,
        "what": error.what,
        "where": error.where,
        "advice": "\n".join(advice_lines(error, words)),
    }


def advice_lines(error: UnetkitError, words: Sequence[str]) -> Iterator[str]:
    """What to do, line by line: a flag alone on its line becomes the whole command that was typed, with it."""
    for line in error.advice.splitlines():
        flag, _, remark = line.partition("  #")
        if flag.startswith("--"):
            yield with_flag(words, shlex.split(flag)) + (f"  #{remark}" if remark else "")
            continue
        yield line
        if "choices" in line:
            continue
        for switch in dict.fromkeys(_FLAG.findall(line)):
            if words and switch in _switches(words[0]) and switch not in words:
                yield with_flag(words, [switch])


def with_flag(words: Sequence[str], flag: Sequence[str]) -> str:
    """The command that was typed, with `flag` (and its value) instead of any earlier one of the same name."""
    kept: list[str] = []
    skip = 0
    for word in words:
        if skip:
            skip -= 1
        elif word == flag[0]:
            skip = len(flag) - 1
        elif not word.startswith(f"{flag[0]}="):
            kept.append(word)
    return shlex.join(["unetkit", *kept, *flag])


def print_trace(error: BaseException) -> None:
    """The trace, for --debug."""
    traceback.print_exception(error, file=sys.stderr)


def _switches(command: str) -> set[str]:
    keys = keys_of(JOBS[command]).values() if command in JOBS else ()
    return {flag for key in keys if key.is_switch for flag in key.flags}


def _explain_os(error: OSError) -> UnetkitError:
    where = str(error.filename or "")
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return DiskFull("no space is left on the device", where=where, advice="free some space, or write elsewhere")
    if error.errno == errno.ENOMEM:
        return OutOfMemory("there is not enough memory for this", where=where)
    if isinstance(error, PermissionError):
        return PermissionRefused("the system refused to read or write here", where=where)
    if isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError | FileExistsError):
        return DataError(reason[:1].lower() + reason[1:], where=where)
    return MachineError(f"the system failed: {reason}", where=where)


def _bug(error: BaseException) -> UnetkitError:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "unetkit" in Path(frame.filename).parts] or frames
    where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno} in {ours[-1].name}" if ours else ""
    system = f"unetkit {_version()}, Python {platform.python_version()}, {platform.platform(terse=True)}"
    advice = f"please report it with these lines, the command, and the trace that --debug shows\n({system})"
    return UnetkitError(f"this is a bug in unetkit: {type(error).__name__}: {error}", where=where, advice=advice)


def _version() -> str:
    try:
        return version("unetkit")
    except PackageNotFoundError:
        return "(not installed)"
