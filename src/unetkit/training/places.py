"""Where the files lie that training begins with, said so that it is true from every working directory."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from unetkit.config.base import Settings
from unetkit.config.jobs import TrainSettings
from unetkit.config.writing import value_at
from unetkit.data.classes import class_file

Kind = TypeVar("Kind", bound=Settings)

FILES = (("start_from",), ("network", "encoder_weights"), ("training", "plan"))


def with_whole_paths(settings: TrainSettings) -> TrainSettings:
    """The settings with these files by absolute paths: a run may go on from another folder than it began in.

    So is the file of the classes, where that is how they are said.
    """
    files = {path: place for path in FILES if (place := value_at(settings, path)) is not None}
    if (classes := class_file(settings.data.classes or "")) is not None:
        files["data", "classes"] = str(classes)
    for path, place in files.items():
        settings = _with(settings, path, str(Path(place).absolute()))
    return settings


def _with(settings: Kind, path: tuple[str, ...], value: str) -> Kind:
    name, *rest = path
    inner = _with(getattr(settings, name), tuple(rest), value) if rest else value
    return settings.model_copy(update={name: inner})
