"""Several processes train one model: the loss, the gradient and the scores are those of one process.

Two processes by the real launcher, gloo between them, on this machine.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from unetkit.files import read_json, read_tensors
from unetkit.runs import RunFolder, load_newest_intact

TOLERANCE = 1e-5  # of ‖Δg‖/‖g‖ in float32

GRADIENTS = """
import sys, torch
from unetkit.losses import build_loss
from unetkit.networks import build, class_scores
from unetkit.training.average import MovingAverage
from unetkit.training.batches import Batch
from unetkit.training.device import Compute
from unetkit.training.distributed import joined
from unetkit.training.optimiser import Hyper, build_optimiser
from unetkit.training.step import Stepper

target, *cases = sys.argv[1:]
drawn = torch.Generator().manual_seed(1)
images = torch.randn(7, 1, 20, 24, generator=drawn)
masks = torch.randint(0, 3, (7, 20, 24), generator=drawn)
masks[::2, :, :18] = 255  # every second image, which is one process's, is nearly all ignored
masks[0] = 255
found = {}
with joined("cpu") as group:
    assert group.beside == group.size  # all on this machine
    mine = list(group.share(range(7)))
    for case in cases:
        name, norm = case.split()
        torch.manual_seed(0)
        network = build("unet", {"depth": 2, "width": 8, "norm": norm, "stem_stride": 1}, 1, 3)
        network.train(norm == "group")  # batch statistics, where there are any, are frozen
        loss = build_loss(name, classes=3, class_weights=(0.5, 2.0, 1.0), label_smoothing=0.1)
        loss.join(group)
        value = loss(class_scores(network(images[mine])), masks[mine])
        value.backward()
        group.add_gradients(network.parameters())
        found[case] = {"loss": value.detach(), **{n: w.grad for n, w in network.named_parameters()}}
        if case == cases[0]:  # once more as a run makes it, and clipped
            optimiser = build_optimiser("sgd", network, Hyper(0.1, 0.0, 0.0))
            stepper = Stepper(
                network, loss, optimiser, MovingAverage(network, 0.0), Compute("cpu", 1, "fp32"), 0.01, group
            )
            told = stepper.step([Batch(images[mine], masks[mine], ())], seed=0)
            numbers = {"loss": torch.tensor(told.loss), "norm": torch.tensor(told.gradient_norm)}
            found["a step of a run"] = numbers | {n: w.grad for n, w in network.named_parameters()}
    if group.leads:
        torch.save(found, target)
"""


def launched(size: int, words: Sequence[object], cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run Python with these words in so many processes."""
    line = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={size}", "--master-port=0"]
    line += ["--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1", **more}
    return subprocess.run(
        [*line, *map(str, words)], cwd=cwd, env=environment, capture_output=True, text=True, timeout=200, check=False
    )


LOSSES = ("cross-entropy", "bce", "dice", "focal", "tversky", "lovasz", "dice+0.5*focal")
CASES = [*(f"{loss} group" for loss in LOSSES), "cross-entropy batch"]

Gradients = dict[str, dict[str, torch.Tensor]]


@pytest.fixture(scope="module")
def gradients(tmp_path_factory: pytest.TempPathFactory) -> tuple[Gradients, Gradients]:
    """Of every case, by one process and by two."""
    folder = tmp_path_factory.mktemp("gradients")
    (folder / "gradients.py").write_text(GRADIENTS)
    for size in (1, 2):
        done = launched(size, ["gradients.py", f"{size}.pt", *CASES], folder)
        assert done.returncode == 0, done.stderr
    one, two = (torch.load(folder / f"{size}.pt", weights_only=True) for size in (1, 2))
    return one, two


@pytest.mark.parametrize("case", [*CASES, "a step of a run"])
def test_the_gradient_of_two_processes_is_that_of_one_with_the_joint_batch(
    gradients: tuple[Gradients, Gradients], case: str
):
    one, two = (of_size[case] for of_size in gradients)
    assert one.keys() == two.keys()
    for name, gradient in one.items():
        assert (two[name] - gradient).norm() <= TOLERANCE * gradient.norm() + 1e-12, name


