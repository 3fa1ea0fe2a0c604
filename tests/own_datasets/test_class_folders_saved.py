"""Class folders that are saved, and folders that are none."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kedro.io import DataCatalog, DatasetError
from PIL import Image

from .pixels import FILES, numbers, paint


@pytest.mark.usefixtures("alone")
def test_pairs_are_saved_and_come_back(datasets: Any, pets: Path, tmp_path: Path) -> None:
    """What was loaded, with its classes; and what a node has made, with their names."""
    found = datasets.IterableImagesDataset(str(pets)).load()
    copy = datasets.IterableImagesDataset(str(tmp_path / "copy"))
    copy.save(found)
    again = copy.load()
    assert (again.classes, again.targets, numbers(again)) == (
        found.classes,
        found.targets,
        numbers(found),
    )
    assert copy.saved_files[:2] == ["Cat/00000.png", "Cat/00001.png"]
    made = datasets.IterableImagesDataset(
        str(tmp_path / "made"), save_args={"suffix": "bmp", "overwrite": True}
    )
    made.save((Image.new("RGB", (2, 2)), name) for name in ("yes", "no", "yes"))
    assert made.load().targets == [0, 1, 1]
    grey, white = np.ones((2, 2), bool), np.ones((3, 2, 2))
    made.save([(np.zeros((3, 2, 2)), "no"), (grey, "yes"), (white, 7)])
    assert made.load().classes == ["7", "no", "yes"]
    assert len(made.load()) == 3


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("labels", "told"), [([0, 2], "class 2 .* as 1"), (range(11), "class 2 .* as 3")]
)
def test_numbers_that_come_back_as_others_are_told(
    datasets: Any, tmp_path: Path, labels: Any, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = datasets.IterableImagesDataset(str(tmp_path))
    with caplog.at_level(logging.WARNING):
        dataset.save([(np.zeros((3, 2, 2)), label) for label in labels])
    (warned,) = [record.getMessage() for record in caplog.records]
    assert re.search(f"{told}.*: save pairs of an image and a class's name", warned)
    caplog.clear()
    named = datasets.IterableImagesDataset(str(tmp_path / "named"))
    named.save([(np.zeros((3, 2, 2)), f"class {label}") for label in labels])
    ten = datasets.IterableImagesDataset(str(tmp_path / "ten"))
    ten.save([(np.zeros((3, 2, 2)), label) for label in range(10)])
    assert caplog.records == []


def test_suffix_that_would_not_be_loaded(datasets: Any, tmp_path: Path) -> None:
    options: dict[str, Any] = {"save_args": {"suffix": ".gif"}}
    with pytest.raises(ValueError, match=r"would not load what it saves with the suffix '\.gif'"):
        datasets.IterableImagesDataset(str(tmp_path), **options)
    options["load_args"] = {"is_valid_file": lambda path: path.endswith(".gif")}
    dataset = datasets.IterableImagesDataset(str(tmp_path), **options)
    dataset.save([(Image.new("RGB", (2, 2)), "x")])
    assert len(dataset.load()) == 1


NO_PAIRS: list[tuple[Any, str]] = [
    ({"a": 1}, "saves pairs of an image and its class.* no dict"),
    ([1], "one of them is of type int"),
    ([(np.zeros((3, 2, 2)), None)], "None is neither the name nor the number of a class"),
    ([(np.zeros((3, 2, 2)), "../x")], "'../x' is no name of a class: it is that of one folder"),
    ([(np.zeros((3, 2, 2)), ".x")], "is no name for a file in a folder"),
    ([(np.zeros((3, 2, 2)), "")], "is no name for a file in a folder"),
    ([(np.zeros((20, 20, 3)), "x")], r"with channel_first=True .* channels x height x width"),
]


@pytest.mark.parametrize(("data", "told"), NO_PAIRS, ids=[told[:30] for _, told in NO_PAIRS])
def test_what_are_no_pairs_is_told(datasets: Any, tmp_path: Path, data: Any, told: str) -> None:
    with pytest.raises(DatasetError, match=told):
        datasets.IterableImagesDataset(str(tmp_path)).save(data)


@pytest.fixture
def opened(datasets: Any, tmp_path: Path) -> Any:
    return datasets.IterableImagesDataset(str(tmp_path / "pets"))


@pytest.mark.usefixtures("alone")
def test_folders_that_hold_no_classes(opened: Any, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="There is no folder"):
        opened.load()
    top = tmp_path / "pets"
    top.mkdir()
    with pytest.raises(DatasetError, match="has no folders of classes: .*/cat/1.png"):
        opened.load()
    paint(top, ["cat/1.png"])
    (top / "dog").mkdir()
    with pytest.raises(DatasetError, match="no images of the classes dog: .*allow_empty: true"):
        opened.load()


@pytest.mark.usefixtures("alone")
def test_empty_class_on_request(datasets: Any, tmp_path: Path) -> None:
    paint(tmp_path, ["cat/1.png"])
    (tmp_path / "ant").mkdir()
    found = datasets.IterableImagesDataset(str(tmp_path), load_args={"allow_empty": True}).load()
    assert (found.classes, found.targets) == (["ant", "cat"], [1])


@pytest.mark.usefixtures("alone")
def test_broken_image_is_told_when_it_is_read(datasets: Any, tmp_path: Path) -> None:
    paint(tmp_path, ["cat/1.png", "cat/2.png"])
    Image.effect_noise((99, 99), 50).save(tmp_path / "cat/1.png")
    (tmp_path / "cat/1.png").write_bytes((tmp_path / "cat/1.png").read_bytes()[:5000])
    (tmp_path / "cat/2.png").write_text("words")
    found = datasets.IterableImagesDataset(str(tmp_path)).load()
    with pytest.raises(DatasetError, match=r"cat/1\.png is a broken image"):
        found[0]
    with pytest.raises(DatasetError, match=r"cat/2\.png \(5 bytes\) is no image"):
        found[1]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"transfrom": "numpy.asarray"}, "Did you mean 'transform'"),
        ({"transform": "numpy.nothing"}, "'numpy.nothing' is no name that can be imported"),
        ({"transform": {"radius": 1}}, "a transform needs a `class`"),
    ],
)
def test_wrong_arguments_are_refused(
    datasets: Any, pets: Path, options: dict[str, Any], told: str
) -> None:
    with pytest.raises((ValueError, DatasetError), match=told):
        datasets.IterableImagesDataset(str(pets), load_args=options).load()


def test_both_names_in_a_catalog(datasets: Any, pets: Path) -> None:
    assert datasets.IterableImagesDataSet is datasets.IterableImagesDataset
    kind = f"{datasets.__name__}.IterableImagesDataset"
    catalog = DataCatalog.from_config({"pets": {"type": kind, "filepath": str(pets)}})
    assert len(catalog["pets"].load()) == len(FILES)
