"""The flags that say how to speak; they may stand anywhere on the command line and hold for every command."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from unetkit.errors import UsageError


@dataclass(frozen=True, slots=True)
class Screen:
    """How to speak.

    Attributes:
        json: the result as one JSON document on stdout.
        quiet, verbose: less or more on stderr.
        colour: False with --no-color; None leaves it to the terminal and to NO_COLOR.
        debug: show the trace of an error.
        log: file for events as JSON lines.
        everything: help lists every flag.
    """

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    colour: bool | None = None
    debug: bool = False
    log: Path | None = None
    everything: bool = False


SWITCHES: dict[str, tuple[str, dict[str, Any]]] = {
    "--json": ("the result as one JSON document on stdout", {"json": True}),
    "--quiet": ("only warnings and errors on stderr", {"quiet": True}),
    "--verbose": ("details on stderr", {"verbose": True}),
    "--no-color": ("no colours; NO_COLOR does the same", {"colour": False}),
    "--debug": ("the whole trace of an error", {"debug": True}),
    "--help-all": ("this page with every flag", {"everything": True}),
}
LOG = "--log-json"
LOG_HELP = "append what happens to FILE, one JSON document a line"


def take_screen_flags(words: Sequence[str]) -> tuple[Screen, list[str]]:
    """Take the flags of this module out of a command line.

    Returns:
        How to speak, and the other words.

    Raises:
        UsageError: --log-json without a file.
    """
    end = list(words).index("--") if "--" in words else len(words)
    screen, rest = Screen(), list[str]()
    taken = iter(words[:end])
    for word in taken:
        if word in SWITCHES:
            screen = replace(screen, **SWITCHES[word][1])
            rest += ["--help"] if word == "--help-all" else []
        elif word.partition("=")[0] == LOG:
            screen = replace(screen, log=_log_file(word.partition("=")[2] or next(taken, "")))
        else:
            rest.append(word)
    return screen, [*rest, *words[end:]]


def _log_file(name: str) -> Path:
    if not name or name.startswith("--"):
        raise UsageError(f"{LOG} needs the name of a file", where=LOG, advice=f"{LOG} events.jsonl")
    return Path(name)
