"""What is said about an unknown key or a wrong value: what, where, the nearest right one, and the choices."""

import difflib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from unetkit.config.base import Settings
from unetkit.config.keys import Key, Path, keys_of, sections_of
from unetkit.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails


def unknown_key(job: type[Settings], path: Path, where: str) -> ConfigError:
    """The error for a key that `job` does not have."""
    name = ".".join(path)
    section = path[0] if len(path) > 1 and path[0] in sections_of(job) else ""
    siblings = [key.path[-1] for key in keys_of(job).values() if key.path[:-1] == ((section,) if section else ())]
    choices = siblings if section else [*siblings, *sections_of(job)]
    what = f"there is no setting '{name}'"
    return ConfigError(what, where=where, advice=f"{_guess(_nearest_keys(job, path))}{_choices(choices, section)}")


def wrong_values(job: type[Settings], error: "ValidationError", origins: Mapping[Path, str]) -> ConfigError:
    """The error for values that the models refuse."""
    found = [_one(job, detail, origins) for detail in error.errors(include_url=False)]
    if len(found) == 1:
        return found[0]
    where = "\n".join(f"{problem.where}: {problem.what}" for problem in found)
    return ConfigError(f"{len(found)} settings are wrong", where=where, advice=found[0].advice)


def _one(job: type[Settings], detail: "ErrorDetails", origins: Mapping[Path, str]) -> ConfigError:
    path = tuple(str(part) for part in detail["loc"] if not isinstance(part, int))
    key = next((keys_of(job)[path[:end]] for end in range(len(path), 0, -1) if path[:end] in keys_of(job)), None)
    where = origins.get(key.path if key else path, "")
    if key is None:
        return ConfigError(_reason(detail), where=where or ".".join(path))
    what = f"{key.name} cannot be {_shown(detail['input'])}: {_reason(detail, key)}"
    return ConfigError(what, where=where, advice=_choice_advice(key, detail["input"]))


def _reason(detail: "ErrorDetails", key: Key | None = None) -> str:
    if detail["type"] == "value_error":
        return str(detail.get("ctx", {}).get("error", detail["msg"]))
    if key is None:
        return detail["msg"]
    if key.choices:
        return "it is none of the choices"
    bounds = f", {key.bounds}" if key.bounds else ""
    return f"it must be {'' if key.is_switch else 'a '}{key.kind}{bounds}"


def _choice_advice(key: Key, value: Any) -> str:
    if not key.choices:
        return f"{key.name}: {key.help}"
    names = [str(choice) for choice in key.choices]
    return f"{_guess(_nearest(str(value), names))}{_choices(names)}"


def _shown(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else "empty" if value is None else str(value)


def _nearest_keys(job: type[Settings], path: Path) -> list[str]:
    """The same word in another section, else what is spelt alike."""
    keys = list(keys_of(job).values())
    word = path[-1].replace("-", "_")
    shorts = {key.short.lstrip("-").replace("-", "_"): key.name for key in keys if key.short}
    same = [key.name for key in keys if key.path[-1] == word and key.path != path]
    if same or word in shorts:
        return same or [shorts[word]]
    names = {key.name: key.name for key in keys} | {key.path[-1]: key.name for key in keys} | shorts
    names |= {section: section for section in sections_of(job)} if len(path) == 1 else {}
    near = _nearest(".".join(path).replace("-", "_"), list(names)) or _nearest(word, list(names))
    return [names[name] for name in near]


def _nearest(word: str, names: Sequence[str]) -> list[str]:
    return difflib.get_close_matches(word, names, n=1, cutoff=0.5)


def _guess(near: Sequence[str]) -> str:
    return f"did you mean '{near[0]}'? " if near else ""


def _choices(names: Sequence[str], section: str = "") -> str:
    return f"choices{f' in {section}' if section else ''}: {', '.join(names)}"
