"""A model's weights in another network: what a known class scored it still scores, whatever stands beside it."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from unetkit.networks import build, class_scores
from unetkit.networks.transfer import Transfer, adapt_channels, transfer

from contracts.network import image, scores

HEADS = ("linear", "convolution", "activated")
BOTH_WAYS = ((0, 1), (1, 0))


def network(outputs: int, *, channels: int = 1, seed: int = 0, **settings: object) -> nn.Module:
    torch.manual_seed(seed)
    made = build("unet", {"depth": 1, "width": 8, "stem_stride": 1, **settings}, channels, outputs)
    for name, value in made.named_parameters():
        if name.startswith("head") and name.endswith("bias"):
            nn.init.normal_(value)  # a trained head has biases
    return made


def probabilities(made: nn.Module, batch: Tensor) -> Tensor:
    return class_scores(scores(made, batch)).softmax(dim=1)


def close(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("head", HEADS)
def test_a_known_class_keeps_its_score_in_another_place_beside_new_ones(head: str) -> None:
    source, made = network(3, head=head), network(5, head=head, seed=1)
    rows = (2, None, 0, 1, None)
    moved = transfer(made, source.state_dict(), rows, classes=3, channels=1)
    before, after = scores(source, image(2, 1, 9, 9)), scores(made, image(2, 1, 9, 9))
    assert moved.head
    close(after[:, [0, 2, 3]], before[:, [2, 0, 1]])


@pytest.mark.parametrize("head", HEADS)
def test_new_classes_keep_their_fresh_rows(head: str) -> None:
    made = network(3, head=head)
    fresh = {name: value.clone() for name, value in made.state_dict().items()}
    transfer(made, network(2, head=head, seed=1).state_dict(), (1, None, None), classes=2, channels=1)
    after, last = made.state_dict(), {"linear": "head", "convolution": "head.1", "activated": "head.2"}[head]
    for name in (f"{last}.weight", f"{last}.bias"):
        assert torch.equal(after[name][1:], fresh[name][1:])
        assert not torch.equal(after[name][0], fresh[name][0])


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("rows", BOTH_WAYS)
def test_a_logit_becomes_two_classes(head: str, rows: tuple[int, int]) -> None:
    source, made = network(1, head=head), network(2, head=head, seed=1)
    assert transfer(made, source.state_dict(), rows, classes=2, channels=1).head
    close(probabilities(made, image(2, 1, 9, 9)), probabilities(source, image(2, 1, 9, 9))[:, rows])


@pytest.mark.parametrize("head", ["linear", "convolution"])
@pytest.mark.parametrize("rows", [*BOTH_WAYS, (2, 0)])
def test_two_classes_become_a_logit(head: str, rows: tuple[int, int]) -> None:
    source, made = network(3, head=head), network(1, head=head, seed=1)
    assert transfer(made, source.state_dict(), rows, classes=3, channels=1).head
    before = scores(source, image(2, 1, 9, 9))[:, rows].softmax(dim=1)
    close(probabilities(made, image(2, 1, 9, 9)), before)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize(("rows", "sign"), [((0, 1), 1.0), ((1, 0), -1.0)])
def test_a_logit_of_swapped_classes_changes_its_sign(head: str, rows: tuple[int, int], sign: float) -> None:
    source, made = network(1, head=head), network(1, head=head, seed=1)
    assert transfer(made, source.state_dict(), rows, classes=2, channels=1).head
    close(scores(made, image(2, 1, 9, 9)), sign * scores(source, image(2, 1, 9, 9)))


@pytest.mark.parametrize("head", HEADS)
def test_two_classes_of_a_logit_stay_as_far_apart_when_a_third_joins(head: str) -> None:
    source, made = network(1, head=head), network(3, head=head, seed=1)
    transfer(made, source.state_dict(), (1, None, 0), classes=2, channels=1)
    after = scores(made, image(2, 1, 9, 9))
    close(after[:, :1] - after[:, 2:], scores(source, image(2, 1, 9, 9)))


@pytest.mark.parametrize("alike", ["head.0.weight", "head.0.bias"])
def test_a_logit_that_cannot_hold_two_classes_starts_fresh(alike: str) -> None:
    made, source = network(1, head="activated"), network(2, head="activated").state_dict()
    source[alike][1] = source[alike][0]
    fresh = made.state_dict()["head.2.weight"].clone()
    moved = transfer(made, source, (0, 1), classes=2, channels=1)
    assert not moved.head
    assert torch.equal(made.state_dict()["head.2.weight"], fresh)


def reset_head(moved: Transfer) -> bool:
    return not moved.head and moved.loaded.reset == moved.loaded.unused == ("head.weight", "head.bias")


def test_a_head_that_knows_no_class_starts_fresh_though_its_shape_fits() -> None:
    assert reset_head(transfer(network(2), network(2, seed=1).state_dict(), (None, None), classes=2, channels=1))


def test_a_head_on_other_features_starts_fresh() -> None:
    theirs = network(2, seed=1, width=16, width_cap=16).state_dict()
    moved = transfer(network(2), theirs, (0, 1), classes=2, channels=1)
    assert not moved.head
    assert "head.weight" in moved.loaded.reset


def test_networks_with_no_kernel_in_common_do_not_fit() -> None:
    theirs = network(2, width=16).state_dict()
    made = network(2, head="convolution")
    assert not transfer(made, theirs, (0, 1), classes=2, channels=1).fits
    assert transfer(made, network(2).state_dict(), (0, 1), classes=2, channels=1).fits


@pytest.mark.parametrize(("stem", "block"), [(1, "plain"), (1, "residual"), (4, "plain")])
@pytest.mark.parametrize(("before", "now"), [(3, 1), (1, 3), (4, 1), (2, 5)])
def test_a_grey_image_is_answered_alike_through_any_number_of_channels(
    before: int, now: int, stem: int, block: str
) -> None:
    source = network(2, channels=before, stem_stride=stem, block=block)
    made = network(2, channels=now, seed=1, stem_stride=stem, block=block)
    moved = transfer(made, source.state_dict(), (0, 1), classes=2, channels=before)
    grey = image(2, 1, 12, 16)
    assert moved.loaded.reset == ()
    assert len(moved.converted) == (2 if block == "residual" else 1)
    close(scores(made, grey.expand(-1, now, -1, -1)), scores(source, grey.expand(-1, before, -1, -1)))


def test_five_channels_share_what_three_had() -> None:
    weight = torch.randn(8, 3, 3, 3)
    close(adapt_channels(weight, torch.Size([8, 5, 3, 3])).sum(dim=1), weight.sum(dim=1))
    assert adapt_channels(weight, torch.Size([16, 5, 3, 3])) is weight
    assert adapt_channels(weight, torch.Size([8, 5, 3, 3]), channels=1) is weight


class HeadOnly(nn.Module):
    """Nothing but a head over eight features."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.head = nn.Conv2d(8, outputs, 1)

    def forward(self, features: Tensor) -> Tensor:
        return self.head(features)


@given(classes=st.integers(2, 6), data=st.data())
def test_whatever_is_kept_and_dropped_a_known_class_scores_what_it_scored(classes: int, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.none() | st.integers(0, classes - 1), min_size=2, max_size=7))
    source, made = HeadOnly(classes), HeadOnly(len(rows))
    expected = scores(made, image(1, 8, 3, 3)).clone()
    known = [new for new, row in enumerate(rows) if row is not None]
    expected[:, known] = scores(source, image(1, 8, 3, 3))[:, [row for row in rows if row is not None]]
    transfer(made, source.state_dict(), rows, classes=classes, channels=1)
    close(scores(made, image(1, 8, 3, 3)), expected)
