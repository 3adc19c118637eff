"""What a run is put together from."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch import nn

from training.conftest import TINY
from unetkit import console
from unetkit.config.jobs import TrainSettings
from unetkit.networks.levels import levels, still
from unetkit.recipes.settings import settings
from unetkit.training import session as session_module
from unetkit.training.build import make_rates
from unetkit.training.clock import Clock
from unetkit.training.device import Compute
from unetkit.training.distributed import ALONE, Group
from unetkit.training.prepare import prepare_data
from unetkit.training.result import TrainResult
from unetkit.training.schedule import Shape
from unetkit.training.scoring import Scorer
from unetkit.training.session import Session, assemble

Assembled = Callable[..., Session]
Run = Callable[..., TrainResult]


@pytest.fixture
def assembled(scenes: Path, monkeypatch: pytest.MonkeyPatch) -> Assembled:
    """A run in memory; on a device that need not be here, with other processes that need not be there."""

    def stay(module: nn.Module, *_: object, **__: object) -> nn.Module:
        return module  # nothing has to lie on that device

    monkeypatch.setattr(nn.Module, "to", stay)

    def make(device: str = "cpu", group: Group = ALONE, **values: object) -> Session:
        wanted = settings("train", {**TINY, "training.deterministic": False, **values})
        assert isinstance(wanted, TrainSettings)
        material = prepare_data(wanted.data, str(scenes), wanted.training.seed)
        return assemble(wanted, material, Compute(device, 1, "fp32"), Clock(time.time()), group)

    return make


def norms(session: Session) -> list[nn.Module]:
    layers = session.stepper.network.modules()
    return [layer for layer in layers if isinstance(layer, nn.BatchNorm2d | nn.SyncBatchNorm)]


@pytest.mark.parametrize(
    ("device", "group", "kind"),
    [
        ("cuda", Group(0, 2), nn.SyncBatchNorm),
        ("cuda", ALONE, nn.BatchNorm2d),
        ("cpu", Group(0, 2), nn.BatchNorm2d),
    ],
    ids=["two on GPUs", "one on a GPU", "two on a CPU"],
)
def test_batch_norm_sees_the_whole_batch_of_several_gpus(
    assembled: Assembled,
    scenes: Path,
    trained: Run,
    monkeypatch: pytest.MonkeyPatch,
    device: str,
    group: Group,
    kind: type[nn.Module],
) -> None:
    def no_batches(*_: object) -> None: ...

    before = trained(scenes)
    monkeypatch.setattr(session_module, "make_batches", no_batches)
    session = assembled(device, group, start_from=str(before.run), **{"training.freeze": "encoder"})
    assert norms(session)
    assert all(isinstance(layer, kind) for layer in norms(session))
    assert any(layer is norm for layer in still(session.stepper.network) for norm in norms(session))


def test_each_of_several_processes_makes_its_part_of_a_batch(assembled: Assembled) -> None:
    whole = assembled().maker.make(3).samples
    parts = [assembled("cpu", Group(rank, 2)).maker.make(3).samples for rank in (0, 1)]
    assert [len(part) for part in parts] == [2, 2]
    assert {*parts[0], *parts[1]} == {*whole}


def test_every_setting_of_a_step_arrives_there(assembled: Assembled) -> None:
    said = {
        "training.optimiser": "sgd",
        "training.momentum": 0.7,
        "training.weight_decay": 0.3,
        "training.layer_rate": 0.5,
        "training.clip": 0.25,
        "training.ema": 0.5,
        "training.learning_rate": 0.02,
    }
    made = assembled(**said).stepper
    optimiser = made.optimiser
    assert (optimiser.momentum, optimiser.rate, made.average.decay) == (0.7, 0.02, 0.5)
    assert {group.decay for group in optimiser.groups} == {0.0, 0.3}
    assert {group.share for group in optimiser.groups} == {0.5**level for level in range(len(levels(made.network)))}


def test_a_gradient_is_clipped_to_what_was_said(assembled: Assembled) -> None:
    session = assembled(**{"training.clip": 0.01})
    outcome = session.stepper.step([session.maker.make(0)], seed=0)
    gradients = [weight.grad for weight in session.stepper.network.parameters() if weight.grad is not None]
    norm = float(torch.linalg.vector_norm(torch.cat([gradient.flatten() for gradient in gradients])))
    assert norm == pytest.approx(0.01, rel=1e-3)
    assert outcome.gradient_norm > 0.01


def test_a_schedule_has_the_shape_that_was_said() -> None:
    wanted = settings("train", {"training.warm_up": 0.4, "training.final_rate": 0.2, "training.learning_rate": 0.02})
    assert isinstance(wanted, TrainSettings)
    rates = make_rates(wanted.training)
    assert (rates.shape, rates.highest) == (Shape(0.4, 0.2), 0.02)


@pytest.mark.parametrize("count", [1, 4, 5, 99])
def test_the_images_of_the_sheet_are_spread_over_the_split(assembled: Assembled, count: int) -> None:
    session = assembled(**{"data.val": "0.5", "data.split_by": "random"})
    val = [pair.image for pair in session.material.val]
    shown = [val.index(image) for image, *_ in Scorer(session).examples(count)]
    apart = [after - before for before, after in pairwise(shown)]
    assert len(shown) == min(count, len(val))
    assert all(abs(step - len(val) / len(shown)) < 1 for step in apart)


def test_a_verbose_run_tells_what_is_done_when(scenes: Path, trained: Run) -> None:
    stream = io.StringIO()
    console.switch_on(verbose=True, stream=stream)
    trained(scenes)
    console.switch_off()
    told = [re.fullmatch(r" *(\d+\.\d\d) s  (.*)", line) for line in stream.getvalue().splitlines()]
    done = [(float(row[1]), row[2]) for row in told if row]
    assert [what for _, what in done][:6] == [
        "imports",
        "data read and measured",
        "first batch",
        "trial steps",
        "trial of a scoring",
        "plan",
    ]
    assert done[6][1].startswith("state of step 2, written in ")
    assert [seconds for seconds, _ in done] == sorted(seconds for seconds, _ in done)
