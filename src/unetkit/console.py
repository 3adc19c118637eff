"""Everything a person sees while a command works: messages, progress and live tables, all on stderr.

Silent until the command line calls `switch_on`, so that a library call prints nothing. Results are not printed here:
they belong to stdout and to `cli/`. The same events go as JSON lines to a file where one is asked for.
"""

import errno
import json
import os
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO, TypeVar

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Item = TypeVar("Item")
Fact = str | int | float | bool | None

REFRESHES_PER_SECOND = 4
PATIENCE = 1.0
"""Seconds a person waits without asking what is going on: work that takes less shows no lines of progress."""


class Stderr(Console):
    """A console on stderr. When its reader has gone (`2>&1 | head`, a terminal that hung up), the work goes on."""

    def _check_buffer(self) -> None:
        try:
            super()._check_buffer()
        except OSError as error:
            del self._buffer[:]
            if error.errno == errno.EIO:
                self.on_broken_pipe()

    def on_broken_pipe(self) -> None:
        """Nothing more is written, not even at exit."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


class Voice:
    """How loud the program is, and where it speaks. There is one; `switch_on` and `switch_off` change it."""

    screen: Console | None = None
    log: TextIO | None = None
    transcript: TextIO | None = None
    quiet: bool = True
    verbose: bool = False

    @property
    def live(self) -> bool:
        """True when bars and live tables can be drawn."""
        return self.screen is not None and not self.quiet and self.screen.is_terminal

    def print(self, renderable: RenderableType, style: str = "") -> None:
        """Put something on the screen, if there is one."""
        if self.screen is not None:
            self.screen.print(renderable, style=style or None, markup=False, highlight=False, soft_wrap=True)

    def write_down(self, text: str) -> None:
        """Add a line to the transcript, if there is one."""
        if self.transcript is None:
            return
        try:
            self.transcript.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {text}\n")
        except OSError as error:
            error.filename = self.transcript.name
            raise


_voice = Voice()


# --- switching ----------------------------------------------------------------------------------------------------


def switch_on(
    *,
    quiet: bool = False,
    verbose: bool = False,
    colour: bool | None = None,
    log: Path | None = None,
    stream: TextIO | None = None,
) -> None:
    """Let the functions of this module speak.

    Args:
        quiet: only warnings.
        verbose: details, too.
        colour: False forbids colour; None leaves it to the terminal and to NO_COLOR.
        log: file to which every event is appended as one JSON document a line.
        stream: where to speak; stderr when not given.
    """
    switch_off()
    _voice.log = log.open("a", encoding="utf-8", buffering=1) if log else None
    _voice.screen = Stderr(file=stream or sys.stderr, no_color=True if colour is False else None)
    _voice.quiet, _voice.verbose = quiet, verbose


def switch_off() -> None:
    """Be silent again, and close the log."""
    _close_log()
    _voice.screen = None
    _voice.quiet, _voice.verbose = True, False


def _close_log() -> None:
    log, _voice.log = _voice.log, None
    if log is not None:
        with suppress(OSError):  # it has been said where it was met first
            log.close()


@contextmanager
def transcript(path: Path) -> Generator[None]:
    """Append what is said while the block runs to a text file, with the time, whether or not it is shown."""
    _voice.transcript = file = path.open("a", encoding="utf-8", buffering=1)
    try:
        yield
    finally:
        _voice.transcript = None
        with suppress(OSError):  # it was met first where it was written
            file.close()


# --- messages -----------------------------------------------------------------------------------------------------


def say(text: str) -> None:
    """Tell what is going on; one line, not shown with --quiet."""
    event("say", text=text)
    _voice.write_down(text)
    if not _voice.quiet:
        _voice.print(text)


def warn(text: str) -> None:
    """Tell what is doubtful; shown even with --quiet."""
    event("warning", text=text)
    _voice.write_down(f"warning: {text}")
    _voice.print(f"warning: {text}", style="yellow")


def verbose(text: str, **facts: Fact) -> None:
    """Tell a detail; shown with --verbose only."""
    event("detail", text=text, **facts)
    if _voice.verbose:
        _voice.print(text, style="dim")


def event(kind: str, **facts: Fact) -> None:
    """Write one JSON line to the log for machines; nothing on the screen. A log that cannot be written is given up."""
    if _voice.log is None:
        return
    stamp, log = round(time.time(), 3), _voice.log
    try:
        log.write(json.dumps({"time": stamp, "event": kind, **facts}, ensure_ascii=False) + "\n")
    except OSError as error:
        _close_log()
        warn(f"{log.name}: {error.strerror}: the log ends here, and the work goes on")


# --- progress -----------------------------------------------------------------------------------------------------


def progress(items: Iterable[Item], description: str, total: int | None = None) -> Iterator[Item]:
    """Yield `items`, showing how far they are: a bar on a terminal, else one line a tenth.

    Args:
        items: what is worked on.
        description: what is done with them, in two or three words: "reading headers".
        total: their number, where `len` cannot tell.
    """
    count = total if total is not None or not isinstance(items, Sized) else len(items)
    if _voice.live:
        return _bar(items, description, count)
    if _voice.quiet and _voice.log is None:
        return iter(items)
    return _tenths(items, description, count)


def _bar(items: Iterable[Item], description: str, total: int | None) -> Iterator[Item]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(compact=True))
    bar = Progress(*columns, console=_voice.screen, transient=True, refresh_per_second=REFRESHES_PER_SECOND)
    with bar:
        yield from bar.track(items, total=total, description=description)
    event("progress", text=description, done=total, total=total)


def _tenths(items: Iterable[Item], description: str, total: int | None) -> Iterator[Item]:
    done = shown = 0
    begin = time.monotonic()
    for item in items:
        yield item
        done += 1
        tenth = done * 10 // total if total else 0
        if tenth > shown and time.monotonic() - begin >= PATIENCE:
            _say_progress(description, done, total)
        shown = tenth
    if not total and time.monotonic() - begin >= PATIENCE:
        _say_progress(description, done, total)


def _say_progress(description: str, done: int, total: int | None) -> None:
    event("progress", text=description, done=done, total=total)
    if not _voice.quiet:
        _voice.print(f"{description} {done:,} of {total:,}" if total else f"{description} {done:,}")


# --- live tables --------------------------------------------------------------------------------------------------


class View:
    """A picture of the work that is drawn again and again in place; handed out by `live`."""

    def __init__(self, render: Callable[[], RenderableType], screen: Live | None) -> None:
        self._render = render
        self._screen = screen
        self._next = 0.0

    def refresh(self) -> None:
        """Draw again if the last time is long enough ago; cheap enough to be called at every step."""
        now = time.monotonic()
        if self._screen is not None and now >= self._next:
            self._next = now + 1 / REFRESHES_PER_SECOND
            self._screen.update(self._render(), refresh=True)

    def line(self, text: str, **facts: Fact) -> None:
        """The same in one line, for a screen that cannot be drawn over and for the log; call it at each landmark."""
        event("progress", text=text, **facts)
        _voice.write_down(text)
        if self._screen is None and not _voice.quiet:
            _voice.print(text)


@contextmanager
def live(render: Callable[[], RenderableType]) -> Generator[View]:
    """Show what `render` returns (a rich table, say) while the block runs, and leave its last state on the screen.

    On a terminal `View.refresh` draws it in place; elsewhere only `View.line` is seen. Messages may be sent meanwhile.
    """
    if not _voice.live:
        yield View(render, None)
        return
    with Live(console=_voice.screen, auto_refresh=False) as screen:
        try:
            yield View(render, screen)
        finally:
            screen.update(render(), refresh=True)
