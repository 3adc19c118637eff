"""How a run goes on: with its own settings and its own weights, and nothing is dropped in silence."""

import io
import shlex
import shutil
import signal
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.conftest import TINY
from unetkit.config.jobs import TrainSettings
from unetkit.config.keys import Key, keys_of
from unetkit.config.layers import settings_of_text
from unetkit.config.sections import DataSettings
from unetkit.config.writing import to_yaml
from unetkit.data.manifest import HASH, MASK_HASH, Manifest, load_manifest, save_manifest
from unetkit.errors import ConfigError, DataError, Interrupted, UsageError
from unetkit.recipes.settings import settings
from unetkit.runs import RunFolder, load_newest_intact, locked, save_last
from unetkit.training import planning
from unetkit.training import train as training
from unetkit.training.interrupt import Interruption
from unetkit.training.opening import begin
from unetkit.training.result import TrainResult
from unetkit.training.resuming import resumed_settings
from unetkit.training.screen import duration
from unetkit.training.series import train_seeds
from unetkit.training.train import train

Run = Callable[..., TrainResult]
ANEW = {
    *((name,) for name in ("resume", "extend", "finish", "out", "overwrite")),
    *(("training", name) for name in ("threads", "device", "checkpoint_every", "cache", "cache_limit")),
}
"""What may be said of a run that goes on without being what it began with."""


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    def write_manifest(folder: Path) -> None:
        hashes: dict[str, tuple[str, ...]] = {HASH: (), MASK_HASH: ()}
        save_manifest(Manifest(tmp_path, (), hashes, {"classes": []}), folder, sealed=True)

    text = to_yaml(TrainSettings(start_from="gone.safetensors"))
    return RunFolder.create(tmp_path / "run", config=text, environment={}, write_manifest=write_manifest)


def asking(run: RunFolder, **values: object) -> TrainSettings:
    given = settings("train", {"resume": str(run.path), **values})
    assert isinstance(given, TrainSettings)
    return given


def resumed(run: RunFolder, **values: object) -> TrainSettings:
    return begin(asking(run, **values), None).settings


def test_what_the_run_has_already_may_be_said_again(run: RunFolder):
    same = {"training.learning_rate": 3e-3, "network.preset": "small", "training.minutes": 10}
    assert resumed(run, **same).training.learning_rate == 3e-3


def test_what_happens_to_the_pixels_is_as_the_run_began(run: RunFolder):
    """The run's manifest says the rest of how its data are read."""
    data = DataSettings(size="64", channels="3", normalise="imagenet", val="0.4")
    run.write_config(to_yaml(TrainSettings(data=data)))
    assert resumed(run).data == DataSettings(size="64", channels="3", normalise="imagenet")


def test_where_it_is_computed_may_be_said_anew(run: RunFolder):
    training = resumed(run, **{"training.threads": 3, "training.checkpoint_every": 5}).training
    assert (training.threads, training.checkpoint_every) == (3, 5)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"training.learning_rate": 1.0}, "training.learning_rate: 1.0, and the run has 0.003"),
        ({"network.preset": "base"}, "network.preset: base, and the run has small"),
        ({"data.size": "64"}, "data.size: "),
        ({"data.classes": "0=sea,255=sky"}, "data.classes: "),
        ({"training.minutes": 20}, "training.minutes: 20.0, and the run has 10.0"),
        ({"out": "elsewhere"}, "out: elsewhere"),
    ],
)
def test_a_changed_setting_is_refused_by_its_key(run: RunFolder, changed: dict[str, object], says: str):
    with pytest.raises(ConfigError, match="not those that this run began with") as refused:
        resumed(run, **changed)
    assert says in refused.value.where
    assert ("--extend" in refused.value.advice) == ("training.minutes" in changed)


def test_a_budget_is_made_longer_and_only_longer(run: RunFolder):
    extended = begin(asking(run, extend=True, **{"training.minutes": 20}), None)
    assert extended.extended is not None
    assert extended.settings.training.minutes == 20
    for shorter in ({}, {"training.minutes": 3}, {"training.steps": 9000}):
        with pytest.raises(ConfigError):
            resumed(run, extend=True, **shorter)
    with pytest.raises(ConfigError, match=r"learning_rate|not those"):
        resumed(run, extend=True, **{"training.minutes": 20, "training.learning_rate": 1.0})
    with pytest.raises(ConfigError, match="goes with --resume"):
        begin(TrainSettings(extend=True), "photos")