# An odd batch and an odd number of validation images: the shares of two processes differ.
WORDS = [
    *("--size", 48, "--network", "nano", "--network.depth", 2, "--network.norm", "group", "--batch", 5),
    *("--val", 3, "--split-by", "random"),
    *("--device", "cpu", "--threads", 1, "--training.precision", "fp32", "--epochs", 3),
]


@pytest.fixture(scope="module")
def alone(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The run of one process."""
    folder = tmp_path_factory.mktemp("alone")
    done = launched(1, ["-m", "unetkit", "train", scenes, *WORDS, "--out", folder / "run"], folder)
    assert done.returncode == 0, done.stderr
    return RunFolder(folder / "run")


def assert_alike(one: RunFolder, two: RunFolder) -> None:
    """Histories and weights are equal but for what summing in another order does."""
    for row, other in zip(one.read_history(), two.read_history(), strict=True):
        assert row["step"] == other["step"]
        assert row["scores"]["mean_iou"] == pytest.approx(other["scores"]["mean_iou"], abs=2e-3)
        assert row["step"] == 0 or row["loss"] == pytest.approx(other["loss"], rel=1e-3)
    assert one.read_scores()["best"]["step"], "the model is one that has learnt"
    weights, others = (read_tensors(run.model)[0] for run in (one, two))
    for name, weight in weights.items():
        assert np.linalg.norm(weight - others[name]) <= 1e-2 * np.linalg.norm(weight) + 1e-6, name


def test_two_processes_train_what_one_trains_and_one_of_them_writes(scenes: Path, tmp_path: Path, alone: RunFolder):
    words = ["-m", "unetkit", "train", scenes, *WORDS, "--out", tmp_path / "run", "--json"]
    done = launched(2, words, tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["schema"] == "unetkit.run"
    assert_alike(alone, RunFolder(tmp_path / "run"))
    parts = [run.read_environment()["parts"] for run in (alone, RunFolder(tmp_path / "run"))]
    assert [part["compute"]["processes"] for (part,) in parts] == [1, 2]


def meeting(words: Sequence[object], folder: Path) -> list[subprocess.Popen[str]]:
    """Two launchers that know of each other only by the address where they meet, as on two machines."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    line = [sys.executable, "-m", "torch.distributed.run", "--nnodes=2", "--nproc-per-node=1", "--rdzv-id=here"]
    line += ["--rdzv-backend=c10d", f"--rdzv-endpoint=localhost:{port}", "--local-addr=localhost"]
    line += ["-m", "unetkit", *map(str, words)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
    return [subprocess.Popen(line, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]


@pytest.mark.slow
def test_two_machines_that_meet_by_rendezvous_train_what_one_process_trains(
    scenes: Path, tmp_path: Path, alone: RunFolder
):
    machines = meeting(["train", scenes, *WORDS, "--out", tmp_path / "run"], tmp_path)
    errors = [machine.communicate(timeout=200)[1] for machine in machines]
    assert [machine.returncode for machine in machines] == [0, 0], errors
    assert_alike(alone, RunFolder(tmp_path / "run"))


def test_scores_of_two_processes_are_those_of_one_on_the_same_weights(scenes: Path, tmp_path: Path):
    words = ["-m", "unetkit", "train", scenes, *WORDS, "--out", tmp_path / "run"]
    assert launched(2, words, tmp_path).returncode == 0
    evaluated = [sys.executable, "-m", "unetkit", "evaluate", tmp_path / "run", "--split", "val", "--json"]
    done = subprocess.run(list(map(str, evaluated)), capture_output=True, text=True, check=True, cwd=tmp_path)
    alone, together = json.loads(done.stdout), read_json(tmp_path / "run" / "scores.json")["scores"]
    assert alone["images"] == together["images"]
    assert alone["confusion"] == together["confusion"]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("launchers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_when_one_process_dies_all_end_within_a_minute(scenes: Path, tmp_path: Path, launchers: int):
    run = tmp_path / "run"
    words = ["train", scenes, *WORDS[:-1], 500, "--out", run]
    machines = meeting(words, tmp_path) if launchers == 2 else [launching(words, tmp_path)]
    try:
        deadline = time.monotonic() + 60
        while not (run / "history.jsonl").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert (run / "history.jsonl").exists()
        children = [child for machine in machines for child in children_of(machine.pid)]
        assert len(children) == 2
        os.kill(children[-1], signal.SIGKILL)
        killed = time.monotonic()
        errors = [machine.communicate(timeout=60)[1] for machine in machines]
    finally:
        for machine in machines:
            machine.terminate()
    assert time.monotonic() - killed < 60
    assert all(machine.returncode for machine in machines)
    assert "SIGKILL" in errors[-1] or "-9" in errors[-1], "who died, and of what"
    assert launchers == 1 or "another process of this run has died" in errors[0]
    assert not any(Path(f"/proc/{child}").exists() for child in children)


def launching(words: Sequence[object], folder: Path) -> subprocess.Popen[str]:
    """One launcher of two processes."""
    line = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--rdzv-backend=c10d"]
    line += ["--rdzv-endpoint=localhost:0", "-m", "unetkit", *map(str, words)]
    return subprocess.Popen(line, cwd=folder, stderr=subprocess.PIPE, text=True)


def children_of(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


DISTURBED = """
import os, signal, sys, time, torch
from unetkit import console
from unetkit.cli.app import main
from unetkit.errors import DataError
from unetkit.files import atomic
from unetkit.training import estimate, recording, saving, train
from unetkit.training.batches import BatchMaker
from unetkit.training.loop import Loop
from unetkit.training.scoring import Scorer
from unetkit.training.step import Stepper

how, first = sys.argv[1], os.environ["RANK"] == "0"
try_step, score, make, run = estimate._seconds, Scorer.__call__, BatchMaker.make, Loop.run
save, step = saving.save_last, Stepper.step
scorings = []

def of_its_own_pace(trial, batch):
    try_step(trial, batch)
    return 0.22 if first else 0.3

def signalled(scorer):
    scorings.append(1)
    if len(scorings) == 2 and (how == "signals" or not first):
        os.kill(os.getpid(), signal.SIGTERM)
    return score(scorer)

def without_its_file(maker, number):
    if number == 4 and not first:
        raise DataError("this file is gone", where="a.png")
    return make(maker, number)

def writing(*_, **__):
    raise RuntimeError("the second process writes")

def telling(loop):
    run(loop)
    weights = {name: weight.clone() for name, weight in loop.stepper.network.named_parameters()}
    torch.save({"steps": loop.progress.step, "weights": weights}, f"{os.environ['RANK']}.pt")

def of_other_statistics(scorer):
    if not first:
        for buffer in scorer._session.stepper.average.network.buffers():
            if buffer.is_floating_point():
                buffer.add_(1)
    return score(scorer)

def saving_slowly(*words):
    time.sleep(2 * first)
    save(*words)

def stopping(stepper, batches, seed):
    if seed == (5 << 32) + 3:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)
    return step(stepper, batches, seed)

Loop.run = telling
if how == "paces":
    estimate._seconds = of_its_own_pace
elif how == "slow saves":
    saving.save_last, Stepper.step = saving_slowly, stopping
elif how == "statistics":
    Scorer.__call__ = of_other_statistics
elif how == "writes" and not first:
    assert all((atomic._write_and_rename, recording.SummaryWriter, console.transcript, train.sole_writer))
    atomic._write_and_rename = recording.SummaryWriter = console.transcript = train.sole_writer = writing
elif how in ("signal", "signals"):
    Scorer.__call__ = signalled
elif how == "gone":
    BatchMaker.make = without_its_file
sys.exit(main(sys.argv[2:]))
"""
"""`unetkit`, of which the second process is another than the first."""


def disturbed(how: str, words: Sequence[object], folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "disturbed.py").write_text(DISTURBED)
    return launched(2, ["disturbed.py", how, *words], folder)


@pytest.mark.slow
def test_processes_of_unlike_pace_try_as_many_steps_before_the_first(scenes: Path, tmp_path: Path):
    done = disturbed("paces", ["train", scenes, *WORDS, "--out", tmp_path / "run"], tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_processes_of_unlike_pace_follow_one_plan_of_minutes_to_the_same_weights(scenes: Path, tmp_path: Path):
    words = ["train", scenes, *WORDS[:-2], "--minutes", 0.15, "--out", tmp_path / "run"]
    done = disturbed("paces", words, tmp_path)
    assert done.returncode == 0, done.stderr
    plan = RunFolder(tmp_path / "run").read_plan()
    assert plan["changes"], "else no clock had a say"
    one, other = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    assert one["steps"] == other["steps"] == plan["total"]
    assert all(torch.equal(weight, other["weights"][name]) for name, weight in one["weights"].items())


def test_only_the_first_process_writes(scenes: Path, tmp_path: Path):
    done = disturbed("writes", ["train", scenes, *WORDS, "--out", tmp_path / "run"], tmp_path)
    assert done.returncode == 0, done.stderr


def test_with_batch_norm_all_processes_score_with_the_statistics_of_the_first(scenes: Path, tmp_path: Path):
    words = ["train", scenes, *("batch" if word == "group" else word for word in WORDS)]
    for how in ("", "statistics"):
        done = disturbed(how, [*words, "--out", tmp_path / f"run-{how}"], tmp_path)
        assert done.returncode == 0, done.stderr
        assert "the statistics of the first are kept" in " ".join(done.stderr.split())
    alike, other = (RunFolder(tmp_path / f"run-{how}").read_history() for how in ("", "statistics"))
    assert [row["scores"] for row in other] == [row["scores"] for row in alike]


@pytest.mark.parametrize("to", [pytest.param("signal", marks=pytest.mark.slow), "signals"])
def test_a_signal_to_one_process_or_all_ends_their_scoring_and_the_run_goes_on_to_the_same_bits(
    to: str, scenes: Path, tmp_path: Path
):
    words = ["train", scenes, *WORDS]
    assert disturbed("", [*words, "--out", tmp_path / "whole"], tmp_path).returncode == 0
    stopped = disturbed(to, [*words, "--out", tmp_path / "run"], tmp_path)
    assert stopped.returncode != 0
    assert len(RunFolder(tmp_path / "run").read_history()) == 1, "the second scoring was not waited for"
    assert "the state is saved" in stopped.stderr
    assert f"torchrun --nproc-per-node 2 -m unetkit train --resume {tmp_path / 'run'}" in stopped.stderr
    assert "has died" not in stopped.stderr
    assert disturbed("", ["train", "--resume", tmp_path / "run"], tmp_path).returncode == 0
    whole, run = (read_tensors(tmp_path / name / "model.safetensors")[0] for name in ("whole", "run"))
    assert all((whole[name] == run[name]).all() for name in whole)


@pytest.mark.slow
def test_no_process_leaves_and_has_the_others_ended_before_the_state_is_saved(scenes: Path, tmp_path: Path):
    """A launcher that is stopped hands the signal on, once more to whom had it, and ends all when one has failed."""
    stopped = disturbed("slow saves", ["train", scenes, *WORDS, "--seed", 5, "--out", tmp_path / "run"], tmp_path)
    assert stopped.returncode != 0
    assert "stopped by SIGTERM; the state is saved" in stopped.stderr
    assert "(local_rank: 1)" not in stopped.stderr, "the second one has not failed, and only waits"
    assert load_newest_intact(RunFolder(tmp_path / "run"))[1]["progress"]["step"] == 4


def test_a_process_that_fails_says_why_and_the_others_that_it_has_died(scenes: Path, tmp_path: Path):
    done = disturbed("gone", ["train", scenes, *WORDS, "--out", tmp_path / "run"], tmp_path)
    assert done.returncode != 0
    assert "this file is gone" in done.stderr
    assert "another process of this run has died" in done.stderr
