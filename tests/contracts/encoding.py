"""What every mask encoding promises. A new one subclasses `EncodingContract` and gives masks with their truth."""

from __future__ import annotations

import json

import numpy as np

from unetkit.data.arrays import Image, Mask, ignore_value
from unetkit.data.classes import ClassTable
from unetkit.data.encodings import MASK_ENCODINGS, Encoding, encoding_from_json, find_encoding


class EncodingContract:
    """Subclass as `class TestMine(EncodingContract): name = "mine"`, with `masks` and `truth`; the tests come along."""

    name: str
    class_folders: tuple[str, ...] = ()
    classes: ClassTable | None = None  # what the user says of them, where nothing else tells

    def masks(self) -> list[tuple[str, Image]]:
        """Path and pixels of a few masks, as files would hold them."""
        raise NotImplementedError

    def truth(self) -> list[Mask]:
        """Their class ids."""
        raise NotImplementedError

    def found(self, *, said: str | None = None, backwards: bool = False) -> tuple[Encoding, ClassTable]:
        masks = self.masks()[::-1] if backwards else self.masks()
        encoding, classes, _ = find_encoding(
            masks, encoding=said, classes=self.classes, class_folders=self.class_folders
        )
        return encoding, classes

    def encoding(self) -> Encoding:
        return self.found()[0]

    def test_it_is_found_without_being_told_and_is_a_row_of_the_table(self) -> None:
        assert self.encoding().name == self.name
        assert self.name in MASK_ENCODINGS

    def test_it_can_be_said(self) -> None:
        assert self.found(said=self.name)[0] == self.encoding()

    def test_masks_become_their_class_ids(self) -> None:
        for (where, pixels), truth in zip(self.masks(), self.truth(), strict=True):
            np.testing.assert_array_equal(self.encoding().decode(pixels, where).mask, truth)

    def test_ids_are_classes_or_ignore(self) -> None:
        encoding, classes = self.found()
        for _, pixels in self.masks():
            mask = encoding.decode(pixels).mask
            assert ((mask < len(classes)) | (mask == ignore_value(mask))).all()

    def test_written_as_json_it_is_the_same_encoding(self) -> None:
        document = json.loads(json.dumps(self.encoding().to_json()))
        assert encoding_from_json(document) == self.encoding()

    def test_the_order_of_the_files_does_not_matter(self) -> None:
        assert self.found(backwards=True)[0] == self.encoding()

    def test_the_pixels_are_not_changed(self) -> None:
        where, pixels = self.masks()[0]
        before = pixels.copy()
        self.encoding().decode(pixels, where)
        np.testing.assert_array_equal(pixels, before)

    def test_a_single_pixel_is_a_mask(self) -> None:
        assert self.encoding().decode(self.masks()[0][1][:1, :1]).mask.shape == (1, 1)
