"""What every settings model shares: frozen, strict about unknown keys, and plain."""

from collections.abc import Mapping
from types import NoneType
from typing import Any, Literal, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

# What unsets a value that may be unset: for a text the empty one, as "none" may be a name; for a number also in words.
_UNSET = {True: {""}, False: {"", "none", "null"}}


class Settings(BaseModel):
    """Base of all settings: frozen, unknown keys refused, defaults validated.

    Values may come as they stand in a YAML file, in an environment variable or in a flag: `val: 0.2` and
    `val: [b4, d3]` are texts here, "2" is a number where a number is expected; "" (for a number also "none") unsets
    what may be unset.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, values: object) -> object:
        if not isinstance(values, Mapping):
            return values
        given = cast("Mapping[str, object]", values)
        fields = cls.model_fields
        return {
            name: _fitted(value, fields[name].annotation) if name in fields else value for name, value in given.items()
        }


def setting(default: Any, help: str, *, short: str | None = None, shown: str = "", **bounds: Any) -> Any:
    """A field of a settings model.

    Args:
        default: the value when nobody says anything.
        help: one sentence; it becomes the flag's help, the YAML comment, the schema's description and the manual's row.
        short: the short flag beside the one by path: "--lr" for `--training.learning-rate`.
        shown: what stands for the value on help pages: "FILE"; by its kind when not given.
        bounds: `ge`, `gt`, `le`, `lt`, `min_length` ..., checked by pydantic.
    """
    extra: dict[str, JsonValue] = {name: word for name, word in (("short", short), ("shown", shown)) if word}
    return Field(default, description=help, json_schema_extra=extra or None, **bounds)


def members(annotation: object) -> tuple[object, ...]:
    """The types that a field may have, without None: `int | None` gives (int,)."""
    parts = get_args(annotation) if get_origin(annotation) is not Literal else ()
    return tuple(part for part in parts if part is not NoneType) or (annotation,)


def choices_of(annotation: object) -> tuple[Any, ...]:
    """The values of a Literal, else nothing."""
    kinds = members(annotation)
    return get_args(kinds[0]) if get_origin(kinds[0]) is Literal else ()


def is_optional(annotation: object) -> bool:
    """True when the field may be None."""
    return NoneType in get_args(annotation)


def _fitted(value: object, annotation: object) -> object:
    if isinstance(value, str):
        return _from_text(value, annotation)
    kinds = members(annotation)
    if str in kinds or any(isinstance(choice, str) for choice in choices_of(annotation)):
        return _as_text(value)
    if isinstance(value, bool) and bool not in kinds:
        return str(value).lower()  # no number: pydantic would take true for 1
    return value


def _from_text(value: str, annotation: object) -> object:
    if is_optional(annotation) and value.lower() in _UNSET[str in members(annotation)]:
        return None
    numbers = {str(choice): choice for choice in choices_of(annotation) if not isinstance(choice, str)}
    return numbers.get(value, value)


def _as_text(value: object) -> object:
    if isinstance(value, list):
        return ",".join(str(item) for item in cast("list[object]", value))
    if isinstance(value, Mapping):
        return ",".join(f"{key}={item}" for key, item in cast("Mapping[object, object]", value).items())
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