def test_a_longer_time_budget_counts_from_the_steps_that_are_made(
    scenes: Path, trained: Run, monkeypatch: pytest.MonkeyPatch
):
    result = trained(scenes, **{"training.steps": None, "training.minutes": 0.05})
    assert result.steps > 10
    result.model.unlink()

    def tried(*_: object) -> float:
        return 10.0  # a handful of steps fit into what is added

    monkeypatch.setattr(planning, "seconds_per_step", tried)
    longer = train(asking(RunFolder(result.run), extend=True, **{"training.minutes": 0.1}))
    assert longer is not None
    assert result.steps < longer.steps < result.steps + 10


def another(key: Key) -> object:
    """A value that the setting does not have by default."""
    if key.choices:
        return next(choice for choice in key.choices if choice != key.default)
    return not key.default if key.is_switch else "another"


@pytest.mark.parametrize(
    "key", [key for path, key in keys_of(TrainSettings).items() if path not in ANEW], ids=attrgetter("name")
)
def test_whatever_decides_what_is_computed_cannot_be_changed(run: RunFolder, key: Key):
    asked = asking(run)
    section = getattr(asked, key.path[0]) if len(key.path) == 2 else asked
    changed = section.model_copy(update={key.path[-1]: another(key)})
    asked = changed if section is asked else asked.model_copy(update={key.path[0]: changed})
    with pytest.raises(ConfigError, match="not those that this run began with") as refused:
        resumed_settings(run, TrainSettings(), asked)
    assert key.name in refused.value.where


def test_only_a_run_that_goes_on_is_ended_and_not_made_longer_at_once(run: RunFolder):
    assert resumed(run, finish=True).finish
    with pytest.raises(ConfigError, match="--finish ends it"):
        resumed(run, finish=True, extend=True, **{"training.minutes": 20})
    with pytest.raises(ConfigError, match="goes with --resume"):
        begin(TrainSettings(finish=True), "photos")


def test_the_model_a_run_began_with_is_needed_only_until_its_first_checkpoint(run: RunFolder):
    assert resumed(run).start_from == "gone.safetensors"
    save_last(run, {"a": np.zeros(1, np.float32)}, {}, 1)
    assert resumed(run).start_from is None


def test_files_a_run_begins_with_are_named_so_that_it_can_go_on_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scenes: Path, trained: Run
):
    monkeypatch.chdir(tmp_path)
    first = trained(scenes, out="first")
    begun = trained(
        scenes, out="second", start_from="first", **{"training.steps": None, "training.plan": "first/plan.json"}
    )
    begun.model.unlink()
    for written in (begun.run / "plan.json", *(begun.run / "checkpoints").iterdir()):
        written.unlink()
    said_again = {"start_from": "first", "training.plan": "first/plan.json"}
    assert resumed(RunFolder(begun.run), **said_again).start_from == str(tmp_path / "first")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    again = train(TrainSettings(resume=str(tmp_path / begun.run)))
    assert again is not None
    assert (again.steps, again.best) == (first.steps, begun.best)


def test_the_settings_of_a_run_begin_another_one_beside_it(scenes: Path, tmp_path: Path, trained: Run):
    first = trained(scenes, overwrite=True)
    document = settings_of_text(TrainSettings, RunFolder(first.run).read_config(), "")
    assert (document.out, document.overwrite) == (None, False), "it would replace the first"
    assert document.training.steps == 2
    first.model.unlink()
    said_again = settings("train", {"resume": str(first.run), "out": str(first.run), "overwrite": True})
    assert isinstance(said_again, TrainSettings)
    assert train(said_again) is not None


def test_data_that_were_moved_are_found_again_where_they_lie_now(scenes: Path, tmp_path: Path, trained: Run):
    old, new = tmp_path / "data", tmp_path / "elsewhere" / "data"
    result = trained(Path(shutil.copytree(scenes, old)))
    result.model.unlink()
    shutil.move(old, new)
    with pytest.raises(DataError, match="is not there") as lost:
        train(TrainSettings(resume=str(result.run)))
    assert f"unetkit train FOLDER --resume {result.run}" in lost.value.advice
    with pytest.raises(DataError, match="24 of 24 files have changed"):
        train(TrainSettings(resume=str(result.run)), str(scenes / "images"))
    assert train(TrainSettings(resume=str(result.run)), str(new)) is not None
    assert load_manifest(RunFolder(result.run).manifest).root == new
    shutil.move(new, old)
    assert train(TrainSettings(resume=str(result.run)), str(old)) is not None
    assert load_manifest(RunFolder(result.run).manifest).root == old, "of a run that has ended, too"


