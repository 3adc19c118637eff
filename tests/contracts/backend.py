"""What every backend promises; a new one subclasses this and says how to make itself."""

from __future__ import annotations

import numpy as np
import pytest

from unetkit.data.arrays import Floats
from unetkit.predicting.backends import Backend


class BackendContract:
    """Subclass it, and override `make`."""

    CLASSES = 2
    CHANNELS = 3

    def make(self) -> Backend:
        """A backend of a model with `CLASSES` and `CHANNELS`."""
        raise NotImplementedError

    @staticmethod
    def images(count: int, height: int, width: int, channels: int) -> Floats:
        return np.random.default_rng(count).normal(size=(count, channels, height, width)).astype(np.float32)

    @pytest.mark.parametrize("shape", [(1, 32, 32), (3, 32, 48)])
    def test_a_score_for_each_class_and_pixel(self, shape: tuple[int, int, int]) -> None:
        scores = self.make().scores(self.images(*shape, self.CHANNELS))
        assert scores.shape == (shape[0], self.CLASSES, *shape[1:])
        assert scores.dtype == np.float32

    def test_an_image_scores_the_same_alone_and_in_a_batch(self) -> None:
        backend, images = self.make(), self.images(3, 32, 32, self.CHANNELS)
        np.testing.assert_allclose(backend.scores(images)[1:2], backend.scores(images[1:2]), atol=1e-4)

    def test_the_order_of_memory_does_not_matter(self) -> None:
        backend, images = self.make(), self.images(2, 32, 48, self.CHANNELS)
        turned = np.ascontiguousarray(images.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
        np.testing.assert_allclose(backend.scores(images), backend.scores(turned), atol=1e-4)

    def test_scores_are_finite_and_the_input_is_untouched(self) -> None:
        images = self.images(2, 32, 32, self.CHANNELS)
        before = images.copy()
        assert np.isfinite(self.make().scores(images)).all()
        np.testing.assert_array_equal(images, before)

    def test_it_has_a_name(self) -> None:
        assert self.make().name
