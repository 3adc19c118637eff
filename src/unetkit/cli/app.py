"""The entry point: which commands there are, how a call is parsed, and how it ends.

A command's file is imported when the command is called, so that `unetkit --help` costs next to nothing.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import stat
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from cyclopts import App, Group, Parameter
from rich.console import Console

from unetkit.cli.call import Call, current_call
from unetkit.cli.help import HelpPage
from unetkit.cli.screen import Screen, take_screen_flags

if TYPE_CHECKING:
    from unetkit.cli.command import Outcome


@dataclass(frozen=True, slots=True)
class Row:
    """A command: the function behind it, its usage line and what it is for."""

    target: str
    usage: str
    help: str
    examples: tuple[str, ...] = ()


COMMANDS: dict[str, Row] = {
    "demo": Row(
        "unetkit.cli.demo:demo",
        "[OUT]",
        "Render sea scenes, then check, train, evaluate, predict and report; 3 minutes at most.",
        ("unetkit demo", "unetkit demo infrared-demo --kind infrared"),
    ),
    "check": Row(
        "unetkit.cli.check:check",
        "DATA",
        "What is in a folder of images and masks, what is wrong with it, and what to do.",
        ("unetkit check photos", "unetkit check photos --all --json"),
    ),
    "train": Row(
        "unetkit.cli.train:train",
        "[DATA]",
        "From a folder of images and masks to a model.",
        (
            "unetkit train photos --minutes 10",
            "unetkit train photos --recipe horizon --seed 1 --out runs/first",
            "unetkit train --resume runs/first",
        ),
    ),
    "evaluate": Row(
        "unetkit.cli.evaluate:evaluate",
        "MODEL [DATA]",
        "Scores of a model, with the protocol and both baselines beside them.",
        ("unetkit evaluate runs/first", "unetkit evaluate runs/first other-photos --split all"),
    ),
    "compare": Row(
        "unetkit.cli.compare:compare",
        "RUN RUN...",
        "Histories of runs side by side, what they differ in, and their curves in one image.",
        ("unetkit compare runs/first runs/second", "unetkit compare runs/three --axis minutes --out three.svg"),
    ),
    "predict": Row(
        "unetkit.cli.predict:predict",
        "MODEL INPUT...",
        "Masks, colour masks and overlays for images, folders and globs.",
        ("unetkit predict runs/first new-photos", "unetkit predict runs/first 'new/*.jpg' --out masks"),
    ),
    "import-weights": Row(
        "unetkit.cli.import_weights:import_weights",
        "FILE",
        "Weights of another program (PyTorch, Keras) as a model file; equal images then give equal scores.",
        (
            "unetkit import-weights carvana.pth --network infrared-double --classes 0=road,1=car --size fit:640x960",
            "unetkit import-weights carla.h5 --network carla --classes carla",
        ),
    ),
    "report": Row(
        "unetkit.cli.report:report",
        "RUN",
        "Write the page of a run again: curves, scores, confusion, best and worst images.",
        ("unetkit report runs/first",),
    ),
    "recipes": Row(
        "unetkit.cli.recipes:recipes",
        "[NAME]",
        "Settings that suit a known kind of data, and what is known about it.",
        ("unetkit recipes", "unetkit recipes horizon"),
    ),
    "config": Row(
        "unetkit.cli.config:config",
        "[JOB] [FILE]",
        "Every setting as commented YAML, its JSON Schema, or a check of a file.",
        ("unetkit config train > mine.yaml", "unetkit config mine.yaml", "unetkit config train --schema"),
    ),
}
EPILOGUE = "unetkit COMMAND --help tells more. The first steps: unetkit demo, then unetkit check YOUR-FOLDER."


def main(argv: Sequence[str] | None = None, *, started: float | None = None) -> int:
    """Serve one call and return its exit code.

    Args:
        argv: the words after `unetkit`; those of the process when not given.
        started: `time.time()` at which the process began; now when not given.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        _show_any_name(stream)
    try:
        return _serve(words, time.time() if started is None else started)
    except BrokenPipeError:
        return _leave_quietly()


