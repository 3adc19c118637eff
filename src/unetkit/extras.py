"""The one door to optional packages, and to the rows of the visible tables.

A table (`LOSSES`, `NETWORKS`, ...) holds `name: "module:Name"` strings, so that a room can be opened and its choices
listed without importing what stands behind them.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
from collections.abc import Iterable, Mapping
from typing import Any

from unetkit.errors import ConfigError, MissingExtra

# What must be importable for an extra to count as installed.
EXTRAS: dict[str, tuple[str, ...]] = {
    "train": ("torch", "matplotlib", "tensorboard"),
    "encoders": ("timm",),
    "import": ("h5py",),
}


def require(extra: str, purpose: str) -> None:
    """Raise MissingExtra, with the command that installs it, unless every module of `extra` can be imported.

    Args:
        extra: a key of `EXTRAS`.
        purpose: what needs it, for the message: "training".
    """
    missing = [name for name in EXTRAS[extra] if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtra(
            f"{purpose} needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed",
            advice=f"pip install 'unetkit[{extra}]'",
        )


def resolve(row: str) -> Any:
    """Import what a table's row names.

    Args:
        row: "package.module:Name".
    """
    module, _, name = row.partition(":")
    return getattr(importlib.import_module(module), name)


def choose(table: Mapping[str, str], name: str, what: str) -> Any:
    """Return the object behind `name`, or raise ConfigError that names the nearest choice and lists all.

    Args:
        table: rows of `name: "module:Name"`.
        what: the kind of thing, for the message: "loss".
    """
    if name not in table:
        raise unknown_choice(what, name, table)
    return resolve(table[name])


def unknown_choice(what: str, name: str, choices: Iterable[str]) -> ConfigError:
    """The error for a name that is none of the choices; it proposes the nearest."""
    names = list(choices)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    guess = f"did you mean '{near[0]}'? " if near else ""
    return ConfigError(f"there is no {what} called '{name}'", advice=f"{guess}choices: {', '.join(names)}")
