"""`unetkit demo`: render scenes, then the jobs in order, each beside the command that a user would type."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

from cyclopts import Parameter

import unetkit
from unetkit import console
from unetkit.cli.command import Outcome, job_command
from unetkit.cli.views.demo import show_demo
from unetkit.config.base import Settings
from unetkit.config.jobs import CheckSettings, DemoSettings, EvaluateSettings, PredictSettings, TrainSettings
from unetkit.config.keys import keys_of
from unetkit.config.layers import layer_of_values
from unetkit.errors import OutputExists
from unetkit.extras import resolve
from unetkit.recipes.settings import settings_for
from unetkit.runs import clear_output

if TYPE_CHECKING:
    from unetkit.training.result import TrainResult

Job = TypeVar("Job", bound=Settings)

NEW_IMAGES = 8
RECIPES = {"visible": "horizon", "infrared": "infrared"}
READING = {"data.classes": "0=sea,255=sky", "data.split_by": "group", "data.val": 0.2, "data.test": 0.2}


@job_command("demo", needs="train")
def demo(
    settings: DemoSettings,
    out: Annotated[str, Parameter(name="OUT", help="folder for everything")] = "unetkit-demo",
    /,
) -> Outcome:
    """Show the whole way on rendered data."""
    _clear(Path(out), overwrite=settings.overwrite)
    scenes, new, run = f"{out}/scenes", f"{out}/new", f"{out}/run"
    _render(Path(scenes), settings.images, settings.seed, settings.kind)
    _render(Path(new), NEW_IMAGES, settings.seed + 1, settings.kind)

    checking = _settle(CheckSettings, ["check", scenes], {**READING, "seed": settings.seed})
    checked = unetkit.check(checking, scenes)
    training = _settle(TrainSettings, ["train", scenes], {**READING, **_training(settings), "out": run})
    trained = cast("TrainResult", unetkit.train(training, scenes))
    evaluating = _settle(EvaluateSettings, ["evaluate", run], {"split": "test"})
    scored = unetkit.evaluate(evaluating, run)
    predicting = _settle(PredictSettings, ["predict", run, f"{new}/images"], {"out": f"{out}/predictions"})
    predicted = unetkit.predict(predicting, run, [f"{new}/images"])
    _tell(["report", run], {})
    page = unetkit.report(Path(run))

    results = {"check": checked, "run": trained, "scores": scored, "predictions": predicted}
    documents: dict[str, Any] = {name: result.to_json() for name, result in results.items()}
    head = {"schema": "unetkit.demo", "version": 1, "folder": out, "report": str(page)}
    return Outcome({**head, **documents}, show_demo)


def _training(settings: DemoSettings) -> dict[str, object]:
    recipe = RECIPES[settings.kind]
    return {"recipe": recipe, "training.minutes": settings.minutes, "training.seed": settings.seed}


def _is_a_demo(folder: Path) -> bool:
    """Whether a folder holds what the demo makes, and nothing else: it would be deleted."""
    names = {entry.name for entry in folder.iterdir()}
    return "scenes" in names <= {"scenes", "new", "run", "predictions"}


def _clear(out: Path, *, overwrite: bool) -> None:
    try:
        clear_output(out, overwrite=overwrite, ours=_is_a_demo)
    except OutputExists as error:
        # Other commands have a flag for their folder; this one is told it as its only word.
        advice = error.advice.replace("choose another place with --out", "name another folder: unetkit demo OUT")
        raise OutputExists(error.what, where=error.where, advice=advice) from error


def _render(folder: Path, count: int, seed: int, kind: str) -> None:
    scenes = console.progress(range(count), f"rendering {folder.name}")
    next(scenes)

    def advance(_: str) -> None:
        next(scenes, None)

    write_scenes: Any = resolve("unetkit.scenes.folder:write_scenes")
    write_scenes(folder, count, seed=seed, kind=kind, on_each=advance)


def _settle(job: type[Job], words: list[str], values: Mapping[str, object]) -> Job:
    """Say the command, and give the settings that it has."""
    keys = {key.name: key for key in keys_of(job).values()}
    _tell(words, {keys[name].flags[0]: value for name, value in values.items()})
    return settings_for(job, layer_of_values(job, values, "demo")).settings


def _tell(words: list[str], flags: Mapping[str, object]) -> None:
    spelt = [word for name, value in flags.items() for word in (name, str(value))]
    console.say(f"\n$ {shlex.join(['unetkit', *words, *spelt])}")
