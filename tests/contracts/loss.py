"""What every loss promises. A new one subclasses `LossContract` and writes `name`."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from unetkit.losses import build_loss

IGNORE = 255


class LossContract:
    """Subclass as `class TestMine(LossContract): name = "mine"`; the tests come along."""

    name: str

    def loss(self, classes: int = 3, weights: list[float] | None = None) -> nn.Module:
        return build_loss(self.name, classes=classes, class_weights=weights)

    def test_it_is_one_finite_number_above_zero(self) -> None:
        value = self.loss()(*batch())

        assert value.shape == ()
        assert 0 < value.item() < float("inf")

    def test_a_batch_of_ignore_alone_is_zero_and_teaches_nothing(self) -> None:
        scores, target = batch()
        scores.requires_grad_()
        value = self.loss()(scores, torch.full_like(target, IGNORE))
        value.backward()

        assert value.item() == 0
        assert scores.grad is not None
        assert not scores.grad.any()

    def test_scores_of_ignored_pixels_do_not_count(self) -> None:
        scores, target = batch()
        other = torch.where(target[:, None] == IGNORE, scores + 7, scores)

        torch.testing.assert_close(self.loss()(other, target), self.loss()(scores, target))

    def test_no_gradient_reaches_ignored_pixels(self) -> None:
        scores, target = batch()
        self.loss()(scores.requires_grad_(), target).backward()

        assert scores.grad is not None
        assert not scores.grad.movedim(1, -1)[target == IGNORE].any()

    def test_the_truth_costs_nearly_nothing(self) -> None:
        _, target = batch()
        certain = 40.0 * nn.functional.one_hot(target % IGNORE % 3, 3).movedim(-1, 1).float() - 20

        assert self.loss()(certain, target).item() < 1e-4

    def test_weights_of_one_are_no_weights(self) -> None:
        torch.testing.assert_close(self.loss(weights=[1.0, 1.0, 1.0])(*batch()), self.loss()(*batch()))

    def test_weights_are_heeded(self) -> None:
        assert self.loss(weights=[1.0, 5.0, 0.2])(*batch()).item() != pytest.approx(
            self.loss()(*batch()).item(), rel=1e-3
        )

    def test_the_names_of_the_classes_do_not_matter(self) -> None:
        scores, target = batch()
        renamed = torch.where(target == IGNORE, IGNORE, (target + 1) % 3)

        torch.testing.assert_close(
            self.loss(weights=[3.0, 1.0, 2.0])(scores.roll(1, dims=1), renamed),
            self.loss(weights=[1.0, 2.0, 3.0])(scores, target),
        )

    def test_where_a_pixel_lies_does_not_matter(self) -> None:
        scores, target = batch()
        row = scores.movedim(1, 0).reshape(1, 3, 1, -1)

        torch.testing.assert_close(self.loss()(row, target.reshape(1, 1, -1)), self.loss()(scores, target))

    def test_a_million_pixels_in_float32_cost_what_they_cost_in_float64(self) -> None:
        """Of a network that is nearly right: what is left is small beside the areas that are added up."""
        _, target = batch(height=512, width=1024)
        certain = 4.0 * nn.functional.one_hot(target % IGNORE % 3, 3).movedim(-1, 1)
        value, exact = (self.loss()(certain.to(kind), target).item() for kind in (torch.float32, torch.float64))

        assert value == pytest.approx(exact, rel=1e-4)

    def test_half_precision_is_computed_in_float32(self) -> None:
        scores, target = batch()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            value = self.loss()(scores.bfloat16(), target)

        assert value.dtype == torch.float32
        torch.testing.assert_close(value, self.loss()(scores.bfloat16().float(), target))

    @pytest.mark.parametrize("classes", [2, 3])
    def test_its_gradient_is_that_of_finite_differences(self, classes: int) -> None:
        scores, target = batch(classes, height=2, width=3)
        loss = self.loss(classes, weights=[0.5, 2.0, 1.0][:classes])

        def of(values: Tensor) -> Tensor:
            return loss(values, target)

        assert torch.autograd.gradcheck(of, scores.double().requires_grad_())

    def test_an_id_beyond_the_classes_is_refused(self) -> None:
        scores, target = batch()
        with pytest.raises((IndexError, RuntimeError)):
            self.loss()(scores, target + 2)

    def test_it_holds_nothing_that_a_checkpoint_must_keep(self) -> None:
        assert not self.loss(weights=[1.0, 2.0, 3.0]).state_dict()


def batch(classes: int = 3, height: int = 5, width: int = 4) -> tuple[Tensor, Tensor]:
    """Scores [2, classes, H, W] and a target in which every class and some ignore occur; always the same."""
    generator = torch.Generator().manual_seed(2)
    scores = torch.randn(2, classes, height, width, generator=generator) * 2
    target = torch.arange(2 * height * width).reshape(2, height, width) % classes
    target[:, 0, 0] = IGNORE
    return scores, target
