"""Everything that exists before the first step, put together from settings and material."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import torch
from torch import nn

from unetkit.augmentation import Ranges
from unetkit.config.jobs import TrainSettings
from unetkit.console import say
from unetkit.errors import ConfigError
from unetkit.losses import suggest_weights
from unetkit.modelfile import Contract, Fingerprint
from unetkit.networks import build, parameter_count
from unetkit.networks.timm_unet import TimmUNet
from unetkit.runs import versions
from unetkit.training.average import MovingAverage
from unetkit.training.batches import BatchMaker
from unetkit.training.build import (
    make_hyper,
    make_loss,
    make_ranges,
    outputs_of,
    time_budget,
)
from unetkit.training.clock import Clock
from unetkit.training.compiled import pays
from unetkit.training.device import Compute
from unetkit.training.distributed import ALONE, Group
from unetkit.training.moving import exact_device
from unetkit.training.optimiser import build_optimiser
from unetkit.training.order import permutation
from unetkit.training.plan import steps_for_epochs
from unetkit.training.prepare import Material
from unetkit.training.progress import Progress
from unetkit.training.resident import Feed
from unetkit.training.step import Stepper
from unetkit.training.transfer import Start, hold_still, take_over


@dataclass(slots=True)
class Session:
    """A run in memory.

    Attributes:
        contract: of the model to be; scores and fingerprint come at the end.
        stepper: network, loss, optimiser, average.
        maker: makes the batches.
        group: the processes that train together.
        hashes: image → SHA-256 of its file as the run found it; known once the folder is open.
        run_id: the identity of the run in the folder; known then, too, to the process that writes.
    """

    settings: TrainSettings
    material: Material
    compute: Compute
    clock: Clock
    contract: Contract
    stepper: Stepper
    maker: BatchMaker
    progress: Progress
    group: Group = ALONE
    hashes: dict[str, str] = field(default_factory=dict[str, str])
    run_id: str = ""

    @property
    def metric(self) -> str:
        """The score that chooses the best model."""
        return self.settings.training.metric

    @property
    def samples_per_step(self) -> int:
        """Batch × accumulated batches."""
        return self.maker.batch * self.settings.training.accumulate


def assemble(
    settings: TrainSettings, material: Material, compute: Compute, clock: Clock, group: Group = ALONE
) -> Session:
    """Build network, loss, optimiser and batches; nothing is trained yet, nothing written."""
    torch.manual_seed(settings.training.seed)
    compute = replace(compute, compiled=_is_compiled(settings, material, compute, group), processes=group.size)
    contract = _draft_contract(settings, material)
    network = to_device(_together(_network(settings, contract), compute, group), compute)
    loss, weights = make_loss(settings.loss, material.counts, material.where_present)
    _describe_model(settings, network, weights, suggest_weights(material.counts))
    guessed = ", guessed from classes and channels" if settings.augmentation.task == "auto" else ""
    say(f"augmentation {_task_of(settings, material)}, strength {settings.augmentation.strength:g}{guessed}")
    optimiser = build_optimiser(settings.training.optimiser, network, make_hyper(settings.training))
    average = MovingAverage(network, settings.training.ema)
    loss.join(group)
    stepper = Stepper(network, loss.to(compute.device), optimiser, average, compute, settings.training.clip, group)
    _refuse_idle(min(settings.training.batch, len(material.train)), group)
    maker = make_batches(settings, material, compute, group, lambda: stepper.steps > 0)
    return Session(
        settings=settings,
        material=material,
        compute=compute,
        clock=clock,
        contract=contract,
        stepper=stepper,
        maker=maker,
        progress=Progress(),
        group=group,
    )


def _refuse_idle(batch: int, group: Group) -> None:
    if batch < group.size:
        raise ConfigError(
            f"{group.size} processes share a batch of {batch}",
            where="training.batch",
            advice="fewer processes, or in a new run a larger --batch",
        )


def _together(network: nn.Module, compute: Compute, group: Group) -> nn.Module:
    """On GPUs batch norm takes its statistics over all processes; on CPUs each process over its part of the batch."""
    if group.size == 1 or not any(isinstance(layer, nn.BatchNorm2d) for layer in network.modules()):
        return network
    if compute.device == "cuda":
        return cast(nn.Module, nn.SyncBatchNorm.convert_sync_batchnorm(network))
    say(
        f"{group.size} processes: batch norm sees each process's part of the batch, and the statistics of the first "
        "are kept (--network.norm group sees no batch at all)"
    )
    return network


def _is_compiled(settings: TrainSettings, material: Material, compute: Compute, group: Group) -> bool:
    """A long run on a GPU, alone: what is compiled may be tuned by timing, never the same twice, and alone is known."""
    if compute.device != "cuda" or compute.deterministic or group.size > 1:
        return False
    training = settings.training
    steps = training.steps
    if training.epochs is not None:
        samples = min(training.batch, len(material.train)) * training.accumulate
        steps = steps_for_epochs(training.epochs, len(material.train), samples)
    return pays(time_budget(training), steps)


def to_device(network: nn.Module, compute: Compute) -> nn.Module:
    """The network where it is trained, its kernels channels last in memory (the faster order on CPU and GPU)."""
    network.to(compute.device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    return network


def _draft_contract(settings: TrainSettings, material: Material) -> Contract:
    """The contract of the model to be, without scores."""
    return Contract(
        network=settings.network.name,
        settings=settings.network.document(),
        classes=material.dataset.classes,
        channels=material.channels,
        depth=material.depth,
        normalisation=material.normalisation,
        size=material.fit,
        outputs=outputs_of(settings.network, len(material.counts)),
        fingerprint=Fingerprint(),
        licence=settings.licence,
        versions=versions(),
    )


def make_batches(
    settings: TrainSettings, material: Material, compute: Compute, group: Group, settled: Callable[[], bool]
) -> BatchMaker:
    """The source of batches: cache, order, augmentation; decoding begins in the order of the first epoch."""
    cache = material.cache(settings.training.cache, settings.training.cache_limit, group.beside)
    cache.start(map(int, permutation(settings.training.seed, 0, len(cache))))
    feed = None if compute.device == "cpu" else Feed(cache, exact_device(compute.device), settled)
    return BatchMaker(
        cache,
        material.normalisation,
        ranges_for(settings, material),
        seed=settings.training.seed,
        batch=settings.training.batch,
        share=group.share,
        feed=feed,
    )


def ranges_for(settings: TrainSettings, material: Material) -> Ranges:
    """The augmentation's ranges; the task is read off classes and channels where nobody names it."""
    return make_ranges(settings.augmentation, _task_of(settings, material))


