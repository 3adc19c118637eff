"""What a child did to a folder, call by call, as strace saw it."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from faults.children import Children

RECORD = ["-y", "-xx", "-s", 10**7, "-e", "trace=all"]

_LINE = re.compile(r"\d+ +(\w+)\((.*)\) += (-?\d+|\?)")
_HEX = re.compile(r"(?:\\x[0-9a-f]{2})+")
_QUOTED = re.compile(r'"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Call:
    """One system call: its arguments as strace writes them, paths and data still in hexadecimal."""

    name: str
    arguments: tuple[str, ...]
    result: int
    line: str

    def descriptor(self, at: int = 0) -> int:
        return int(self.arguments[at].split("<")[0])

    def number(self, at: int) -> int:
        return int(self.arguments[at], 0)

    def path(self, at: int = 0) -> str:
        """The path that an argument names: a text, or what a descriptor stands for."""
        word = self.arguments[at]
        folder = self.arguments[at - 1] if at and word.startswith('"') else ""
        named = plain(word.split("<", 1)[1] if "<" in word else word).decode()
        return named if named.startswith("/") or "<" not in folder else f"{self.path(at - 1)}/{named}"

    def data(self) -> bytes:
        """All bytes of its buffers, in their order, as far as they were taken."""
        return b"".join(plain(found) for found in _QUOTED.findall(", ".join(self.arguments)))[: self.result]


def plain(text: str) -> bytes:
    """The bytes that strace wrote in hexadecimal in a text."""
    return b"".join(bytes.fromhex(found.replace("\\x", "")) for found in _HEX.findall(text))


def record(children: Children, job: str, root: Path) -> list[Call]:
    """Do `job` in a child; the calls that touch anything below `root`, and its acknowledgements (`writev` to 1)."""
    log = children.said.with_suffix(".trace")
    ended = children.run(job, root, [*RECORD, "-o", log])
    assert ended.code == 0, ended
    below = "".join(f"\\x{byte:02x}" for byte in f"{root}/".encode())
    itself = [below[:-4] + end for end in ('"', ">")]
    lines = [line for line in log.read_text().splitlines() if any(part in line for part in (below, *itself))]
    return [parsed(line) for line in log.read_text().splitlines() if line in set(lines) or " writev(1<" in line]


def parsed(line: str) -> Call:
    found = _LINE.match(line)
    if found is None:
        raise ValueError(f"a line of strace that cannot be read (two threads?): {line[:300]}")
    name, arguments, result = found.groups()
    return Call(name, tuple(arguments.split(", ")), int(result) if result != "?" else -1, line)


@cache
def why_no_strace() -> str:
    """What keeps strace from working here, or an empty text."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    with subprocess.Popen(["sleep", "20"]) as tried:
        command = ["strace", "-f", "-e", "trace=none", "-p", str(tried.pid)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
            assert strace.stderr
            told = strace.stderr.readline()
            tried.kill()
    return "" if " attached" in told else f"strace may not attach here: {told.strip()}"


def need_strace() -> None:
    if why_no_strace():
        pytest.skip(f"not run: {why_no_strace()}")
