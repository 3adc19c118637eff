"""A YAML file of settings, read with the line of each value, and with nothing in it but plain values.

Refused: more than 1 MB, more than 32 levels, tags, anchors and aliases, keys given twice, several documents.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, DocumentStartEvent, NodeEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from unetkit.errors import ConfigError, PermissionRefused

LARGEST = 1_000_000
DEEPEST = 32

Plain = None | bool | int | float | str | list["Plain"]
Tree = dict[str, "Tree | Entry"]

_EXAMPLE = "unetkit config train  # prints a file with every setting"
_TAG = "tag:yaml.org,2002:"
_WORDS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Entry:
    """A value and the line it stands in, counted from 1."""

    value: Any
    line: int


def read_settings_file(path: Path) -> Tree:
    """The settings in a YAML file as a tree of sections and entries.

    Raises:
        ConfigError: it is missing, no YAML, or holds what the module's first lines refuse; the line is named.
        PermissionRefused: the system does not let us read it.
    """
    return read_settings(_text(path), str(path))


def read_settings(text: str, where: str) -> Tree:
    """As `read_settings_file`, from a text; `where` is its name in messages."""
    try:
        _refuse_what_is_not_plain(text, where)
        node: Node | None = _loader().compose(StringIO(text))
    except MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigError(f"this is not YAML: {error.problem}", where=f"{where}{line}", advice=_EXAMPLE) from error
    except YAMLError as error:
        what = "this is not YAML: it holds characters that YAML does not know"
        raise ConfigError(what, where=where, advice=_EXAMPLE) from error
    if node is None:
        return {}
    if not isinstance(node, MappingNode):
        what = "a configuration holds lines of `key: value`"
        raise ConfigError(what, where=f"{where}:{_line(node)}", advice=_EXAMPLE)
    return _mapping(node, where)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigError(f"a configuration of more than {LARGEST:,} bytes is not read", where=str(path))
        return path.read_text(encoding="utf-8")
    except PermissionError as error:
        raise PermissionRefused("the system refused to read this file", where=str(path)) from error
    except FileNotFoundError as error:
        raise ConfigError("there is no such file", where=str(path), advice=f"check the path\n{_EXAMPLE}") from error
    except IsADirectoryError as error:
        what = "this is a folder; a YAML file is expected"
        raise ConfigError(what, where=str(path), advice=_EXAMPLE) from error
    except UnicodeDecodeError as error:
        raise ConfigError("this file is not UTF-8 text", where=str(path), advice=_EXAMPLE) from error


def _loader() -> Any:
    return YAML(typ="safe", pure=True)


def _refuse_what_is_not_plain(text: str, where: str) -> None:
    depth = documents = 0
    for event in _events(text):
        reason = _reason_to_refuse(event)
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        documents += isinstance(event, DocumentStartEvent)
        if depth > DEEPEST:
            reason = f"more than {DEEPEST} levels are not read"
        elif documents > 1:
            reason = "one file holds one configuration; here a second document begins"
        if reason:
            raise ConfigError(reason, where=f"{where}:{event.start_mark.line + 1}")


def _events(text: str) -> Iterator[Any]:
    return _loader().parse(StringIO(text))


def _reason_to_refuse(event: object) -> str:
    if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
        return "anchors and aliases are not read: write the value out"
    tag = getattr(event, "tag", None)
    return f"tags are not read: {tag}" if tag and str(tag) not in {"!", "None"} else ""


def _mapping(node: MappingNode, where: str) -> Tree:
    tree: Tree = {}
    for key_node, value_node in _content(node):
        key = str(_content(key_node))
        if key in tree:
            raise ConfigError(f"'{key}' is given twice", where=f"{where}:{_line(key_node)}")
        is_section = isinstance(value_node, MappingNode)
        tree[key] = _mapping(value_node, where) if is_section else Entry(_plain(value_node, where), _line(key_node))
    return tree


def _plain(node: Node, where: str) -> Plain:
    if isinstance(node, SequenceNode):
        return [_plain(item, where) for item in _content(node)]
    if isinstance(node, ScalarNode):
        return _scalar(node)
    raise ConfigError("a list holds plain values only", where=f"{where}:{_line(node)}")


def _scalar(node: ScalarNode) -> Plain:
    text = str(_content(node))
    tag = _tag(node)
    try:
        if tag == "int":
            return int(text.replace("_", ""), 0)
        if tag == "float":
            return float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        return text
    return {"bool": _WORDS.get(text.lower(), text), "null": None}.get(tag, text)


def _line(node: Node) -> int:
    return int(_content(node, "start_mark").line) + 1


def _tag(node: Node) -> str:
    return str(_content(node, "tag")).removeprefix(_TAG)


def _content(node: Node, name: str = "value") -> Any:
    return getattr(node, name)  # the library's nodes have no types
