"""The fenced blocks of a document, and the commands in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL)
NOTE = re.compile(r"<!-- (?P<what>not run|exit)(?:: (?P<reason>[^>]+)| (?P<code>\d+)) -->\s*\Z")
SET_UP = ("pip ", "git ", "cd ", "make ", "python -m venv", "source ", ". ", "export ", "scripts/")


@dataclass(frozen=True)
class Block:
    """One fenced block.

    `<!-- not run: reason -->` above it leaves it out; `<!-- exit 2 -->` says the exit code of its last command.
    """

    line: int
    language: str
    text: str
    left_out: bool
    code: int

    @property
    def commands(self) -> list[str]:
        """The commands of a shell block: comments gone, continued lines joined, set-up left to the reader."""
        lines = self.text.replace("\\\n", " ").splitlines()
        plain = (re.sub(r"(^|\s)#.*", "", line).strip() for line in lines)
        return [line for line in plain if line and not line.startswith(SET_UP)]


def blocks(document: Path) -> Iterator[Block]:
    """All blocks of a document, in order."""
    text = document.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        before = text[: match.start()]
        note = NOTE.search(before)
        yield Block(
            line=before.count("\n") + 1,
            language=match["language"],
            text=re.sub(f"^{match['indent']}", "", match["text"], flags=re.MULTILINE),
            left_out=note is not None and note["what"] == "not run",
            code=int(note["code"]) if note and note["code"] else 0,
        )


def small(command: str) -> list[str]:
    """The arguments after `unetkit`, with a budget of four small steps instead of the reader's minutes."""
    program, job, *arguments = shlex.split(command)
    if program != "unetkit":
        raise ValueError(f"the documentation runs unetkit and nothing else, not '{command}'")
    if job == "train":
        little = BUDGET[2:] if "--plan" in arguments else BUDGET  # a plan is a budget
        return [job, *without(arguments, "--minutes", "--epochs", "--steps", "--size", "--batch"), *little]
    if job == "demo":
        return [job, *without(arguments, "--minutes", "--images"), "--minutes", "0.05", "--images", "40"]
    return [job, *arguments]


BUDGET = ["--steps", "4", "--size", "64", "--batch", "2"]


def without(arguments: list[str], *flags: str) -> list[str]:
    """The arguments without some flags and their values."""
    kept: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        name, _, value = argument.partition("=")
        if name not in flags:
            kept.append(argument)
        elif not value:
            next(waiting, None)
    return kept
