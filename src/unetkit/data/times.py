"""Time stamps in file names: dates with a time of day, and counts of seconds since 1970."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

_CALENDAR = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)[-_.T ]{0,3}([0-2]\d)[-_.:h]?([0-5]\d)[-_.:m]?([0-5]\d)"
    r"(?:[-_.,]?(\d{3}|\d{6}|\d{9}))?(?!\d)"
)
# Seconds, milli-, micro- or nanoseconds since 1970, from 2000 to 2065.
_EPOCH = re.compile(r"(?<!\d)(9[5-9]\d{8}|[12]\d{9})(\d{3}|\d{6}|\d{9})?(?:\.(\d{1,9}))?(?!\d)")
_EPOCH_RANGE = (946_684_800, 3_000_000_000)


def find_time(name: str) -> float | None:
    """Seconds since 1970 (UTC assumed) that a file name says, or None when it says no time of day."""
    found = _CALENDAR.search(name)
    if found is not None:
        return _calendar_seconds(found)
    epoch = _EPOCH.search(name)
    return None if epoch is None else _epoch_seconds(epoch)


def find_times(names: Sequence[str], share: float) -> tuple[float | None, ...] | None:
    """The time of each name, or None when fewer than `share` of the names say one, or all say the same."""
    times = tuple(find_time(name) for name in names)
    known = [time for time in times if time is not None]
    if not known or len(known) < share * len(names) or len(set(known)) < share * len(known):
        return None
    return times


def time_text(seconds: float) -> str:
    """`2021-08-29 20:39:19`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def duration_text(seconds: float) -> str:
    """A length of time in its natural unit: `12 s`, `25 min`, `3.5 h`, `2 days`."""
    for size, unit in ((86_400 * 2, "days"), (3_600 * 2, "h"), (120, "min")):
        if seconds >= size:
            return f"{seconds / {'days': 86_400, 'h': 3_600, 'min': 60}[unit]:.3g} {unit}"
    return f"{seconds:.3g} s"


def _calendar_seconds(found: re.Match[str]) -> float | None:
    year, month, day, hour, minute, second = (int(found[i]) for i in range(1, 7))
    try:
        whole = datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:
        return None
    return whole + (float(f"0.{found[7]}") if found[7] else 0.0)


def _epoch_seconds(found: re.Match[str]) -> float | None:
    seconds = int(found[1])
    fraction = found[2] or found[3]
    low, high = _EPOCH_RANGE
    return seconds + (float(f"0.{fraction}") if fraction else 0.0) if low <= seconds < high else None
