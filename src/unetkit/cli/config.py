"""`unetkit config`: defaults as commented YAML, the JSON Schema, or a check of a file."""

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter
from rich.console import Console

from unetkit.cli.command import Document, Outcome, command, config_document, print_text
from unetkit.config.jobs import JOBS
from unetkit.config.schema import schema_of
from unetkit.config.writing import commented_defaults
from unetkit.errors import ConfigError, UsageError
from unetkit.extras import unknown_choice
from unetkit.recipes.settings import settings_for

JOB_HELP = f"one of {', '.join(JOBS)}; train when left out"


@command
def config(
    job: Annotated[str | None, Parameter(name="JOB", help=JOB_HELP)] = None,
    file: Annotated[str | None, Parameter(name="FILE", help="YAML file to check, instead of printing defaults")] = None,
    /,
    *,
    schema: Annotated[
        bool, Parameter(help="print the JSON Schema", negative=(), group=Group("This command", sort_key=1))
    ] = False,
) -> Outcome:
    """Print the defaults, the schema, or check a file."""
    if job not in JOBS and job is not None:
        if file is not None or not _is_file_name(job):
            raise unknown_choice("job", job, JOBS)
        return _check(Path(job), list(JOBS))
    if file is not None:
        return _check(Path(file), [job or "train"])
    return _schema(job or "train") if schema else _defaults(job or "train")


def _defaults(job: str) -> Outcome:
    document = config_document(job, JOBS[job](), {})
    return Outcome(document, lambda _, screen: print_text(commented_defaults(JOBS[job], job), screen))


def _schema(job: str) -> Outcome:
    schema = schema_of(JOBS[job], job)
    return Outcome(schema, lambda document, screen: print_text(json.dumps(document, indent=2) + "\n", screen))


def _check(path: Path, jobs: list[str]) -> Outcome:
    """Check a file as the first job that takes it; `train` comes first, and its complaint is the one that is told."""
    ordered = sorted(jobs, key=lambda job: job != "train")
    complaints: list[UsageError] = []
    for job in ordered:
        try:
            resolved = settings_for(JOBS[job], {}, [path])
        except ConfigError as error:
            complaints.append(error)
        else:
            given = {".".join(key): origin for key, origin in resolved.origins.items() if origin.startswith(str(path))}
            return Outcome(config_document(job, resolved.settings, given), _show_checked)
    raise complaints[0]


def _show_checked(document: Document, screen: Console) -> None:
    count = len(document["origins"])
    settings = "setting" if count == 1 else "settings"
    screen.print(f"a right configuration for unetkit {document['job']}: {count} {settings} of its own")


def _is_file_name(word: str) -> bool:
    return Path(word).suffix in {".yaml", ".yml", ".json"} or Path(word).exists()
