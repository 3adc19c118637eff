"""The clock of a run."""

import time

import pytest

from unetkit.training.clock import Clock


def test_it_counts_from_the_start_of_the_process_and_adds_what_was_spent_before():
    assert Clock(time.time() - 100, spent=20)() == pytest.approx(120, abs=1)


def test_setting_the_machines_clock_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    clock = Clock(time.time() - 100)
    monkeypatch.setattr(time, "time", lambda: 1e12)
    assert clock() == pytest.approx(100, abs=1)
