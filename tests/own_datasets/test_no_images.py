"""What is no folder of images, and what can't be saved as one: each is told in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kedro.io import DatasetError
from PIL import Image

from .pixels import noise, png


def test_folder_that_is_not_there(datasets: Any, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="There is no folder .*/none"):
        datasets.ImagesDataset(str(tmp_path / "none")).load()


def test_folder_that_is_a_file(datasets: Any, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(png(noise(2, 2)))
    with pytest.raises(DatasetError, match=r"x\.png is a file, and a folder is needed"):
        datasets.ImagesDataset(str(tmp_path / "x.png")).load()


def test_empty_folder(datasets: Any, tmp_path: Path) -> None:
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "Thumbs.db").write_bytes(b"x")
    with pytest.raises(DatasetError, match="has no images"):
        datasets.ImagesDataset(str(tmp_path)).load()
    (tmp_path / "x.png").write_bytes(png(noise(2, 2)))
    with pytest.raises(DatasetError, match=r"has no images like '\*\.jpg'"):
        datasets.ImagesDataset(str(tmp_path), load_args={"pattern": "*.jpg"}).load()


@pytest.mark.parametrize("lazy", [True, False])
def test_broken_image(datasets: Any, tmp_path: Path, lazy: bool) -> None:
    (tmp_path / "good.png").write_bytes(png(noise(9, 9)))
    (tmp_path / "half.png").write_bytes(png(noise(99, 99))[:5000])
    dataset = datasets.ImagesDataset(str(tmp_path), load_args={"lazy": lazy})
    with pytest.raises(DatasetError, match=r"half\.png is a broken image: "):
        dict(dataset.load())
    Image.fromarray(noise(99, 99, 3)).save(tmp_path / "half.png", "jpeg")
    (tmp_path / "half.png").write_bytes((tmp_path / "half.png").read_bytes()[:3000])
    with pytest.raises(DatasetError, match=r"half\.png is a broken image: "):
        dict(dataset.load())


def test_file_that_is_no_image(datasets: Any, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(noise(2, 2)))
    (tmp_path / "notes.txt").write_text("words")
    with pytest.raises(DatasetError, match=r"notes\.txt \(5 bytes\) is no image") as caught:
        datasets.ImagesDataset(str(tmp_path)).load()
    assert 'load_args: {pattern: "*.png"}' in str(caught.value)
    only = datasets.ImagesDataset(str(tmp_path), load_args={"pattern": "*.png"})
    assert list(only.load()) == ["a"]


def test_two_files_of_one_name(datasets: Any, tmp_path: Path) -> None:
    for name in ("a.png", "a.bmp"):
        (tmp_path / name).write_bytes(png(noise(2, 2)))
    with pytest.raises(DatasetError, match=r"a\.bmp and a\.png in .* same name 'a'") as caught:
        datasets.ImagesDataset(str(tmp_path)).load()
    assert "keep_suffix: true" in str(caught.value)


def test_two_names_of_one_file(datasets: Any, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="The names 1 and '1' are both the file 1.png"):
        datasets.ImagesDataset(str(tmp_path / "new")).save({1: noise(2, 2), "1": noise(2, 2)})
    assert not (tmp_path / "new").exists()


NO_IMAGES = [
    ({"x": np.array([[0.0, 3.0]])}, "values from 0 to 3, and floats go from 0 to 1"),
    ({"x": np.array([[0, 300]])}, "values from 0 to 300, and whole numbers go from 0 to 255"),
    ({"x": np.array([[0.0, np.nan]])}, "NaN or infinite"),
    ({"x": noise(2, 3, 4, 3)}, r"shape \(2, 3, 4, 3\) is no image"),
    ({"x": noise(3, 20, 20)}, r"shape \(3, 20, 20\) is no image: with channel_first=False"),
    ({"x": np.zeros((0, 3), "uint8")}, "has no pixel"),
    ({"x": "words"}, "str is neither an array of numbers nor an image"),
    ({"x": np.array([["words"]])}, "ndarray is neither an array of numbers nor an image"),
    ({"../x": noise(2, 2)}, r"'\.\./x\.png' is no name for a file in a folder"),
    ({"/x": noise(2, 2)}, "is no name for a file in a folder"),
    ({".x": noise(2, 2)}, "is no name for a file in a folder"),
    ({"x.jpg": noise(2, 2, 4)}, r"x\.jpg of mode RGBA can't be saved: .*suffix: \.png"),
    ({"names": ["a"], "images": []}, "1 names for 0 images"),
    (noise(2, 2), "return {name: image} from the node"),
    (Image.new("L", (2, 2)), "return {name: image} from the node"),
    (3, "return {name: image} from the node"),
]


@pytest.mark.parametrize(("data", "told"), NO_IMAGES, ids=[told[:40] for _, told in NO_IMAGES])
def test_what_is_no_image_is_told(datasets: Any, tmp_path: Path, data: Any, told: str) -> None:
    with pytest.raises(DatasetError, match=told):
        datasets.ImagesDataset(str(tmp_path)).save(data)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"channel_order": "BRG"}, "channel_order is 'BRG'; it must be one of 'RGB', 'BGR'"),
        ({"load_args": {"laze": True}}, "no load_args 'laze'.*Did you mean 'lazy'"),
        ({"load_args": {"dtype": "float16"}}, "dtype is 'float16'"),
        ({"load_args": {"dict_structure": "names"}}, "dict_structure is 'names'"),
        ({"chanel_first": True}, "Did you mean 'channel_first'"),
    ],
)
def test_wrong_arguments_are_refused(datasets: Any, options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        datasets.ImagesDataset("images", **options)


def test_extension_that_pillow_does_not_know(datasets: Any, tmp_path: Path) -> None:
    dataset = datasets.ImagesDataset(str(tmp_path), save_args={"suffix": ".image"})
    with pytest.raises(DatasetError, match=r"no images with the extension '\.image'"):
        dataset.save({"x": noise(2, 2)})


def test_without_pillow(datasets: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "PIL.Image", None)
    for make in (datasets.ImagesDataset, datasets.IterableImagesDataset):
        with pytest.raises(DatasetError, match=r"needs the package 'pillow'.*pip install pillow"):
            make(str(tmp_path)).load()


def test_credentials_are_not_told(datasets: Any) -> None:
    dataset = datasets.ImagesDataset(
        "ftp://me:pass-word-1@host/images", credentials={"secret": "long-secret-1"}
    )
    for told in (str(dataset), repr(dataset)):
        assert "pass-word-1" not in told
        assert "long-secret-1" not in told
        assert "channel_order='RGB'" in told
