"""Settings as flags: every setting of a job by its path, `--training.learning-rate`, the common ones also short."""

import inspect
from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import Group, Parameter

from unetkit.cli.screen import LOG, LOG_HELP, SWITCHES
from unetkit.config.base import Settings
from unetkit.config.keys import Key, keys_of
from unetkit.config.layers import Given, Layer

TITLES = {
    "": "This command",
    "data": "Data",
    "network": "Network",
    "loss": "Loss",
    "augmentation": "Augmentation",
    "training": "Training",
}
GROUPS = {name: Group(title, sort_key=place) for place, (name, title) in enumerate(TITLES.items(), start=1)}
CONFIGURATION = Group("Configuration", sort_key=8)
SCREEN = Group("What is shown", sort_key=9)


def setting_parameters(job: type[Settings]) -> list[inspect.Parameter]:
    """One keyword-only parameter for each setting of `job`."""
    return [_keyword(_identifier(key), _annotation(key)) for key in keys_of(job).values()]


def configuration_parameters() -> list[inspect.Parameter]:
    """`--config` and `--dry-run`."""
    files = Parameter(
        name="--config",
        help="YAML file of settings; may be given several times, the later wins",
        group=CONFIGURATION,
        metavar="FILE",
        negative=(),
    )
    dry = Parameter(
        name="--dry-run",
        help="print the settings with where each came from, and stop",
        group=CONFIGURATION,
        negative=(),
    )
    return [_keyword("config", Annotated[list[str] | None, files]), _keyword("dry_run", Annotated[bool, dry], False)]


def screen_parameters() -> list[inspect.Parameter]:
    """The flags of `screen`, for the help page only: they are taken out before the line is parsed."""
    switches = [
        _keyword(name.strip("-").replace("-", "_"), Annotated[bool, _shown(name, text)], False)
        for name, (text, _) in SWITCHES.items()
    ]
    return [*switches, _keyword("log_json", Annotated[str | None, _shown(LOG, LOG_HELP, "FILE")])]


def flag_layer(job: type[Settings], given: Mapping[str, Any]) -> Layer:
    """The layer of the flags that were given, by the names of their parameters."""
    keys = {_identifier(key): key for key in keys_of(job).values()}
    return {
        keys[name].path: Given(value, f"flag {keys[name].flags[0]}") for name, value in given.items() if name in keys
    }


def _identifier(key: Key) -> str:
    return "__".join(key.path)


def _annotation(key: Key) -> Any:
    group = GROUPS["" if len(key.path) == 1 else key.path[0]]
    if key.is_switch:
        return Annotated[bool | None, Parameter(name=key.flags, help=key.help, group=group)]
    # Every value is text here: one place, the settings' models, judges flags, files and variables.
    number = key.kind in {"number", "whole number"}
    text = f"{key.help}{_limits(key)}"
    shown = Parameter(name=_names(key), help=text, group=group, metavar=key.shown, allow_leading_hyphen=number)
    return Annotated[str | None, shown]


def _names(key: Key) -> list[str]:
    """Its flags, the short one first unless the other goes on from it, as `--network.preset` does.

    Cyclopts takes the first name with which the word begins: after `--network` it would never try the other.
    """
    return sorted(key.flags, key=lambda flag: not flag.startswith(f"{key.short}."))


def _limits(key: Key) -> str:
    choices = " | ".join(map(str, key.choices))
    default = "" if key.default in {None, ""} else f"default: {key.default}"
    notes = "; ".join(note for note in (choices, default) if note)
    return f" [{notes}]" if notes else ""


def _shown(name: str, text: str, metavar: str | None = None) -> Parameter:
    return Parameter(name=name, help=text, group=SCREEN, metavar=metavar, negative=())


def _keyword(name: str, annotation: Any, default: Any = None) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
