"""Training that is stopped by a signal: the state is saved, and the run goes on from it."""

import json
import os
import pty
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from journeys.travel import TINY, Unetkit, command, environment
from unetkit.files import read_json, read_tensors
from unetkit.runs import RunFolder, load_best, load_newest_intact

STEPS = 24

KILLED = """
import os, signal, sys
from unetkit.cli.app import main
from unetkit.training import saving
saving.SHORTEST_INTERVAL = saving.COST_FACTOR = 0
save, times = saving.save_best, []
def dying(*arguments, **named):
    save(*arguments, **named)
    times.append(1)
    if len(times) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
saving.save_best = dying
main(sys.argv[1:])
"""
"""A state after every step; killed when the second best is on disk, and before the state that knows of it."""


def weights(run: Path) -> dict[str, bytes]:
    tensors, _ = read_tensors(run / "model.safetensors")
    return {name: tensor.tobytes() for name, tensor in tensors.items()}


def history(run: Path) -> list[dict[str, object]]:
    rows = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    return [{key: value for key, value in row.items() if key not in ("seconds", "digest")} for row in rows]


def report(run: Path) -> list[str]:
    """The lines of the page, but for what is another run's own: its name, how long it took, when, by what call."""
    text = (run / "report.html").read_text().replace(str(run), "RUN").replace(f">{run.name}", ">RUN")
    text = re.sub(r"in [\d.]+ minutes", "in N minutes", text)
    own = re.compile(r"(?:.*<pre>)?(?:started|command|run_id): |(?:.*<pre>)?part \d+, |<!-- sha256: ")
    return [line for line in text.splitlines() if not own.match(line)]


