"""Every setting of a job as one flat table: its path, flags, kind, choices, bounds, default and meaning.

Flags, commented YAML, messages and the reference page are all drawn from these rows, so none can say anything else.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from pydantic.fields import FieldInfo

from unetkit.config.base import Settings, choices_of, is_optional, members

Path = tuple[str, ...]

_KINDS: dict[object, str] = {int: "whole number", float: "number", bool: "yes or no", str: "text"}
_SHOWN = {"whole number": "N", "number": "X", "yes or no": "", "text": "TEXT", "choice": "NAME"}
_BOUNDS = (("gt", "above"), ("ge", "at least"), ("lt", "below"), ("le", "at most"))


@dataclass(frozen=True, slots=True)
class Key:
    """One setting.

    Attributes:
        path: where it stands, ("training", "learning_rate").
        annotation: its type.
        default: its value when nobody says anything.
        help: its meaning, one sentence.
        short: its short flag, or None.
        shown: what stands for its value on help pages: FILE, N, NAME.
        bounds: "at least 1, below 7", or "".
    """

    path: Path
    annotation: Any
    default: Any
    help: str
    short: str | None
    shown: str
    bounds: str

    @property
    def name(self) -> str:
        """Its name in messages and on the reference page: "training.learning_rate"."""
        return ".".join(self.path)

    @property
    def flag(self) -> str:
        """Its flag by path: "--training.learning-rate"."""
        return "--" + self.name.replace("_", "-")

    @property
    def flags(self) -> tuple[str, ...]:
        """All its flags, the short one first."""
        return tuple(dict.fromkeys((self.short, self.flag))) if self.short else (self.flag,)

    @property
    def choices(self) -> tuple[Any, ...]:
        """The only values it takes, where they are counted."""
        return choices_of(self.annotation)

    @property
    def optional(self) -> bool:
        """True when it may be unset."""
        return is_optional(self.annotation)

    @property
    def is_switch(self) -> bool:
        """True for yes or no."""
        return bool in members(self.annotation)

    @property
    def kind(self) -> str:
        """Its kind of value in words."""
        return _kind(self.annotation)


@cache
def keys_of(job: type[Settings]) -> dict[Path, Key]:
    """Every setting of `job` in the order of its definition."""
    return {key.path: key for key in _walk(job, ())}


@cache
def sections_of(job: type[Settings]) -> dict[str, type[Settings]]:
    """The sections of `job`: {"data": DataSettings, ...}."""
    fields = job.model_fields.items()
    return {name: cast("type[Settings]", field.annotation) for name, field in fields if _is_section(field)}


def _walk(model: type[Settings], above: Path) -> list[Key]:
    keys: list[Key] = []
    for name, field in model.model_fields.items():
        if _is_section(field):
            keys += _walk(cast("type[Settings]", field.annotation), (*above, name))
        else:
            keys.append(_key((*above, name), field))
    return keys


def _key(path: Path, field: FieldInfo) -> Key:
    extra = cast("dict[str, str]", field.json_schema_extra or {})
    shown = extra.get("shown") or _SHOWN[_kind(field.annotation)]
    meaning = field.description or ""
    return Key(path, field.annotation, field.default, meaning, extra.get("short"), shown, _bounds(field))


def _kind(annotation: Any) -> str:
    return "choice" if choices_of(annotation) else _KINDS[members(annotation)[0]]


def _is_section(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, Settings)


def _bounds(field: FieldInfo) -> str:
    limits = ((words, getattr(limit, name, None)) for limit in field.metadata for name, words in _BOUNDS)
    return ", ".join(f"{words} {value:g}" for words, value in limits if value is not None)
