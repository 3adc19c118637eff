"""What every command shares: settings resolved from flags, files and variables; a result to be shown or printed."""

import inspect
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from rich.console import Console

from unetkit import console
from unetkit.cli.flags import configuration_parameters, flag_layer, screen_parameters, setting_parameters
from unetkit.cli.idle import Idle, refuse_idle
from unetkit.config.base import Settings
from unetkit.config.jobs import JOBS
from unetkit.config.layers import Resolved
from unetkit.config.sections import DEFAULT_MINUTES
from unetkit.config.writing import to_yaml
from unetkit.extras import require
from unetkit.recipes.settings import settings_for

Document = Mapping[str, Any]
View = Callable[[Document, Console], None]
Arguments = ParamSpec("Arguments")
Job = TypeVar("Job", bound=Settings)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command brings: a document, how to show it to people, and the exit code."""

    document: Document
    view: View
    exit_code: int = 0


def command(function: Callable[Arguments, Outcome]) -> Callable[Arguments, Outcome]:
    """A command without settings; adds the flags that all commands have."""

    def run(*words: Arguments.args, **flags: Arguments.kwargs) -> Outcome:
        return function(*words, **_only(function, flags))

    return _disguise(run, function, [*_own_parameters(function), *screen_parameters()])


def job_command(
    name: str, needs: str | None = None, idle: Callable[..., Iterable[Idle]] | None = None
) -> Callable[[Callable[Concatenate[Any, Arguments], Outcome]], Callable[..., Outcome]]:
    """A command with the settings of the job `name`, which its function takes first.

    Args:
        name: a key of `JOBS`.
        needs: the extra without which it cannot work.
        idle: says, from what the function gets, which settings do nothing in this call; their flags are refused.
    """
    job = JOBS[name]

    def decorate(function: Callable[Concatenate[Any, Arguments], Outcome]) -> Callable[..., Outcome]:
        def run(*words: Any, **flags: Any) -> Outcome:
            resolved = resolve_call(job, flags)
            refuse_idle(resolved.origins, idle(resolved.settings, *words) if idle else ())
            if flags.get("dry_run"):
                return dry_run(name, resolved)
            if needs:
                require(needs, f"unetkit {name}")
            _tell_budget(resolved)
            return function(resolved.settings, *words, **_only(function, flags))

        own = _own_parameters(function)[1:]
        added = [*setting_parameters(job), *configuration_parameters(), *screen_parameters()]
        return _disguise(run, function, [*own, *added])

    return decorate


def resolve_call(job: type[Job], flags: Mapping[str, Any]) -> Resolved[Job]:
    """Settings from the flags of this call, its --config files and the environment."""
    files = [Path(name) for name in flags.get("config") or ()]
    return settings_for(job, flag_layer(job, flags), files, os.environ)


def dry_run(name: str, resolved: Resolved[Any]) -> Outcome:
    """What would be used, and where each value came from."""
    origins = {".".join(path): origin for path, origin in resolved.origins.items()}
    document = config_document(name, resolved.settings, origins)
    text = to_yaml(resolved.settings, lambda key: resolved.origin(key.path))
    return Outcome(document, lambda _, screen: print_text(text, screen))


def config_document(job: str, settings: Settings, origins: Mapping[str, str]) -> Document:
    """The document `unetkit.config`, version 1: settings of a job, and where those that somebody said came from."""
    values = settings.model_dump(mode="json")
    return {"schema": "unetkit.config", "version": 1, "job": job, "settings": values, "origins": dict(origins)}


def print_text(text: str, screen: Console) -> None:
    """Print `text` as it is: to be copied or piped, never wrapped."""
    screen.print(text, end="", markup=False, highlight=False, soft_wrap=True)


def _tell_budget(resolved: Resolved[Any]) -> None:
    if resolved.assumed_budget and getattr(resolved.settings, "resume", None) is None:
        console.say(f"no budget was given: --minutes {DEFAULT_MINUTES:g} (or say --minutes, --epochs or --steps)")


def _own_parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    return list(inspect.signature(function).parameters.values())


def _only(function: Callable[..., Any], flags: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the flags that the function names itself."""
    return {name: value for name, value in flags.items() if name in inspect.signature(function).parameters}


def _disguise(
    run: Callable[..., Outcome], function: Callable[..., Any], parameters: list[inspect.Parameter]
) -> Callable[..., Outcome]:
    """Let `run` look like `function` with other parameters, which is what cyclopts draws flags and help from."""
    run.__name__, run.__doc__, run.__module__ = function.__name__, function.__doc__, function.__module__
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run
