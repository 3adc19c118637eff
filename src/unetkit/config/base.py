"""What every settings model shares: frozen, strict about unknown keys, and plain."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """Base of all settings: frozen, unknown keys refused, defaults validated."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)


def setting(default: Any, help: str, *, short: str | None = None, **bounds: Any) -> Any:
    """A field of a settings model.

    Args:
        default: the value when nobody says anything.
        help: one sentence; it becomes the flag's help, the YAML comment, the schema's description and the manual's row.
        short: the short flag beside the one by path: "--lr" for `--training.learning-rate`.
        bounds: `ge`, `gt`, `le`, `lt`, `min_length` ..., checked by pydantic.
    """
    extra = {"short": short} if short else None
    return Field(default, description=help, json_schema_extra=extra, **bounds)
