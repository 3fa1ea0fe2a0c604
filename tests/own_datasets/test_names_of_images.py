"""Names of images that systems allow, names that collide, and folders that lead to themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from kedro.io import DatasetError

from .pixels import noise

NAMES = [
    "a b",
    "Ålesund/fjord 1 (søndag)",
    "100 %",
    "#1?",
    "[x]*",
    "漁" * 83,  # 249 bytes, and `.png`: a file system allows 255
    "v1.2",
    'it\'s "it"',
    "new\nline",
]


@pytest.mark.parametrize("lazy", [True, False])
def test_names_of_all_kinds(datasets: Any, tmp_path: Path, lazy: bool) -> None:
    path = str(tmp_path / "my [fjord] images")
    images = {name: noise(2, 3) for name in NAMES}
    datasets.ImagesDataset(path).save(images)
    found = datasets.ImagesDataset(path, load_args={"lazy": lazy}).load()
    assert list(found) == sorted(NAMES)
    assert all(np.array_equal(found[name], image) for name, image in images.items())


def test_classes_of_all_kinds(datasets: Any, tmp_path: Path) -> None:
    names = [name for name in NAMES if "/" not in name]
    dataset = datasets.IterableImagesDataset(str(tmp_path))
    dataset.save([(noise(2, 2), name) for name in names])
    found = dataset.load()
    assert found.classes == sorted(names)
    assert [label for _, label in found] == list(range(len(names)))


def test_names_that_are_one_when_they_are_loaded(datasets: Any, tmp_path: Path) -> None:
    images = {"a.png": noise(2, 2), "a.bmp": noise(2, 2)}
    place = tmp_path / "new"
    with pytest.raises(DatasetError, match=r"'a\.png' and 'a\.bmp' are both 'a' when they are"):
        datasets.ImagesDataset(str(place)).save(images)
    assert not place.exists()
    keeps = datasets.ImagesDataset(str(place), load_args={"keep_suffix": True})
    keeps.save(images)
    assert list(keeps.load()) == ["a.bmp", "a.png"]


def test_folder_that_leads_to_itself(datasets: Any, tmp_path: Path) -> None:
    """And one that is linked from elsewhere, which is taken."""
    datasets.ImagesDataset(str(tmp_path / "images")).save({"x": noise(2, 2)})
    datasets.ImagesDataset(str(tmp_path / "other")).save({"y": noise(2, 2)})
    (tmp_path / "images/deep").mkdir()
    for name, target in {"self": ".", "deep/up": "..", "linked": "../other"}.items():
        (tmp_path / "images" / name).symlink_to(target)
    assert list(datasets.ImagesDataset(str(tmp_path / "images")).load()) == ["linked/y", "x"]


def test_path_as_an_object(datasets: Any, tmp_path: Path) -> None:
    datasets.ImagesDataset(tmp_path / "images").save({"x": noise(2, 2)})
    assert list(datasets.ImagesDataset(f"file://{tmp_path}/images").load()) == ["x"]


def test_folders_in_memory_are_apart(datasets: Any) -> None:
    """Kedro takes the first part of such a URL for a host."""
    one, other = (f"memory://{uuid4().hex}" for _ in range(2))
    datasets.ImagesDataset(one).save({"x": noise(2, 2)})
    datasets.ImagesDataset(f"{other}/deep").save({"y": noise(2, 2)})
    assert list(datasets.ImagesDataset(one).load()) == ["x"]
    assert list(datasets.ImagesDataset(other).load()) == ["deep/y"]
    assert one.removeprefix("memory://") in repr(datasets.ImagesDataset(one))
