"""The training step: forward, loss, backward, clip, update. The only one in the house.

On a GPU a step is queued, and nothing in it waits for what the device computes; its numbers are read when somebody
asks for them. On a CPU they are there when it returns.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from unetkit.networks import class_scores
from unetkit.networks.levels import still
from unetkit.training.average import MovingAverage
from unetkit.training.batches import Batch
from unetkit.training.compiled import Compiled
from unetkit.training.device import Compute
from unetkit.training.distributed import ALONE, Group
from unetkit.training.optimiser import Optimiser


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


class Launched:
    """A step whose numbers may still be on their way from the device.

    Args:
        numbers: the losses of its batches, in order, and the norm of the gradient before clipping.
    """

    def __init__(self, numbers: Tensor) -> None:
        self._numbers = numbers.to("cpu", non_blocking=True)  # from a GPU into page-locked memory
        self._arrived = torch.cuda.current_stream(numbers.device).record_event() if numbers.is_cuda else None

    def outcome(self) -> StepOutcome:
        """Wait for the numbers."""
        if self._arrived is not None:
            self._arrived.synchronize()
        *losses, gradient_norm = map(float, self._numbers)
        return StepOutcome(sum(losses), gradient_norm)


class Stepper:
    """Owns what a step changes: `network`, `optimiser` and `average`, the moving average of its weights.

    Args:
        clip: the largest norm of the gradient; 0 is off.
        group: the processes that make each step together.

    Attributes:
        steps: made so far, by this stepper.
        kept: the averaged weights and statistics that `go_back` goes back to; {} before the first.
        candidate: those that will take their place if they prove good; {} where there are none.
        looks_first: whether a step waits for its numbers before it updates anything. On a GPU it need not: the fused
            optimisers leave out an update that the device itself finds to be not finite.
    """

    def __init__(
        self,
        network: nn.Module,
        loss: nn.Module,
        optimiser: Optimiser,
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
        self.steps = 0
        self.kept: dict[str, Tensor] = {}
        self.candidate: dict[str, Tensor] = {}
        self.looks_first = compute.device == "cpu" or not optimiser.skips
        self._compiled = Compiled(network) if compute.compiled else None
        self._limit = clip or math.inf
        self._still = still(network)

    @property
    def compiles(self) -> bool:
        """Whether the network is called compiled: it was asked for, and has not failed so far."""
        return self._compiled is not None and self._compiled.works

    def take_after(self, trial: Stepper) -> None:
        """Call the network as it is where a twin could not compile it."""
        if not trial.compiles:
            self._compiled = None

    def step(self, batches: Sequence[Batch], seed: int) -> StepOutcome:
        """As `launch`, and wait for what it did."""
        return self.launch(batches, seed).outcome()

    def launch(self, batches: Sequence[Batch], seed: int) -> Launched:
        """One optimiser step over `batches` (more than one: their gradients are accumulated).

        No weight is updated when the loss or the gradient is not finite. `seed` decides what dropout drops, so that
        a step depends on nothing that happened before but the weights. Of several processes each brings its part of
        the batch; loss and gradient are those of the whole.
        """
        torch.manual_seed((seed + (self.group.rank << 48)) % 2**64)
        self._to_training()
        self.optimiser.zero()
        losses = self._losses(batches)
        if not losses:  # it could not be compiled, and is made from the beginning as it is
            return self.launch(batches, seed)
        self.group.add_gradients(self.network.parameters())
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self._limit, foreach=True)
        self.steps += 1
        numbers = torch.stack([*losses, norm])
        launched = Launched(numbers)
        if not self.looks_first:
            # The average is not held back; who reads the outcome ends the run before it is scored or saved.
            self._update(skipped=numbers.isfinite().all().logical_not().float())
        elif launched.outcome().finite:
            self._update()
        return launched

    def keep(self) -> None:
        """Remember the averaged weights and statistics as they are, as a candidate."""
        self.candidate = {name: tensor.clone() for name, tensor in self.average.network.state_dict().items()}

    def judge(self, *, good: bool) -> None:
        """From now on the candidate is what is kept, if it was good; it is forgotten if not."""
        self.kept, self.candidate = self.candidate if good else self.kept, {}

    def go_back(self) -> None:
        """Take what is kept, for the average too; the optimiser forgets what it has seen."""
        self.candidate = {}
        self.network.load_state_dict(self.kept)
        self.average.network.load_state_dict(self.kept)
        self.optimiser.forget()

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

    def _losses(self, batches: Sequence[Batch]) -> list[Tensor]:
        """The loss of each batch, whose gradients are added up; none where that could not be compiled."""
        try:
            return [self._backward(batch, len(batches)) for batch in batches]
        except Exception as error:
            if self._compiled is None or not self._compiled.gave_up(error):
                raise
            return []

    def _backward(self, batch: Batch, of: int) -> Tensor:
        with self.compute.autocast():
            output = (self._compiled or self.network)(batch.images)
        loss: Tensor = self.loss(class_scores(output.float()), batch.masks) / of
        loss.backward()
        return loss.detach()

    def _update(self, skipped: Tensor | None = None) -> None:
        self.optimiser.step(skipped)
        self.average.update()
