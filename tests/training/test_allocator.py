"""Memory that a step gives back is kept for the next one, and returned in the end."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="not run: another C library")

PROGRAM = """
import json, os, resource, torch
from pathlib import Path
from unetkit.training.allocator import kept_memory

BYTES = 48 * 2**20  # up to 32 MiB the system keeps by itself
PAGE = os.sysconf("SC_PAGE_SIZE")

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(BYTES, dtype=torch.uint8)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) * PAGE / BYTES

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / BYTES

outside = [faults() for _ in range(20)]
before = resident()
with kept_memory():
    inside = [faults() for _ in range(40)]
print(json.dumps({"inside": inside, "outside": outside, "grown": resident() - before}))
"""


@pytest.fixture(scope="module")
def measured() -> dict[str, object]:
    """All in multiples of one large tensor, in a process whose memory nothing has cut up."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_a_large_tensor_takes_the_memory_of_the_one_before_it(measured: dict[str, list[float]]):
    assert sum(measured["inside"][20:]) < 1, "it has found its place"
    assert sum(measured["outside"]) > 15, "what the system does by itself is what this test would see"


def test_memory_goes_back_to_the_system_afterwards(measured: dict[str, float]):
    assert measured["grown"] < 0.5
