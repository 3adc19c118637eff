"""A finding: one thing that is wrong or worth knowing about a data set, with what to do about it."""

from __future__ import annotations

import re
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

    In message and advice `{n}` stands for their number, and of `[1 image has|{n} images have]` the part that fits it.
    """
    if not items:
        return []
    message, advice = (_counted(text, len(items)) for text in (message, advice))
    return [Finding(code, severity, len(items), tuple(items)[:EXAMPLES], message, advice)]


def _counted(text: str, number: int) -> str:
    chosen = re.sub(r"\[([^][|]*)\|([^][|]*)\]", r"\1" if number == 1 else r"\2", text)
    return chosen.replace("{n}", f"{number:,}")


def worst_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Errors, then warnings, then the rest; each in the order in which it was found."""
    return tuple(sorted(findings, key=lambda found: SEVERITIES.index(found.severity)))
