"""What may be said beside --resume: what the run has already, where to compute, and where it shall end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unetkit.config import keys
from unetkit.config.base import Settings
from unetkit.config.jobs import FREE, TrainSettings
from unetkit.config.keys import keys_of
from unetkit.config.layers import Given, resolve
from unetkit.config.sections import BUDGETS
from unetkit.config.writing import scalar, value_at
from unetkit.errors import ConfigError
from unetkit.runs import RunFolder, anew_command, is_series, resume_command

WHERE = {("out",), ("overwrite",)}
"""What a run does not remember, and what may be said again of itself."""

Said = dict[keys.Path, Any]


def resumed_settings(run: RunFolder, kept: TrainSettings, asked: TrainSettings) -> TrainSettings:
    """The settings to go on with: those that the run began with, and what may be said anew.

    Args:
        kept: of the run's `config.yaml`.
        asked: of this call, where only what somebody said counts.

    Raises:
        ConfigError: something else was said than the run has; or a longer budget without --extend, or with --finish.
    """
    if asked.extend and asked.finish:
        raise ConfigError("--extend makes a run longer, and --finish ends it", where=str(run.path), advice="say one")
    said = _explicit(asked)
    if asked.out is None or Path(asked.out).absolute() == run.path.absolute():
        said = {path: value for path, value in said.items() if path not in WHERE}
    changed = {path: value for path, value in said.items() if path not in FREE and value != value_at(kept, path)}
    budget = {path: value for path, value in changed.items() if path in BUDGETS and value is not None}
    if asked.extend:
        _refuse_shorter(run, kept, {path: said[path] for path in BUDGETS if said.get(path) is not None})
        changed = {path: value for path, value in changed.items() if path not in BUDGETS}
    if changed:
        raise _refusal(run, kept, changed, budget)
    new = {path: value for path, value in said.items() if path in FREE} | (budget if asked.extend else {})
    return _with_values(kept, new)


def remembered(settings: TrainSettings) -> TrainSettings:
    """What a run keeps of its settings: how to train, and not where to write or what to replace.

    Another run begins with them, too (`--config RUN/config.yaml`), and must not take the place of this one.
    """
    own = {"out": None, "overwrite": False, "resume": None, "extend": False, "finish": False}
    return settings.model_copy(update=own)


def going_on(run: str, settings: TrainSettings) -> TrainSettings:
    """To go on with `run`, computed where `settings` say: for a run of a series; all else it has already."""
    free = {path: Given(value_at(settings, path), "series") for path in FREE}
    return resolve(TrainSettings, [free | {("resume",): Given(run, "series")}]).settings


def another_end(settings: TrainSettings) -> str:
    """The flags by which a run ends elsewhere than it was planned to: "--extend --minutes 20", "--finish", or none.

    They are to be said again until the plan on disk tells of them.
    """
    if not settings.extend:
        return "--finish" if settings.finish else ""
    budgets = ((name, value_at(settings, (section, name))) for section, name in BUDGETS)
    return next((f"--extend --{name} {scalar(value)}" for name, value in budgets if value is not None), "--extend")


def is_longer(settings: TrainSettings, kept: TrainSettings) -> bool:
    """Whether these settings, made for a run, give it another budget than it has: one that is said again does not."""
    return any(value_at(settings, path) != value_at(kept, path) for path in BUDGETS)


def _explicit(settings: TrainSettings) -> Said:
    """Every value that somebody gave, by its path; defaults are not among them."""
    return {path: value_at(settings, path) for path in keys_of(type(settings)) if _was_given(settings, path)}


def _was_given(settings: Settings, path: keys.Path) -> bool:
    section = settings
    for name in path[:-1]:
        section = getattr(section, name)
    whole = len(path) == 1 or path[0] in settings.model_fields_set
    return whole and path[-1] in section.model_fields_set


def _refuse_shorter(run: RunFolder, kept: TrainSettings, budget: Mapping[keys.Path, Any]) -> None:
    if not budget:
        raise ConfigError(
            "how much longer?", where="--extend", advice="name the whole budget of the run: --extend --minutes 20"
        )
    ((path, wanted),) = budget.items()
    before = value_at(kept, path)
    if before is None or path == ("training", "plan") or wanted < before:
        have = next(
            f"{name} {value_at(kept, (section, name))}" for section, name in BUDGETS if _has(kept, section, name)
        )
        raise ConfigError(
            f"--extend makes a budget longer, and this run has {have}",
            where=f"{path[-1]}: {scalar(wanted)}",
            advice=resume_command(run.path),
        )


def _has(settings: TrainSettings, section: str, name: str) -> bool:
    return value_at(settings, (section, name)) is not None


def _refusal(
    run: RunFolder, kept: TrainSettings, changed: Mapping[keys.Path, Any], budget: Mapping[keys.Path, Any]
) -> ConfigError:
    differing = [
        f"{'.'.join(path)}: {scalar(value)}, and the run has {scalar(value_at(kept, path))}"
        for path, value in changed.items()
    ]
    number = f"{len(changed)} settings are" if len(changed) > 1 else "a setting is"
    again = resume_command(run.path)
    other = f"{anew_command(run.config)}, with what you would change"
    extends = set(changed) == set(budget) and not is_series(run.path)
    longer = "--extend trains on with a longer budget\n" if extends else ""
    return ConfigError(
        f"{number} not those that this run began with, and a run that goes on keeps them",
        where="; ".join(differing),
        advice=f"{longer}{again}\nto train in another way: {other}",
    )


def _with_values(kept: TrainSettings, new: Mapping[keys.Path, Any]) -> TrainSettings:
    """`kept` with other values; another budget takes the place of the one it has."""
    document = kept.model_dump()
    if any(path in BUDGETS for path in new):
        document["training"] |= {name: None for _, name in BUDGETS}
    for path, value in new.items():
        section: dict[str, Any] = document
        for name in path[:-1]:
            section = section[name]
        section[path[-1]] = value
    return TrainSettings.model_validate(document)
