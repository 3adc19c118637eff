"""How the layers of a Keras file are wired: whose results each takes, in the notations of Keras 2 and 3.

A layer is called once and takes the results of layers above it in the list, since a file lists them by their distance
from the scores. What does not read like that is refused: it would be guessed otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from unetkit.errors import FormatError
from unetkit.importing.foreign import Joined, printable
from unetkit.importing.steps import JOIN, Step

Config = Mapping[str, Any]

_OUTPUTS = "output_layers"
_INPUTS = {"InputLayer": 0, "Concatenate": 2}
"""How many results a layer takes, where it is not one."""


def name_of(row: Config) -> str:
    """The name of a layer."""
    return str(row.get("name") or row["config"]["name"])


def steps_of(rows: Sequence[Config], words: Mapping[str, Sequence[str]], outputs: object) -> tuple[Step, ...]:
    """The steps of a network, each with those whose results it takes.

    Args:
        rows: the layers as the file lists them.
        words: name of each layer → what it computes, one thing after the other; a layer that computes nothing passes on
            what it takes.
        outputs: whose results are the network's, as the file says it.

    Raises:
        FormatError: a layer is called twice or not at all, is told more than what it takes, or takes the result of one
            that is not above it; or the network gives something else than its last step does.
    """
    steps: list[Step] = []
    results: dict[str, int] = {}  # layer → the step whose result is its own
    for row in rows:
        name = name_of(row)
        inputs = tuple(_result(results, taken, name) for taken in _inputs(row))
        if name in results:
            raise _refusal(name, "two layers have one name")
        for word in words[name]:
            steps.append(Step(word, name, inputs))
            inputs = (len(steps),)
        results[name] = inputs[0] if inputs else 0
    given = list(_producers(outputs, _OUTPUTS))
    if [_result(results, name, _OUTPUTS) for name in given] != [len(steps)]:
        told = printable(", ".join(given) or "nothing")
        raise _refusal(_OUTPUTS, f"it gives {told}, and not the result of its last layer alone")
    return tuple(steps)


def joined_of(steps: Iterable[Step]) -> Joined | None:
    """What stands first in each join: the grown features are those that were made later.

    Raises:
        FormatError: one joins this way and another that way.
    """
    joins = (step.inputs for step in steps if step.word == JOIN)
    found: set[Joined] = {"grown-first" if inputs[0] > inputs[1] else "skip-first" for inputs in joins}
    if len(found) > 1:
        raise FormatError("some skips of this network are joined first, others last; no network here does both")
    return next(iter(found), None)


def _inputs(row: Config) -> list[str]:
    """The layers whose results a layer takes, in order."""
    name, kind = name_of(row), str(row["class_name"])
    calls = cast("Sequence[object]", row.get("inbound_nodes", []))
    if len(calls) > 1:
        raise _refusal(name, f"{kind} is called {len(calls)} times")
    taken, expected = list(_producers(calls, name)), _INPUTS.get(kind, 1)
    if len(taken) != expected:
        raise _refusal(name, f"{kind} takes the results of {len(taken)} layers, not of {expected}")
    return taken


def _result(results: Mapping[str, int], taken: str, name: str) -> int:
    if taken not in results:
        raise _refusal(name, f"it takes the result of {printable(taken)}, which is no layer above it")
    return results[taken]


def _producers(call: Any, name: str) -> Iterator[str]:
    """The layers that made what a call is given, in order.

    Keras 2 lists `[layer, number of its call, number of its result, other arguments]`, Keras 3 the arguments, where a
    tensor stands with its history `[layer, number of its call, number of its result]`.
    """
    if _is_history(call):
        if call[1:3] != [0, 0]:
            raise _refusal(name, f"it takes result {printable(call[2])} of call {printable(call[1])} of a layer")
        yield str(call[0])
    elif not (isinstance(call, Mapping | list) or call is None or call is False):
        # As `training=True` of a dropout, which then drops in prediction, too.
        raise _refusal(name, f"it is called with {printable(call)} beside results of layers")
    for one in _inside(call):
        yield from _producers(one, name)


def _inside(call: Any) -> Iterable[Any]:
    """Of a history what follows it, of a tensor its history, of all else its items."""
    if isinstance(call, Mapping):
        return _history_of(cast("Config", call)) or cast("Config", call).values()
    if isinstance(call, list):
        return cast("list[Any]", call)[3 * _is_history(call) :]
    return ()


def _history_of(told: Config) -> list[Any]:
    inner = told.get("config")
    history = cast("Config", inner).get("keras_history") if isinstance(inner, Mapping) else None
    return [history] if history else []


def _is_history(call: Any) -> bool:
    items = cast("list[Any]", call) if isinstance(call, list) else []
    return len(items) >= 3 and isinstance(items[0], str) and all(isinstance(one, int) for one in items[1:3])


def _refusal(name: str, what: str) -> FormatError:
    return FormatError(f"this network is wired as no network here is: {what}", where=name)
