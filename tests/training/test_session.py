"""What a run is put together from."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from torch import nn

from training.conftest import TINY
from unetkit import console
from unetkit.config.jobs import TrainSettings
from unetkit.networks.levels import still
from unetkit.recipes.settings import settings
from unetkit.training import session as session_module
from unetkit.training.clock import Clock
from unetkit.training.device import Compute
from unetkit.training.distributed import ALONE, Group
from unetkit.training.prepare import prepare_data
from unetkit.training.result import TrainResult
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
