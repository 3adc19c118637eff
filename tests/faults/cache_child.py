"""Processes that fill a set of the cache folder, to be killed over it.

- `python -m faults.cache_child fill DATA FOLDER COUNT` says `ready`, waits for a line, fills, and tells what it saw.
- `python -m faults.cache_child sweep DATA FOLDER COUNT` fills as often as there are calls, killed at each of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sys
from pathlib import Path

import cv2

from data.written_pairs import Written, write_pairs
from unetkit.data.parallel import limited_to

CALLS = ("open", "mkdir", "posix_fallocate", "pwrite", "utime")
NEVER = 300


def fill(written: Written, folder: Path) -> str:
    """Every pair, in an order that differs between processes; a checksum of what came back."""
    with limited_to(1):
        cache = written.cache(folder, keep="disk")
    print(f"found {cache.describe()}", flush=True)
    cache.start(reversed(range(len(cache))) if os.getpid() % 2 else ())
    whole = hashlib.sha256()
    for index in range(len(cache)):
        for array in cache.get(index):
            whole.update(array.tobytes())
        print(f"got {index}", flush=True)
    return whole.hexdigest()


def killed_at(number: int, written: Written, folder: Path) -> bool:
    """Whether a child that dies before its `number`-th call did so."""
    from faults.moments import Moments  # takes torch along, which the other job does without

    child = os.fork()
    if not child:
        _silently()
        moments = Moments(number)
        for call in CALLS:
            moments.watch(os, call)
        fill(written, folder)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def wrong_after(written: Written, folder: Path) -> str:
    """What the next run finds wrong; it must neither believe half an entry nor leave the set larger than it is."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _silently()
        with limited_to(1):
            cache = written.cache(folder, keep="disk")
        seen = f"{cache.place}: {written.differing(cache)}"
        sizes = {path.name: path.stat().st_size for path in folder.glob("*/*")}
        os.write(writing, f"{seen}, {sizes['index'] // 64} places".encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as answer:
        said = answer.read()
    return "" if said == f"folder: [], {len(written.pairs)} places" else said or "it died"


def _silently() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def sweep(written: Written, folder: Path) -> None:
    """A line for each call at which a child was killed."""
    for number in range(1, NEVER):
        shutil.rmtree(folder, ignore_errors=True)
        if not killed_at(number, written, folder):
            return
        print(json.dumps({"call": number, "wrong": wrong_after(written, folder)}), flush=True)


if __name__ == "__main__":
    job, data, cache_folder, how_many = sys.argv[1:]
    cv2.setNumThreads(0)  # a fork takes no threads along
    pairs = write_pairs(Path(data), int(how_many), side=64 if job == "fill" else 8)
    if job == "sweep":
        sweep(pairs, Path(cache_folder))
    else:
        print("ready", flush=True)
        sys.stdin.readline()
        print(fill(pairs, Path(cache_folder)), flush=True)
