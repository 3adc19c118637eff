"""The question when a folder can be read in several ways: each with its count, its evidence and the command."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

from unetkit.data.layouts.combining import quote
from unetkit.data.layouts.listing import Listing
from unetkit.data.layouts.reading import Reading, Request
from unetkit.data.pair import SPLITS
from unetkit.errors import AmbiguityError

_SHOWN = 8
# To see which flag alone decides, the listing is read again; a large one is not.
_SMALL = 20_000
# One flag is asked for; these are tried in turn, then all of a reading's flags.
_DECIDING = ("--masks", "--images", "--layout")

Again = Callable[[Request, str], list[Reading]]
"""From a request and the name of a layout ("" for all) to the readings of the same listing."""


def question(listing: Listing, found: Sequence[Reading], again: Again) -> AmbiguityError:
    """The error that lists the readings."""
    command = f"unetkit check {quote(str(listing.root))}{' --follow-links' * listing.follow_links}"
    brief = len(listing.images) <= _SMALL
    lines = [
        f"  {command} {_shortest(reading, again) if brief else reading.flags}\n      {_summary(reading)}"
        for reading in found[:_SHOWN]
    ]
    if len(found) > _SHOWN:
        lines.append(f"  and {len(found) - _SHOWN} more")
    several = f"{len(found)} readings of this folder are possible"
    return AmbiguityError(
        several if len(found) > 1 else "the names do not say which files are the masks",
        where=str(listing.root),
        advice="\n".join(["say which one is meant (the flags are the same for every command):", *lines]),
    )


def request_of(flags: str) -> tuple[Request, str]:
    """The request and the layout's name that these flags say."""
    words = shlex.split(flags)
    said = dict(zip(words[::2], words[1::2], strict=True))
    layout, _, argument = said.get("--layout", "").partition(":")
    return Request(said.get("--images"), said.get("--masks"), argument, forced=bool(layout)), layout


def _shortest(reading: Reading, again: Again) -> str:
    """One flag of the reading if that decides, else all of them."""
    words = shlex.split(reading.flags)
    said = dict(zip(words[::2], words[1::2], strict=True))
    one_flag = (f"{flag} {quote(said[flag])}" for flag in _DECIDING if flag in said)
    return next((flag for flag in one_flag if _decides(flag, reading, again)), reading.flags)


def _decides(flag: str, reading: Reading, again: Again) -> bool:
    request, layout = request_of(flag)
    found = again(request, layout)
    return len(found) == 1 and found[0].pairs == reading.pairs and (request.forced or found[0].standing != "question")


def _summary(reading: Reading) -> str:
    number = len(reading.pairs)
    counts = {split: sum(pair.split == split for pair in reading.pairs) for split in SPLITS}
    divided = ", ".join(f"{split} {count:,}" for split, count in counts.items() if count)
    return f"{number:,} pair{'s' * (number != 1)}{f' ({divided})' * bool(divided)}: {reading.evidence}"
