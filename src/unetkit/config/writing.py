"""Settings as commented YAML: the defaults to start from, and the resolved configuration with its origins."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from unetkit.config.base import Settings
from unetkit.config.keys import Key, Path, keys_of, sections_of

_PLAIN_TEXT = re.compile(r"(?!\.[\d_inIN])[A-Za-z_./][\w./+*-]*(?: [\w./+*-]+)*")
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_READ_OTHERWISE = {"true", "false", "null", "yes", "no", "on", "off", "none", "y", "n"}
COMMENT_COLUMN = 40


def to_yaml(settings: Settings, comment: Callable[[Key], str] = lambda _: "") -> str:
    """Every setting with its value as YAML; `comment` says what stands behind each."""
    job = type(settings)
    lines: list[str] = []
    section = ""
    for key in sorted(keys_of(job).values(), key=lambda key: len(key.path) > 1):
        if key.path[0] != section and len(key.path) > 1:
            section = key.path[0]
            lines += ["", f"{section}:"]
        lines.append(_line(key, value_at(settings, key.path), comment(key)))
    return "\n".join(line for line in lines).lstrip("\n") + "\n"


def commented_defaults(job: type[Settings], name: str) -> str:
    """The defaults of `job` as YAML that explains itself: sections, meanings, choices and bounds."""
    head = f"# unetkit {name}: every setting with its default. Keep the lines you change.\n"
    return head + "\n".join(_explained(job)) + "\n"


def value_at(settings: Settings, path: Path) -> Any:
    """The value at `path` in `settings`."""
    value: Any = settings
    for name in path:
        value = getattr(value, name)
    return value


def scalar(value: object) -> str:
    """A plain value as YAML 1.2 writes it on one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and (not _PLAIN_TEXT.fullmatch(value) or value.lower() in _READ_OTHERWISE):
        return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
    return str(value)


def _explained(job: type[Settings]) -> Iterator[str]:
    sections = sections_of(job)
    section = ""
    for key in sorted(keys_of(job).values(), key=lambda key: len(key.path) > 1):
        if key.path[0] in sections and key.path[0] != section:
            section = key.path[0]
            purpose = (sections[section].__doc__ or "").strip().partition("\n")[0]
            yield from ("", f"# {purpose}", f"{section}:")
        indent = "  " * (len(key.path) - 1)
        yield f"{indent}# {key.help}{_limits(key)}"
        yield f"{indent}{key.path[-1]}: {scalar(key.default)}"


def _limits(key: Key) -> str:
    limits = " | ".join(map(str, key.choices)) or key.bounds
    return f" [{limits}]" if limits else ""


def _line(key: Key, value: object, comment: str) -> str:
    text = f"{'  ' * (len(key.path) - 1)}{key.path[-1]}: {scalar(value)}"
    return f"{text:<{COMMENT_COLUMN}}  # {comment}" if comment else text