def _task_of(settings: TrainSettings, material: Material) -> str:
    """Whose defaults the augmentation takes: what was said, else what classes and channels look like."""
    said = settings.augmentation.task
    return _guess_task(material.dataset.classes.names, material.channels) if said == "auto" else said


def _guess_task(names: tuple[str, ...], channels: int) -> str:
    """Which defaults of augmentation fit: sky or sea among few classes is a horizon, else the view is upright."""
    if len(names) <= 3 and {"sky", "sea", "water"} & {name.lower() for name in names}:
        return "infrared" if channels == 1 else "horizon"
    return "street"


def _network(settings: TrainSettings, contract: Contract) -> nn.Module:
    network = build(contract.network, contract.settings, contract.channels, contract.outputs)
    start = Start()
    if settings.start_from is not None:
        start = take_over(network, settings.start_from, contract)
    elif isinstance(network, TimmUNet) and settings.network.encoder_weights is not None:
        start = _load_encoder(network, Path(settings.network.encoder_weights))
    hold_still(network, settings.training.freeze, start)
    return network


def _load_encoder(network: TimmUNet, path: Path) -> Start:
    loaded = network.load_encoder(path)
    say(f"encoder weights from {path}: {loaded}")
    fresh = tuple(f"encoder.{name}" for name in loaded.reset)
    return Start(fresh, "give all weights of this encoder, or leave out --training.freeze")


def _describe_model(
    settings: TrainSettings, network: nn.Module, weights: list[float] | None, suggested: str | None
) -> None:
    name = settings.network.preset if settings.network.name == "unet" else settings.network.name
    say(f"network {name}: {parameter_count(network):,} parameters · loss {settings.loss.name}")
    if weights is None and suggested is not None:
        say(f"some classes are much rarer than others: --class-weights {suggested} would weigh them")
    if weights is not None:
        say("class weights " + ", ".join(f"{weight:.3g}" for weight in weights))