def build_app(screen: Screen) -> App:
    """The cyclopts application; cheap, and made anew for each call."""
    app = App(
        name="unetkit",
        help="From a folder of images and masks to a segmentation model in use.",
        usage="unetkit COMMAND ...",
        version=_version,
        help_formatter=HelpPage(screen.everything),
        help_format="plaintext",
        help_epilogue=EPILOGUE,
        group_arguments=Group("What it works on", sort_key=0),
        default_parameter=Parameter(negative_none=()),
        console=_stdout(screen),
        print_error=False,
        exit_on_error=False,
        suppress_keyboard_interrupt=False,
        result_action="return_value",
    )
    for place, (name, row) in enumerate(COMMANDS.items()):
        epilogue = "Examples\n" + "\n".join(f"  {example}" for example in row.examples)
        usage = f"unetkit {name} {row.usage} [FLAGS]"
        app.command(row.target, name=name, help=row.help, usage=usage, help_epilogue=epilogue, sort_key=place)
    return app


def _serve(words: list[str], started: float) -> int:
    screen = Screen(json="--json" in words, debug="--debug" in words)
    try:
        screen, rest = take_screen_flags(words)
        current_call.set(Call(tuple(rest), started, screen))
        _switch_console_on(screen)
        outcome = build_app(screen)(rest)
        return _report(outcome, screen) if outcome is not None else 0
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place where everything ends
        return _fail(error, words, screen)
    finally:
        _switch_console_off()


def _report(outcome: Outcome, screen: Screen) -> int:
    with _told_if_nobody_reads():
        if screen.json:
            _print_json(outcome.document)
        else:
            outcome.view(outcome.document, _stdout(screen))
        sys.stdout.flush()
    return outcome.exit_code


def _fail(error: BaseException, words: Sequence[str], screen: Screen) -> int:
    from unetkit import console
    from unetkit.cli.failures import error_document, explain, print_block, print_trace

    told = explain(error, list(COMMANDS))
    no_colour = True if screen.colour is False else None
    with contextlib.suppress(OSError):  # nobody is there to see it
        if screen.debug:
            print_trace(error)
    print_block(told, words, console.Stderr(stderr=True, no_color=no_colour, highlight=False))
    try:
        with _told_if_nobody_reads():
            if screen.json:
                _print_json(error_document(told, words))
                sys.stdout.flush()
    except BrokenPipeError:
        _leave_quietly()
    return told.exit_code


@contextlib.contextmanager
def _told_if_nobody_reads() -> Generator[None]:
    """A terminal that hung up is a reader of stdout that has gone; a disk that fails under it is not.

    Raises:
        BrokenPipeError: nobody reads what the block writes.
    """
    try:
        yield
    except OSError as error:
        if error.errno == errno.EIO and stat.S_ISCHR(os.fstat(sys.stdout.fileno()).st_mode):
            raise BrokenPipeError from error
        raise


def _switch_console_on(screen: Screen) -> None:
    from unetkit import console

    console.switch_on(quiet=screen.quiet, verbose=screen.verbose, colour=screen.colour, log=screen.log)


def _switch_console_off() -> None:
    from unetkit import console

    console.switch_off()


class _Results(Console):
    """stdout; when its reader has gone, that is told to `main` instead of ending the process here."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def _stdout(screen: Screen) -> Console:
    return _Results(no_color=True if screen.colour is False else None, highlight=False)


def _print_json(document: Mapping[str, Any]) -> None:
    print(json.dumps(_finite(document), indent=2, allow_nan=False))


def _finite(value: object) -> object:
    """JSON knows no NaN and no infinity; they become null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in cast("Sequence[object]", value)]
    return value


def _show_any_name(stream: Any) -> None:
    """A file name that is no UTF-8 is shown with its bytes escaped instead of stopping the program."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def _leave_quietly() -> int:
    """Whoever read our output has gone (`| head`): nothing more is written, not even at exit."""
    for stream in (sys.stdout, sys.stderr):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return 0


def _version() -> str:
    import unetkit

    return unetkit.__version__
