"""The benchmarks are scripts: here they are opened as modules."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from house.source import REPOSITORY


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """`benchmark("time_table")` is `benchmarks/time_table.py` as a module."""
    monkeypatch.syspath_prepend(str(REPOSITORY / "benchmarks"))
    return importlib.import_module
