"""The reference pages under `docs/reference/`, drawn from the commands and the settings.

`python -m unetkit.cli.reference` writes them. A test compares the pages with what this module draws, so that they
cannot fall behind.
"""

import inspect
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

from cyclopts import Parameter

from unetkit.cli.app import COMMANDS
from unetkit.cli.screen import LOG, LOG_HELP, SWITCHES
from unetkit.config.jobs import JOBS
from unetkit.config.keys import Key, keys_of, sections_of
from unetkit.config.schema import schema_of
from unetkit.config.writing import scalar
from unetkit.extras import resolve
from unetkit.recipes.recipe import all_recipes

FOLDER = Path("docs/reference")
HEAD = "<!-- Drawn by `python -m unetkit.cli.reference`; a test compares. Do not edit. -->\n"


def pages() -> dict[str, str]:
    """Every page by its path under `docs/reference/`."""
    schemas = {f"schema/{name}.json": json.dumps(schema_of(JOBS[name], name), indent=2) + "\n" for name in JOBS}
    return {"commands.md": _commands(), "settings.md": _settings(), "recipes.md": _recipes(), **schemas}


def write_pages(folder: Path) -> None:
    """Write every page under `folder`."""
    for name, text in pages().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


# --- commands ---------------------------------------------------------------------------------------------------------


def _commands() -> str:
    parts = [HEAD, "# Commands\n", "`unetkit COMMAND --help` shows the common flags, `--help-all` every one.\n"]
    for name, row in COMMANDS.items():
        parts += [f"## unetkit {name}\n", row.help, "\n```text", f"unetkit {name} {row.usage} [FLAGS]", "```\n"]
        parts += [*_arguments(resolve(row.target)), *_flags(name), "```sh", *row.examples, "```\n"]
    parts += ["## What is shown\n", "These hold for every command and may stand anywhere.\n", "| flag | |", "|---|---|"]
    parts += [f"| `{flag}` | {text} |" for flag, (text, _) in SWITCHES.items()]
    return "\n".join([*parts, f"| `{LOG} FILE` | {LOG_HELP} |"]) + "\n" + EXIT_CODES


EXIT_CODES = """
## Exit codes

| code | |
|---|---|
| 0 | done |
| 1 | done, and something is wrong: a finding of severity error, some inputs failed, training met NaN |
| 2 | the input or the usage is wrong |
| 3 | the machine said no: disk full, no memory, no permission, a device or a package missing |
| 70 | a bug in unetkit |
| 130, 143, 138, 129 | stopped by `SIGINT`, `SIGTERM`, `SIGUSR1` or `SIGHUP`; what can be gone on with is saved |
"""


def _arguments(function: Callable[..., Any]) -> Iterator[str]:
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL)
    rows = [_argument(one) for one in inspect.signature(function).parameters.values() if one.kind in positional]
    yield from ("| argument | |", "|---|---|", *rows, "")


def _argument(parameter: inspect.Parameter) -> str:
    shown: Parameter = get_args(parameter.annotation)[1]
    default = parameter.default if isinstance(parameter.default, str) else ""
    name = next(iter(shown.name or ()))
    return f"| `{name}` | {shown.help}{f'; `{default}` when left out' if default else ''} |"


def _flags(command: str) -> Iterator[str]:
    if command not in JOBS:
        return
    keys = [key for key in keys_of(JOBS[command]).values() if len(key.path) == 1]
    yield from ("| flag | | default |", "|---|---|---|")
    for key in keys:
        yield f"| {_flag(key, key.flags[0])} | {_meaning(key)} | {_default(key)} |"
    sections = [f"[{name}](settings.md#{name})" for name in sections_of(JOBS[command])]
    yield f"\nSettings: {', '.join(sections)}.\n" if sections else ""


# --- settings ---------------------------------------------------------------------------------------------------------


def _settings() -> str:
    sections = {name: model for job in JOBS.values() for name, model in sections_of(job).items()}
    parts = [HEAD, "# Settings\n", PRECEDENCE]
    for section, model in sections.items():
        jobs = ", ".join(f"`{name}`" for name, job in JOBS.items() if section in sections_of(job))
        parts += [
            f"## {section}\n",
            f"{model.__doc__} For {jobs}.\n",
            "| setting | flag | | default |",
            "|---|---|---|---|",
        ]
        owner = next(job for job in JOBS.values() if section in sections_of(job))
        parts += [_setting(key) for key in keys_of(owner).values() if key.path[0] == section]
        parts += [""]
    return "\n".join(parts)


PRECEDENCE = """A value is looked for in this order, and the first that is found counts: a flag
(`--training.learning-rate 1e-3`, or its short form), `--config FILE` (the last of several), the environment
(`UNETKIT_TRAINING__LEARNING_RATE`), the recipe's variant, the network's preset, the default. `--dry-run` prints every
value with where it came from.

Two groups belong together. Whoever names a budget (minutes, epochs, steps or a plan) puts aside the budgets that stand
further down in this order, and whoever names a network preset puts aside the network settings further down.

`unetkit config JOB` prints all of a job's settings as YAML, `unetkit config JOB --schema` the JSON Schema that
[editors](schema/train.json) complete and check it with.
"""


def _setting(key: Key) -> str:
    short = f"{_flag(key, key.short)}" if key.short else _flag(key, key.flag)
    return f"| `{key.name}` | {short} | {_meaning(key)} | {_default(key)} |"


def _flag(key: Key, name: str) -> str:
    return f"`{name}{'' if key.is_switch else f' {key.shown}'}`"


def _meaning(key: Key) -> str:
    limits = ", ".join(f"`{choice}`" for choice in key.choices) or key.bounds
    text = key.help.replace("|", "\\|").replace("<", "&lt;")
    return f"{text} ({limits})" if limits else text


def _default(key: Key) -> str:
    return "" if key.default is None else f"`{scalar(key.default)}`"


# --- recipes ----------------------------------------------------------------------------------------------------------


def _recipes() -> str:
    parts = [HEAD, "# Recipes\n", "`unetkit recipes NAME` tells all about one.\n"]
    parts += ["| recipe | for | the source reported | which is |", "|---|---|---|---|"]
    for recipe in all_recipes():
        parts.append(f"| `{recipe.name}` | {recipe.title} | {recipe.reported} | {recipe.truth} |")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