def test_a_run_that_has_ended_is_no_error_and_cannot_be_made_longer(scenes: Path, trained: Run):
    result = trained(scenes)
    again = train(TrainSettings(resume=str(result.run)))
    assert again is not None
    assert (again.run, again.steps, again.best, again.scores) == (result.run, result.steps, result.best, result.scores)
    with pytest.raises(ConfigError, match="has ended") as refused:
        resumed(RunFolder(result.run), extend=True, **{"training.steps": 50})
    assert f"--from {result.run}" in refused.value.advice


@pytest.mark.parametrize("damaged", [False, True])
def test_a_run_that_has_lost_its_scores_is_closed_again(scenes: Path, trained: Run, damaged: bool):
    result = trained(scenes)
    scores = RunFolder(result.run).scores
    if damaged:
        scores.write_bytes(scores.read_bytes().replace(b"0.", b"1.", 1))
    else:
        scores.unlink()
    again = train(TrainSettings(resume=str(result.run)))
    assert again is not None
    assert (again.steps, again.best) == (result.steps, result.best)
    assert RunFolder(result.run).read_scores()["scores"] == result.scores


@pytest.mark.parametrize("seeds", [1, 2])
def test_what_another_process_trains_is_not_overwritten(scenes: Path, tmp_path: Path, seeds: int):
    wanted = {**TINY, "out": str(tmp_path / "run"), "seeds": seeds, "overwrite": True}
    begin_all = train if seeds == 1 else train_seeds

    def again() -> None:
        asked = settings("train", wanted)
        assert isinstance(asked, TrainSettings)
        begin_all(asked, str(scenes))

    again()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for held in (tmp_path / "run", tmp_path / "run" / "seed-1")[:seeds]:
        with locked(held), pytest.raises(UsageError, match="another process is training this run"):
            again()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    again()


def test_a_run_whose_place_another_has_taken_writes_nothing_there(
    scenes: Path, tmp_path: Path, trained: Run, monkeypatch: pytest.MonkeyPatch
):
    """As by `--overwrite` on another machine, after the folder was made and before it was held."""
    first = trained(scenes, out=str(tmp_path / "first"))
    opened = training.open_folder

    def taken(*words: Any) -> RunFolder:
        run = opened(*words)
        shutil.rmtree(run.path)
        shutil.copytree(first.run, run.path)
        return run

    monkeypatch.setattr(training, "open_folder", taken)
    with pytest.raises(UsageError, match="another run has taken the place"):
        trained(scenes, out=str(tmp_path / "second"))
    assert (tmp_path / "second" / "model.safetensors").read_bytes() == first.model.read_bytes()


def test_commands_to_paste_hold_paths_with_blanks(run: RunFolder, tmp_path: Path):
    path = run.path.rename(tmp_path / "my run")
    with pytest.raises(ConfigError) as changed:
        resumed(RunFolder(path), **{"training.seed": 8})
    for advice in (changed.value.advice.splitlines()[0], Interruption(path, requested=signal.SIGTERM).error().advice):
        assert shlex.split(advice)[-1] == str(path)


@pytest.mark.parametrize("part", ["images", "masks"])
def test_files_that_changed_since_a_run_began_are_refused_by_name(
    scenes: Path, tmp_path: Path, trained: Run, part: str
):
    data = Path(shutil.copytree(scenes, tmp_path / "data"))
    result = trained(data)
    result.model.unlink()
    file = sorted((data / part).iterdir())[3]
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(DataError, match="1 of 24 files have changed") as refused:
        train(TrainSettings(resume=str(result.run)))
    assert file.name in refused.value.where
    assert "--config" in refused.value.advice


