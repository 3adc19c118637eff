"""Flags that would have no effect in this call: they are refused, as who typed one expects something of it.

Only flags: a file of settings and the environment serve several commands, and may say more than one of them needs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from unetkit.cli.advice import without_flags
from unetkit.cli.call import current_call
from unetkit.config.keys import Path
from unetkit.errors import UsageError

_FLAG = "flag "


@dataclass(frozen=True, slots=True)
class Idle:
    """Settings that do nothing here.

    Attributes:
        paths: which.
        reason: why, a sentence without its full stop.
        instead: what to do that would have the effect, a line of advice; "" where nothing would.
    """

    paths: frozenset[Path]
    reason: str
    instead: str = ""

    @classmethod
    def section(cls, section: str, names: Iterable[str], reason: str, instead: str = "") -> Self:
        """Settings of one section by their names."""
        return cls(frozenset((section, name) for name in names), reason, instead)


def refuse_idle(origins: Mapping[Path, str], idle: Iterable[Idle]) -> None:
    """Refuse the flags among `origins` (of the resolved settings) that do nothing.

    Raises:
        UsageError: names them, and the command without them.
    """
    for one in idle:
        given = [origin for path, origin in origins.items() if path in one.paths]
        flags = [origin.removeprefix(_FLAG) for origin in given if origin.startswith(_FLAG)]
        if flags:
            words = current_call.get().words
            raise UsageError(
                f"{', '.join(flags)} would have no effect: {one.reason}",
                where=f"unetkit {words[0]}",
                advice="\n".join(filter(None, (without_flags(words, flags), one.instead))),
            )
