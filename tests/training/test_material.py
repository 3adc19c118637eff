"""What is learnt from, as the network is given it."""

from pathlib import Path

from unetkit.config.sections import DataSettings
from unetkit.training.prepare import prepare_data


def test_a_pair_at_working_size_is_padded_with_fill_and_ignore(scenes: Path) -> None:
    material = prepare_data(DataSettings(size="fit:24x48", normalise="imagenet"), str(scenes), 0)
    image, mask = material.fitted(material.train[0])
    native_image, native_mask = material.read(material.train[0])
    assert (image[:, :32] == native_image).all()
    assert (image[:, 32:] == material.normalisation.fill).all()
    assert any(material.normalisation.fill)
    assert (mask[:, :32] == native_mask).all()
    assert (mask[:, 32:] == 255).all()
