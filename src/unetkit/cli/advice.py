"""What to do about an error or a finding; a flag that is asked for comes with the whole command that was typed."""

import re
import shlex
import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from rich.console import Console
from rich.text import Text

from unetkit.config.jobs import JOBS
from unetkit.config.keys import Key, keys_of

_PASTE = re.compile(r"^(unetkit|torchrun|pip|python) ")
_SWITCH = re.compile(r"--\S+")
_WITH_VALUE = re.compile(r"--\S+ +(?:'[^']*'|\"[^\"]*\"|[^\s#'\"\\])+")
_FLAG = re.compile(r"(?<![\w-])--[a-z][a-z.-]*[a-z]")


def advice_lines(advice: str, words: Sequence[str]) -> Iterator[str]:
    """What to do, line by line.

    A line that begins with flags of the command ("--masks 'a b'  # remark", "--skip-bad leaves them out") becomes the
    command that was typed, with those flags, and a remark; a line that mentions a switch elsewhere is followed by the
    command with it.

    Args:
        advice: of an error.
        words: what was typed after `unetkit`.
    """
    keys = {flag: key for key in _keys(words) for flag in key.flags}
    for line in advice.splitlines():
        flags, remark = _leading_flags(line, keys)
        if flags:
            yield with_flags(words, flags) + (f"  # {remark}" if remark else "")
            continue
        yield line
        mentioned = () if "choices" in line else dict.fromkeys(_FLAG.findall(line))
        switches = [name for name in mentioned if name in keys and keys[name].is_switch and name not in words]
        yield from (with_flags(words, [[name]]) for name in switches)


def print_advice(line: str, screen: Console, indent: str) -> None:
    """Print a line of advice: wrapped for reading, but a command to paste stays on one line."""
    if _PASTE.match(line):
        screen.print(Text(indent).append(line, style="cyan"), soft_wrap=True)
        return
    margin = " " * len(indent)
    width = max(screen.width, 40)
    wrapped = textwrap.wrap(line, width - len(indent), break_on_hyphens=False, break_long_words=False)
    screen.print(Text(indent + f"\n{margin}".join(wrapped)))


def with_flags(words: Sequence[str], flags: Sequence[Sequence[str]]) -> str:
    """The command that was typed, with `flags` (each with its value) instead of earlier ones of the same setting."""
    aliases = {alias: key.flags for key in _keys(words) for alias in key.flags}
    kept = list(words)
    for name, *value in flags:
        for alias in aliases.get(name, (name,)):
            kept = list(_without(kept, [alias, *value]))
        kept += [name, *value]
    return shlex.join(["unetkit", *kept])


def without_flags(words: Sequence[str], names: Sequence[str]) -> str:
    """The command that was typed, without the flags of these names and their values."""
    keys = {flag: key for key in _keys(words) for flag in key.flags}
    kept = list(words)
    for alias in (alias for name in names for alias in keys[name].flags):
        kept = [*_without(kept, [alias] if keys[alias].is_switch else [alias, "its value"])]
    return shlex.join(["unetkit", *kept])


def _without(words: Sequence[str], flag: Sequence[str]) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        if word == flag[0]:
            tuple(islice(rest, len(flag) - 1))
        elif not word.startswith(f"{flag[0]}="):
            yield word


def _leading_flags(line: str, keys: Mapping[str, Key]) -> tuple[list[list[str]], str]:
    """The flags at the beginning of a line, each with its value, and what follows them."""
    flags: list[list[str]] = []
    while (name := _FLAG.match(line)) and name[0] in keys:
        pattern = _SWITCH if keys[name[0]].is_switch else _WITH_VALUE
        match = pattern.match(line)
        if match is None:
            break
        flags.append(shlex.split(match[0]))
        line = line[match.end() :].lstrip()
    return flags, line.removeprefix("#").strip()


def _keys(words: Sequence[str]) -> Collection[Key]:
    command = next((word for word in words if word in JOBS), None)
    return keys_of(JOBS[command]).values() if command else ()
