"""Every way to fail as one block: what, where, what to do; with the exit code that the design gives it."""

import platform
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cyclopts import CycloptsError
from rich.console import Console
from rich.text import Text

from unetkit.cli.advice import advice_lines, print_advice
from unetkit.cli.usage import usage_error
from unetkit.errors import Interrupted, UnetkitError
from unetkit.refusals import refusal


def explain(error: BaseException, commands: Sequence[str]) -> UnetkitError:
    """The error of ours that stands for `error`."""
    if isinstance(error, UnetkitError):
        return error
    if isinstance(error, CycloptsError):
        return usage_error(error, commands)
    if isinstance(error, KeyboardInterrupt):
        return Interrupted("interrupted", signal=2)
    return refusal(error) or _bug(error)


def print_block(error: UnetkitError, words: Sequence[str], screen: Console) -> None:
    """Print the block on `screen`: wrapped for reading, but a command to paste stays on one line."""
    screen.print(Text.assemble(("error: ", "bold red"), (error.what, "bold")))
    for line in error.where.splitlines():
        screen.print(Text(f"  where  {line}"), soft_wrap=True)
    for line in advice_lines(error.advice, words):
        print_advice(line, screen, "  do     ")


def error_document(error: UnetkitError, words: Sequence[str]) -> dict[str, Any]:
    """The document `unetkit.error`, version 1."""
    return {
        "schema": "unetkit.error",
        "version": 1,
        "exit": error.exit_code,
        "what": error.what,
        "where": error.where,
        "advice": "\n".join(advice_lines(error.advice, words)),
    }


def print_trace(error: BaseException) -> None:
    """The trace, for --debug."""
    traceback.print_exception(error, file=sys.stderr)


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
