"""What all rooms share: the real data sets, where there are any; everything else runs on rendered scenes.

The sets are looked for in the folder that UNETKIT_DATA names, else in `../shared/data` beside the repository. A test
that wants a set skips with a clear line where there is none; with UNETKIT_DATA set, a missing set is a failure.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two workers with two threads each stand in each other's way

import pytest

from unetkit.runs.signals import STOPS

BESIDE = Path(__file__).parents[2] / "shared" / "data"
NO_DATA = "no real data"
NOT_RUN = "not run: "


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """`real_data("camvid")` is the folder of a real set; the test skips or fails where it is missing."""
    return find_set


def find_set(name: str) -> Path:
    """The folder of a real set: one of camvid, carla, cityscapes-pairs, forest, horizon-uav, ir-horizon."""
    told = os.environ.get("UNETKIT_DATA")
    folder = Path(told or BESIDE) / name
    if told and not folder.is_dir():
        pytest.fail(f"UNETKIT_DATA is {told}, and {name} is not in it")
    if not folder.is_dir():
        pytest.skip(f"{NO_DATA}: {name} is not here; set UNETKIT_DATA to the folder that holds it")
    return folder


@pytest.fixture
def signals_heard() -> Generator[None]:
    """No signal is ignored, here or by what is started here, though the tests run under `nohup`."""
    ignored = [number for number in STOPS if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture
def count_cases(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """`count_cases("338 crash states, 0 bad")` is said at the end of the test run: rates are bounded by numbers."""

    def say(figures: str) -> None:
        record_property("cases", figures)

    return say


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A figure counts beside its control only: what finds nothing wrong must find what is known to be broken."""
    for item in items:
        if item.name.startswith("test_control"):
            item.add_marker("control")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The numbers of cases behind the tests that passed, how long they took, and what could not be tried here."""
    reports = [report for report in terminalreporter.stats.get("passed", []) if report.when == "call"]
    counted = {report.nodeid: (report, dict(report.user_properties).get("cases")) for report in reports}
    figures = [(name, report.duration, said) for name, (report, said) in sorted(counted.items()) if said]
    if figures:
        terminalreporter.section("cases")
    for name, seconds, said in figures:
        terminalreporter.write_line(f"{name.removeprefix('tests/')}: {said} ({seconds:.1f} s)")
    modules = Counter[str]()
    for name, seconds, _ in figures:
        modules[name.partition("::")[0].rpartition("/")[2]] += seconds
    for module, seconds in [*modules.items(), ("together", modules.total())] if modules else []:
        terminalreporter.write_line(f"{module}: {seconds:.0f} s, one after another")
    _tell_not_run(terminalreporter)


def _tell_not_run(terminalreporter: Any) -> None:
    """What needs root, strace or a file system and could not have it here: no silent skip."""
    reasons: dict[str, list[str]] = {}
    for report in terminalreporter.stats.get("skipped", []):
        _, found, reason = str(report.longrepr[2]).partition(NOT_RUN)
        if found:
            reasons.setdefault(reason, []).append(report.nodeid.removeprefix("tests/"))
    if reasons:
        terminalreporter.section("not run")
    for reason, names in sorted(reasons.items()):
        terminalreporter.write_line(f"{len(names)} for want of this: {reason}")
        for name in names:
            terminalreporter.write_line(f"    {name}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line of all: how much was left out for want of data."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.verbosity >= 0:
        skipped = sum(NO_DATA in str(report.longrepr) for report in reporter.stats.get("skipped", []))
        advice = "; set UNETKIT_DATA to run them" if skipped else ""
        reporter.write_line(f"real data: {skipped} tests skipped{advice}")
