"""A command line that does not parse, said in our words: what, the nearest right word, and the choices."""

import difflib
from collections.abc import Sequence

from cyclopts import (
    CycloptsError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

from unetkit.errors import UsageError


def usage_error(error: CycloptsError, commands: Sequence[str]) -> UsageError:
    """The error of ours for one of cyclopts."""
    name = " ".join(error.command_chain or ())
    where = f"unetkit {name}".strip()
    if isinstance(error, UnknownCommandError):
        return _unknown_command(error, commands)
    if isinstance(error, UnknownOptionError):
        return _unknown_flag(error, name)
    if isinstance(error, UnusedCliTokensError):
        words = ", ".join(f"'{word}'" for word in error.unused_tokens or ())
        return UsageError(f"{words}: more than this command takes", where=where, advice=f"{where} --help")
    if isinstance(error, MissingArgumentError) and error.argument is not None:
        return _missing(error, where)
    if isinstance(error, RepeatArgumentError):
        return UsageError(f"{error.token.keyword} is given twice", where=where, advice="give it once")
    error.verbose = False
    return UsageError(str(error), where=where, advice=f"{where} --help")


def _unknown_command(error: UnknownCommandError, commands: Sequence[str]) -> UsageError:
    word = next(iter(error.unused_tokens or ("",)))
    near = difflib.get_close_matches(word, commands, n=1, cutoff=0.5)
    guess = f"did you mean '{near[0]}'? " if near else ""
    return UsageError(f"there is no command '{word}'", where="unetkit", advice=f"{guess}choices: {', '.join(commands)}")


def _unknown_flag(error: UnknownOptionError, command: str) -> UsageError:
    word = (error.token.keyword or error.token.value).partition("=")[0]
    names = [name for argument in error.argument_collection for name in argument.names if name.startswith("--")]
    known = [name for name in names if not name.startswith("--no-") and ".no-" not in name]
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5) or _last_part(word, known)
    guess = f"did you mean {near[0]}? " if near else ""
    section = word.partition(".")[0] + "."
    siblings = [name for name in known if name.startswith(section)] or [name for name in known if "." not in name]
    advice = f"{guess}choices: {', '.join(dict.fromkeys(siblings))}\nunetkit {command} --help-all".rstrip()
    return UsageError(f"there is no flag {word}", where=f"unetkit {command}", advice=advice)


def _last_part(word: str, known: Sequence[str]) -> list[str]:
    """`--learning-rate` is meant for `--training.learning-rate`."""
    ends = {name.rpartition(".")[2]: name for name in known if "." in name}
    return [ends[end] for end in difflib.get_close_matches(word.lstrip("-"), list(ends), n=1, cutoff=0.7)]


def _missing(error: MissingArgumentError, where: str) -> UsageError:
    argument = error.argument
    name = error.keyword or (argument.name if argument else "")
    if name.startswith("--"):
        return UsageError(f"{name} needs a value", where=where, advice=f"{where} --help")
    return UsageError(f"{name} is missing", where=where, advice=f"{where} --help")