def test_a_run_that_left_out_bad_files_goes_on_only_with_all_the_others(scenes: Path, tmp_path: Path, trained: Run):
    data = Path(shutil.copytree(scenes, tmp_path / "data"))
    bad, sound = sorted((data / "images").iterdir())[2:4]
    bad.write_bytes(b"")
    result = trained(data, **{"data.skip_bad": True})
    result.model.unlink()
    kept = sound.read_bytes()
    sound.unlink()
    with pytest.raises(DataError, match="1 of 22 files have changed") as refused:
        train(TrainSettings(resume=str(result.run)))
    assert f"images/{sound.name} (gone)" in refused.value.where
    assert "--skip-bad" not in refused.value.advice
    sound.write_bytes(kept)
    assert train(TrainSettings(resume=str(result.run))) is not None


def test_a_longer_budget_trains_on_with_a_new_plan_and_is_remembered(scenes: Path, trained: Run):
    result = trained(scenes, **{"training.steps": 4})
    result.model.unlink()
    longer = train(asking(RunFolder(result.run), extend=True, **{"training.steps": 7}))
    assert longer is not None
    assert longer.steps == 7
    plan = RunFolder(result.run).read_plan()
    assert (plan["first"], plan["total"], plan["changes"]) == (4, 7, [[4, 7]])
    config = RunFolder(result.run).read_config()
    assert "steps: 7" in config
    assert "resume: null" in config, "a run with this configuration is a new one"
    assert "extend: false" in config


def test_a_longer_budget_is_patient_again_and_tells_what_is_to_come(
    scenes: Path, trained: Run, said: io.StringIO, monkeypatch: pytest.MonkeyPatch
):
    idle = {"training.steps": 40, "training.early_stopping": 1, "training.learning_rate": 1e-12, "training.batch": 2}
    result = trained(scenes, **idle)
    assert result.steps < 40
    result.model.unlink()

    def ten_seconds(*_: object) -> float:
        return 10.0

    monkeypatch.setattr(planning, "seconds_per_step", ten_seconds)
    longer = train(asking(RunFolder(result.run), extend=True, **{"training.steps": 60}))
    assert longer is not None
    assert longer.steps > result.steps
    assert f"60 steps of 2 images (12 epochs), about {duration((60 - result.steps) * 10)} " in said.getvalue()


@pytest.mark.parametrize("told", [True, False], ids=["its settings tell of it", "killed between plan and settings"])
def test_a_longer_budget_that_is_said_again_is_the_one_it_has(scenes: Path, trained: Run, told: bool):
    result = trained(scenes, **{"training.steps": 4})
    run = RunFolder(result.run)
    result.model.unlink()
    short, states = run.read_config(), {path: path.read_bytes() for path in run.checkpoints.iterdir()}
    longer = asking(run, extend=True, **{"training.steps": 7})
    train(longer)
    result.model.unlink()
    for path, state in states.items():  # as if killed before the first state that knows of it
        path.write_bytes(state)
    if not told:
        run.write_config(short)
    again = train(longer)
    assert again is not None
    assert (again.steps, run.read_plan()["changes"]) == (7, [[4, 7]])
    assert "steps: 7" in run.read_config()


def test_a_longer_budget_is_in_the_state_before_the_settings_tell_of_it(
    scenes: Path, trained: Run, monkeypatch: pytest.MonkeyPatch
):
    """Else a kill before the next state would leave settings that ask for no more, and a plan that gives no more."""
    result = trained(scenes, **{"training.steps": 4})
    run = RunFolder(result.run)
    result.model.unlink()

    def killed(_run: RunFolder, _text: str) -> None:
        raise Interrupted("killed", signal=9)

    monkeypatch.setattr(RunFolder, "write_config", killed)
    with pytest.raises(Interrupted):
        train(asking(run, extend=True, **{"training.steps": 7}))
    assert load_newest_intact(run)[1]["plan"]["total"] == 7


def test_a_longer_budget_forgets_what_the_losses_were(scenes: Path, trained: Run):
    """The rate is high again, and so is the loss: that is no jump."""
    result = trained(scenes, **{"training.steps": 40})
    run = RunFolder(result.run)
    assert load_newest_intact(run)[1]["progress"]["guard"]["lowest"] is not None
    result.model.unlink()
    train(asking(run, extend=True, **{"training.steps": 42}))
    guard = load_newest_intact(run)[1]["progress"]["guard"]
    assert (len(guard["logs"]), guard["lowest"]) == (2, None), "losses since then"
