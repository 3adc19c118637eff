"""What `--val` and `--test` can say: a share, a count, a list of groups, or a regex on the path."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from unetkit.data.pair import Pair
from unetkit.errors import ConfigError

Name = Literal["val", "test"]


@dataclass(frozen=True, slots=True)
class Share:
    """A part by size: `value` below 1 is a share of the images, else their number."""

    value: float

    def images(self, total: int) -> int:
        """The number of images meant out of `total`; a share above 0 means at least one of two or more."""
        if self.value >= 1 or self.value == 0:
            return int(self.value)
        return max(round(self.value * total), 1 if total > 1 else 0)


@dataclass(frozen=True, slots=True)
class Named:
    """A part by its groups."""

    groups: frozenset[str]

    def holds(self, pair: Pair) -> bool:
        """Whether the pair's group is one of them."""
        return pair.group in self.groups


@dataclass(frozen=True, slots=True)
class Matching:
    """A part by a regex searched in the image's path."""

    pattern: re.Pattern[str]

    def holds(self, pair: Pair) -> bool:
        """Whether the pattern is found in the image's path."""
        return self.pattern.search(pair.image) is not None


Part = Share | Named | Matching


def parse_part(name: Name, text: str, groups: Collection[str]) -> Part:
    """Read the value of `--val` or `--test`.

    A number is a size. A list whose items are all names of groups means those groups; a single group whose name is a
    number is said with a comma behind it ("855,"). Anything else is one regex.

    Raises:
        ConfigError: the number is negative or broken (2.5), or the text is no regex.
    """
    text = text.strip()
    number = _number(text)
    if number is not None:
        if number < 0 or (number >= 1 and number != int(number)):
            raise ConfigError(f"{text} is neither a share nor a count", where=f"--{name}", advice=_ADVICE)
        return Share(number)
    items = [item.strip() for item in text.split(",") if item.strip()]
    if items and all(item in groups for item in items):
        return Named(frozenset(items))
    try:
        return Matching(re.compile(text))
    except re.error as error:
        raise ConfigError(f"'{text}' is no regular expression: {error}", where=f"--{name}", advice=_ADVICE) from error


def nothing_found(name: Name, text: str, groups: Collection[str]) -> ConfigError:
    """The error for a list or regex that fits no image; it names the groups that are nearest."""
    items = [item.strip() for item in text.split(",") if item.strip()]
    strange = [item for item in items if item not in groups]
    near = [guess for item in strange for guess in difflib.get_close_matches(item, sorted(groups), n=1)]
    known = f"groups: {', '.join(sorted(groups)[:12])}{' …' if len(groups) > 12 else ''}" if groups else ""
    guess = f"did you mean {', '.join(dict.fromkeys(near))}? " if near else ""
    return ConfigError(
        f"'{text}' is no list of groups, and as a regex it is found in no image path",
        where=f"--{name}",
        advice=f"{guess}{known}" or _ADVICE,
    )


_ADVICE = "say a share (0.2), a count (15), names of groups (b4,d3) or a regex on the image's path"


def _number(text: str) -> float | None:
    try:
        return float(text) if re.fullmatch(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?", text) else None
    except ValueError:
        return None
