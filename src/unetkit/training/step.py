"""The training step: forward, loss, backward, clip, update. The only one in the house."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from unetkit.networks import class_scores
from unetkit.networks.levels import still
from unetkit.training.average import MovingAverage
from unetkit.training.batches import Batch
from unetkit.training.device import Compute
from unetkit.training.distributed import ALONE, Group


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What one step did.

    Attributes:
        loss: mean over the step's batches, before the update.
        gradient_norm: L2 norm of the whole gradient before clipping.
    """

    loss: float
    gradient_norm: float

    @property
    def finite(self) -> bool:
        """Whether the step was made with numbers that are numbers."""
        return math.isfinite(self.loss) and math.isfinite(self.gradient_norm)


class Stepper:
    """Owns what a step changes: the network, the optimiser and the moving average."""

    def __init__(
        self,
        network: nn.Module,
        loss: nn.Module,
        optimiser: torch.optim.Optimizer,
        average: MovingAverage,
        compute: Compute,
        clip: float,
        group: Group = ALONE,
    ) -> None:
        self.network = network
        self.loss = loss
        self.optimiser = optimiser
        self.average = average
        self.compute = compute
        self.group = group
        self._limit = clip or math.inf
        self._still = still(network)

    def step(self, batches: Sequence[Batch], seed: int) -> StepOutcome:
        """One optimiser step over `batches` (more than one: their gradients are accumulated).

        Nothing is updated when the loss or the gradient is not finite. `seed` decides what dropout drops, so that
        a step depends on nothing that happened before but the weights. Of several processes each brings its part of
        the batch; loss and gradient are those of the whole.
        """
        torch.manual_seed((seed + (self.group.rank << 48)) % 2**64)
        self._to_training()
        self.optimiser.zero_grad(set_to_none=True)
        loss = sum(self._backward(batch, len(batches)) for batch in batches)
        self.group.add_gradients(self.network.parameters())
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self._limit, foreach=True)
        outcome = StepOutcome(loss, float(norm))
        if outcome.finite:
            self.optimiser.step()
            self.average.update()
        return outcome

    def go_back(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Take these weights and statistics, for the average too; the optimiser forgets what it has seen."""
        self.network.load_state_dict(weights)
        self.average.network.load_state_dict(weights)
        self.optimiser.state.clear()

    def twin(self) -> Stepper:
        """Another one with the same weights and the same state; what it does, this one does not notice."""
        network, optimiser = copy.deepcopy((self.network, self.optimiser))
        average = MovingAverage(network, self.average.decay)
        return Stepper(network, self.loss, optimiser, average, self.compute, self._limit, self.group)

    def _to_training(self) -> None:
        """What is frozen works as in prediction: its statistics stand still, too."""
        self.network.train()
        for module in self._still:
            module.eval()

    def _backward(self, batch: Batch, of: int) -> float:
        with self.compute.autocast():
            output = self.network(batch.images)
        loss: torch.Tensor = self.loss(class_scores(output.float()), batch.masks) / of
        loss.backward()
        return float(loss.detach())
