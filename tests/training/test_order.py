"""The k-th sample of a run depends on (seed, k) alone."""

from hypothesis import given
from hypothesis import strategies as st

from unetkit.training.order import permutation, sample_at, samples_of

counts = st.integers(1, 40)
seeds = st.integers(0, 2**31)


@given(seeds, st.integers(0, 50), counts)
def test_each_epoch_is_a_permutation(seed: int, epoch: int, count: int):
    assert sorted(permutation(seed, epoch, count)) == list(range(count))


@given(seeds, counts, st.integers(1, 16), st.integers(0, 20))
def test_batches_are_the_order_cut_into_pieces(seed: int, count: int, batch: int, number: int):
    whole = [sample_at(seed, place, count) for place in range((number + 1) * batch)]
    assert list(samples_of(seed, number, batch, count)) == whole[number * batch :]


def test_epochs_differ_and_so_do_seeds():
    orders = {tuple(permutation(seed, epoch, 20)) for seed in range(3) for epoch in range(3)}
    assert len(orders) == 9
