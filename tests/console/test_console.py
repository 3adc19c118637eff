"""Messages go to stderr, and only when somebody switched them on."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from unetkit import console


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    yield
    console.switch_off()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "PATIENCE", 0.0)


def test_a_library_call_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    console.say("a")
    console.warn("b")
    assert list(console.progress(range(3), "counting")) == [0, 1, 2]
    with console.live(lambda: "c") as view:
        view.refresh()
        view.line("d")
    assert capsys.readouterr() == ("", "")


def test_messages_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    console.switch_on()
    console.say("a [b] c")
    console.warn("d")
    console.verbose("e")
    assert capsys.readouterr() == ("", "a [b] c\nwarning: d\n")


def test_quiet_leaves_the_warnings() -> None:
    stream = io.StringIO()
    console.switch_on(quiet=True, stream=stream)
    console.say("a")
    console.warn("b")
    list(console.progress(range(30), "counting"))
    assert stream.getvalue() == "warning: b\n"


def test_verbose_shows_details() -> None:
    stream = io.StringIO()
    console.switch_on(verbose=True, stream=stream)
    console.verbose("a")
    assert stream.getvalue() == "a\n"


def test_without_a_terminal_progress_is_a_line_a_tenth() -> None:
    stream = io.StringIO()
    console.switch_on(stream=stream)
    assert sum(console.progress(range(1000), "counting")) == 499500
    lines = stream.getvalue().splitlines()
    assert len(lines) == 10
    assert (lines[0], lines[-1]) == ("counting 100 of 1,000", "counting 1,000 of 1,000")


def test_work_of_unknown_length_is_counted() -> None:
    stream = io.StringIO()
    console.switch_on(stream=stream)
    list(console.progress(iter("abc"), "counting"))
    assert stream.getvalue() == "counting 3\n"


def test_what_is_quickly_done_needs_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "PATIENCE", 60.0)
    stream = io.StringIO()
    console.switch_on(stream=stream)
    list(console.progress(range(30), "counting"))
    assert stream.getvalue() == ""


def test_on_a_terminal_progress_is_a_bar_that_goes_away() -> None:
    stream = _Terminal()
    console.switch_on(stream=stream)
    list(console.progress(range(3), "counting"))
    assert "counting" in stream.getvalue()
    assert "3/3" in stream.getvalue()


def test_a_live_table_is_drawn_in_place_on_a_terminal() -> None:
    stream = _Terminal()
    console.switch_on(stream=stream)
    with console.live(lambda: "the table") as view:
        view.refresh()
        view.line("the line")
    assert "the table" in stream.getvalue()
    assert "the line" not in stream.getvalue()


def test_elsewhere_a_live_table_is_its_lines() -> None:
    stream = io.StringIO()
    console.switch_on(stream=stream)
    with console.live(lambda: "the table") as view:
        view.refresh()
        view.line("the line")
    assert stream.getvalue() == "the line\n"


def test_events_go_to_the_log_as_json_lines_even_when_quiet(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    console.switch_on(quiet=True, log=log, stream=io.StringIO())
    console.say("a")
    with console.live(lambda: "") as view:
        view.line("b", step=3)
    list(console.progress(range(10), "counting"))
    console.switch_off()
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert [row["event"] for row in rows] == ["say"] + ["progress"] * 11
    assert rows[1]["step"] == 3


def test_no_colour_means_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = _Terminal()
    console.switch_on(stream=stream)
    console.warn("a")
    assert "\x1b[33m" not in stream.getvalue()