def stopped(words: list[object], number: int, run: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Start the command, send the signal once the first epoch is scored, and wait for its end."""
    process = subprocess.Popen(
        command(*words), cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if (run / "history.jsonl").is_file() and len((run / "history.jsonl").read_text().splitlines()) >= 2:
            break
        time.sleep(0.01)
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


TWO_THREADS = (
    *("--size", "96", "--network", "small", "--network.depth", "2", "--batch", "8", "--threads", "2"),
    *("--device", "cpu", "--loss", "cross-entropy+dice+0.5*lovasz", "--network.dropout", "0.1"),
)
"""So large that two threads share the work of a layer."""


@pytest.mark.parametrize(
    ("number", "code", "how"),
    [
        pytest.param(signal.SIGTERM, 143, TINY, marks=pytest.mark.slow),
        (signal.SIGTERM, 143, TWO_THREADS),
        pytest.param(signal.SIGINT, 130, TINY, marks=pytest.mark.slow),
        pytest.param(signal.SIGUSR1, 138, TINY, marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, 129, TINY, marks=pytest.mark.slow),
    ],
    ids=["SIGTERM", "SIGTERM-two-threads", "SIGINT", "SIGUSR1", "SIGHUP"],
)
@pytest.mark.usefixtures("signals_heard")
def test_a_signal_saves_the_state_and_the_run_goes_on_to_the_same_bits(
    unetkit: Unetkit, scenes: Path, tmp_path: Path, number: int, code: int, how: Sequence[str]
):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    words = ["train", scenes, *how, "--steps", STEPS, "--seed", "3"]
    assert unetkit(*words, "--out", whole).returncode == 0
    done = stopped([*words, "--out", parts], number, parts, tmp_path)
    assert done.returncode == code, done.stderr
    assert f"unetkit train --resume {parts}" in done.stderr
    assert not (parts / "model.safetensors").exists()
    resumed = unetkit("train", "--resume", parts)
    assert resumed.returncode == 0, resumed.stderr
    assert weights(parts) == weights(whole)
    assert history(parts) == history(whole)
    assert report(parts) == report(whole)


def run_code(code: str, *words: object, folder: Path) -> int:
    """Run a few lines of Python with these words; the exit code."""
    line = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.run(line, cwd=folder, env=environment(), capture_output=True, check=False).returncode


def killed_between_best_and_state(words: Sequence[object], run: Path, folder: Path) -> dict[str, Any]:
    """Train until a real SIGKILL in the worst moment; what the file of the best weights says of itself."""
    assert run_code(KILLED, *words, "--out", run, folder=folder) == -signal.SIGKILL
    best = load_best(RunFolder(run))[1]
    assert best["step"] > load_newest_intact(RunFolder(run))[1]["progress"]["scored_step"]
    return best


def test_killed_between_best_and_state_a_run_goes_on_to_the_same_bits(unetkit: Unetkit, scenes: Path, tmp_path: Path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    words = ["train", scenes, *TINY, "--steps", STEPS, "--seed", "3"]
    assert unetkit(*words, "--out", whole).returncode == 0
    killed_between_best_and_state(words, parts, tmp_path)
    assert unetkit("train", "--resume", parts).returncode == 0
    assert weights(parts) == weights(whole)
    assert history(parts) == history(whole)
    assert read_json(parts / "scores.json")["best"] == read_json(whole / "scores.json")["best"]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_kill_costs_no_more_than_checkpoint_every_says(scenes: Path, tmp_path: Path):
    run, every, draw = RunFolder(tmp_path / "run"), 2.0, random.Random(7)
    words = ["train", scenes, *TINY, "--steps", 200_000, "--training.checkpoint-every", every, "--out", run.path]
    lost = []
    for _ in range(8):
        process = subprocess.Popen(command(*words), cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL)
        before, deadline = newest(run), time.monotonic() + 60
        while newest(run) == before and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(draw.uniform(0, 3 * every))
        process.kill()
        lost.append(time.time() - newest(run))
        assert process.wait() == -signal.SIGKILL
        words = ["train", "--resume", run.path]
    load_newest_intact(run)
    assert max(lost) <= every + 1, lost
    assert min(lost) < every / 2 < max(lost), f"kills at all moments between two states: {lost}"


def newest(run: RunFolder) -> float:
    """When the newest state was written; 0 where there is none."""
    try:
        return (run.checkpoints / "last.safetensors").stat().st_mtime
    except FileNotFoundError:
        return 0.0


def test_a_time_budget_that_was_killed_is_one_that_never_was_by_its_plan(
    unetkit: Unetkit, scenes: Path, tmp_path: Path
):
    parts, whole = tmp_path / "parts", tmp_path / "whole"
    words = ["train", scenes, *TINY, "--seed", "3"]
    killed_between_best_and_state([*words, "--minutes", "0.15"], parts, tmp_path)
    resumed = unetkit("train", "--resume", parts)
    assert resumed.returncode == 0, resumed.stderr
    replayed = unetkit(*words, "--plan", parts / "plan.json", "--out", whole)
    assert replayed.returncode == 0, replayed.stderr
    assert weights(parts) == weights(whole)
    assert history(parts) == history(whole)


def test_a_run_that_has_ended_says_so_and_is_no_error(unetkit: Unetkit, scenes: Path, tmp_path: Path):
    run = tmp_path / "run"
    assert unetkit("train", scenes, *TINY, "--steps", 1, "--out", run).returncode == 0
    again = unetkit("train", "--resume", run)
    assert again.returncode == 0
    assert f"unetkit train DATA --from {run}" in again.stderr


@pytest.mark.parametrize(
    "how", [pytest.param(TINY, marks=pytest.mark.slow), TWO_THREADS], ids=["one thread", "two threads"]
)
def test_the_same_seed_gives_the_same_model_and_another_seed_another(
    unetkit: Unetkit, scenes: Path, tmp_path: Path, how: Sequence[str]
):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        done = unetkit("train", scenes, *how, "--epochs", "1", "--seed", seed, "--out", tmp_path / name)
        assert done.returncode == 0, done.stderr
    assert weights(tmp_path / "a") == weights(tmp_path / "b")
    assert weights(tmp_path / "a") != weights(tmp_path / "c")


def test_a_run_that_has_not_ended_is_no_model(unetkit: Unetkit, scenes: Path, tmp_path: Path):
    run = tmp_path / "run"
    stopped(["train", scenes, *TINY, "--steps", "5000", "--out", run], signal.SIGTERM, run, tmp_path)
    done = unetkit("predict", run, scenes / "images")
    assert done.returncode == 2
    assert f"unetkit train --resume {run}" in done.stderr


def test_a_loss_that_is_not_finite_stops_with_the_images_and_saves_no_model(
    unetkit: Unetkit, scenes: Path, tmp_path: Path
):
    run = tmp_path / "run"
    wild = ("--lr", "1e30", "--training.clip", "0", "--training.optimiser", "sgd", "--training.warm-up", "0")
    done = unetkit("train", scenes, *TINY, *wild, "--steps", "200", "--out", run)
    assert done.returncode == 1, done.stderr
    assert "images of this step" in done.stderr
    assert "--lr" in done.stderr
    assert not (run / "model.safetensors").exists()


@pytest.mark.slow
@pytest.mark.parametrize("number", [None, signal.SIGTERM])
def test_a_reader_that_leaves_harms_no_run(number: int | None, scenes: Path, tmp_path: Path):
    """As by `unetkit train … 2>&1 | head -1`, and by Ctrl-C, which ends `tee`, too."""
    run = tmp_path / "run"
    words = ["train", scenes, *TINY, "--epochs", 400 if number else 30, "--out", run]
    with subprocess.Popen(
        command(*words), cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.stdout.close()
        if number:
            deadline = time.monotonic() + 60
            while not (run / "history.jsonl").exists() and time.monotonic() < deadline:
                time.sleep(0.1)
            process.send_signal(number)
        code = process.wait(timeout=120)
    assert code == (128 + number if number else 0)
    assert (run / "model.safetensors").exists() == (number is None)
    steps = load_newest_intact(RunFolder(run))[1]["progress"]["step"]
    assert steps >= history(run)[-1]["step"], "what was scored is saved"


@pytest.mark.slow
def test_a_log_whose_reader_leaves_ends_no_run(scenes: Path, tmp_path: Path):
    """As by `--log-json >(grep -m1 …)`."""
    run, pipe = tmp_path / "run", tmp_path / "pipe"
    os.mkfifo(pipe)
    words = ["train", scenes, *TINY, "--epochs", 30, "--out", run, "--log-json", pipe]
    with subprocess.Popen(command(*words), cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True) as child:
        with pipe.open() as log:
            assert json.loads(log.readline())["event"]
        told = " ".join(child.communicate(timeout=120)[1].split())
    assert child.returncode == 0, told
    assert f"{pipe}: Broken pipe: the log ends here, and the work goes on" in told
    assert (run / "model.safetensors").exists()


@pytest.mark.slow
def test_a_terminal_that_hangs_up_without_a_signal_ends_no_run(scenes: Path, tmp_path: Path):
    """As `exit` of a shell does to what it left in the background."""
    master, terminal = pty.openpty()
    words = ["train", scenes, *TINY, "--epochs", 30, "--out", tmp_path / "run"]
    with subprocess.Popen(command(*words), cwd=tmp_path, env=environment(), stdout=terminal, stderr=terminal) as child:
        os.close(terminal)
        assert os.read(master, 10)
        os.close(master)
        assert child.wait(timeout=120) == 0
    assert (tmp_path / "run" / "model.safetensors").exists()


@pytest.mark.slow
def test_a_signal_that_was_to_be_ignored_is_ignored(scenes: Path, tmp_path: Path):
    """As `nohup` has it, and a shell for what runs in its background."""
    run = tmp_path / "run"
    line = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *command("train", scenes, *TINY, "--epochs", 60, "--out", run)]
    with subprocess.Popen(line, cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL) as child:
        while not (run / "history.jsonl").exists() and child.poll() is None:
            time.sleep(0.05)
        child.send_signal(signal.SIGHUP)
        assert child.wait(timeout=120) == 0


SLOW = """
import sys, time
from unetkit.cli.app import main
from unetkit.training import interrupt
from unetkit.training.step import Stepper
step = Stepper.step
if sys.argv.pop(1) == "patient":
    interrupt.is_repeated = lambda *_: False
def slow(stepper, batches, seed):
    if seed % 2**32 == 2:
        print("in work", flush=True)
        time.sleep(4)
    return step(stepper, batches, seed)
Stepper.step = slow
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(("signals", "waits"), [pytest.param(1, True, marks=pytest.mark.slow), (2, False)])
def test_a_second_signal_does_not_wait_for_the_step_in_work(
    signals: int, waits: bool, unetkit: Unetkit, scenes: Path, tmp_path: Path
):
    waited, told = slowly_stopped("", signals, scenes, tmp_path / "run")
    assert waited == waits
    assert ("stopped at once by a second SIGTERM" in told) == (not waits)
    assert unetkit("train", "--resume", tmp_path / "run").returncode == 0


def test_control_who_hears_the_second_signal_as_the_first_is_caught(scenes: Path, tmp_path: Path):
    waited, told = slowly_stopped("patient", 2, scenes, tmp_path / "run")
    assert waited
    assert "at once" not in told


def slowly_stopped(how: str, signals: int, scenes: Path, run: Path) -> tuple[bool, str]:
    """Send signals in the middle of a long step: whether that was waited for, and what was told."""
    words = ["train", scenes, *TINY, "--steps", STEPS, "--out", run]
    line = [sys.executable, "-c", SLOW, how, *map(str, words)]
    with subprocess.Popen(
        line, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in work\n"
        sent = time.monotonic()
        for _ in range(signals):
            process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
        told = process.communicate(timeout=60)[1]
    assert process.returncode == 128 + signal.SIGTERM
    return time.monotonic() - sent > 3.5, told
