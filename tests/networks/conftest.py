"""A stand-in for timm, so that the loading code is tested where timm is not installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def foreign(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`import timm` gives the stand-in with its one small encoder; the real one is tried in test_timm_unet.py."""
    real = sys.modules.pop("timm", None)
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "foreign"))
    yield
    sys.modules.pop("timm", None)
    if real is not None:
        sys.modules["timm"] = real
