"""A finding: one thing that is wrong or worth knowing about a data set, with what to do about it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found.

    Attributes:
        code: a stable name: "size-mismatch".
        severity: "error" stops training, "warning" makes its result doubtful, "info" is good to know.
        count: how many files, images or classes it concerns.
        examples: the first few of them, in natural order.
        message: one sentence.
        advice: what to do, with a command to paste where there is one.
    """

    code: str
    severity: Severity
    count: int
    examples: tuple[str, ...]
    message: str
    advice: str = ""

    def to_json(self) -> dict[str, object]:
        """The row under `findings` of `unetkit check --json`."""
        return {
            "code": self.code,
            "severity": self.severity,
            "count": self.count,
            "examples": list(self.examples),
            "message": self.message,
            "advice": self.advice,
        }


def finding(code: str, severity: Severity, items: Collection[str], message: str, advice: str = "") -> list[Finding]:
    """A finding about `items` (all of them; the first few become examples), or none where there are no items.

    `{n}` in the message stands for their number.
    """
    if not items:
        return []
    text = message.replace("{n}", f"{len(items):,}")
    return [Finding(code, severity, len(items), first_few(list(items)), text, advice)]


def first_few(items: Sequence[str]) -> tuple[str, ...]:
    """The examples of a finding."""
    return tuple(items[:EXAMPLES])


def worst_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Errors, then warnings, then the rest; each in the order in which it was found."""
    return tuple(sorted(findings, key=lambda found: SEVERITIES.index(found.severity)))
