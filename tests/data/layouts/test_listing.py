"""One listing, sorted, of what lies below the root and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from unetkit.data.layouts.listing import Listing, extension_of, list_folder, stem_of
from unetkit.errors import DataError

Plant = Callable[..., Path]


def test_a_listing_holds_images_and_tables_sorted_and_nothing_else(plant: Plant) -> None:
    root = plant("b/2.PNG", "b/10.jpeg", "a.tif", "list.csv", "b/notes.md", "weights.pt", "b/x.JSONL")

    assert list_folder(root) == Listing(root, ("a.tif", "b/10.jpeg", "b/2.PNG"), ("b/x.JSONL", "list.csv"))


def test_what_unetkit_wrote_below_a_data_folder_is_no_data(plant: Plant) -> None:
    root = plant(
        *("images/a.png", "masks/a.png", "predictions/a-1/colour/a.png", "predictions/a-1/masks/a.png"),
        *("predictions/a-1/overlays/a.png", "runs/a-1/config.yaml", "runs/a-1/environment.json"),
        *(
            "runs/a-1/manifest.csv",
            "runs/a-1/figures/sheet.png",
            "evaluations/1/images.csv",
            "evaluations/1/scores.json",
        ),
    )

    assert list_folder(root) == Listing(root, ("images/a.png", "masks/a.png"))
    assert list_folder(root / "predictions" / "a-1").images


def test_no_file_is_opened(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    root = plant("images/{n}.png")
    monkeypatch.setattr("builtins.open", None)
    monkeypatch.setattr(Path, "open", None)

    assert len(list_folder(root).images) == 4


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder with one image, outside of all others."""
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    (tmp_path / "elsewhere" / "deep" / "secret.png").touch()
    return tmp_path / "elsewhere"


def test_a_file_that_is_a_link_out_of_the_folder_is_listed_with_where_it_leads(plant: Plant, elsewhere: Path) -> None:
    root = plant("images/{n}.png")
    (root / "images" / "link.png").symlink_to(elsewhere / "deep" / "secret.png")
    listing = list_folder(root)
    assert "images/link.png" in listing.images
    fault, reason = listing.defects["images/link.png"]
    assert (fault, reason.endswith("elsewhere/deep/secret.png")) == ("outside-link", True)
    assert listing.sound(["images/link.png", "images/1.png"]) == ["images/1.png"]
    assert list_folder(root, follow_links=True).defects == {}


def test_every_folder_that_is_a_link_out_is_named_with_the_flag(plant: Plant, elsewhere: Path) -> None:
    root = plant("x/{n}.png")
    for name in ("masks", "images"):
        (root / name).symlink_to(elsewhere)
    with pytest.raises(DataError, match="2 folder links lead out of the data folder") as caught:
        list_folder(root)
    assert caught.value.where == f"{root}/images -> {elsewhere}\n{root}/masks -> {elsewhere}"
    assert caught.value.advice.startswith("--follow-links")
    assert "images/deep/secret.png" in list_folder(root, follow_links=True).images


def test_links_that_go_round_outside_of_the_folder_end(plant: Plant, elsewhere: Path) -> None:
    root = plant("images/{n}.png")
    (root / "more").symlink_to(elsewhere)
    (elsewhere / "deep" / "up").symlink_to(elsewhere)
    (elsewhere / "home").symlink_to(root)
    (elsewhere / "self.png").symlink_to("self.png")
    assert list_folder(root, follow_links=True).images[4:] == ("more/deep/secret.png", "more/self.png")


def test_a_link_inside_the_folder_is_followed(plant: Plant) -> None:
    root = plant("frames/{n}.png")
    (root / "images").symlink_to("frames")

    assert "images/1.png" in list_folder(root).images


def test_a_link_to_a_folder_above_ends(plant: Plant) -> None:
    root = plant("images/{n}.png")
    (root / "images" / "again").symlink_to(root)
    (root / "images" / "here").symlink_to(".")

    assert len(list_folder(root).images) == 4


def test_the_data_folder_itself_may_be_a_link(plant: Plant, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(plant("images/{n}.png"))

    assert len(list_folder(tmp_path / "link").images) == 4


def test_a_name_that_is_not_unicode_is_listed_as_a_defect(plant: Plant) -> None:
    root = plant()
    for name in (b"caf\xe9.png", b"caf\xe8.png"):
        (root / os.fsdecode(name)).touch()
    listing = list_folder(root)
    assert listing.images == ("caf\\xe8.png", "caf\\xe9.png")
    assert {fault for fault, _ in listing.defects.values()} == {"name-not-utf8"}


@pytest.mark.parametrize(
    ("name", "stem", "extension"), [("a.b/c.d.JPG", "c.d", ".jpg"), (".x", ".x", ""), ("a", "a", "")]
)
def test_dots_inside_a_name_belong_to_it(name: str, stem: str, extension: str) -> None:
    assert (stem_of(name), extension_of(name)) == (stem, extension)
