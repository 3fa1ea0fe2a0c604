"""Images of cameras, scanners and instruments as arrays; what is lost is told."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kedro.io import DatasetError
from PIL import Image

WIDE = np.array([[0, 256, 30000, 65535]], dtype="uint16")


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_grey_of_16_bits_becomes_the_same_grey_of_8(
    datasets: Any, tmp_path: Path, mode: str
) -> None:
    """Pillow alone makes everything above 255 white."""
    Image.fromarray(WIDE).save(tmp_path / "x.png")
    found = datasets.ImagesDataset(str(tmp_path), mode=mode).load()["x"]
    grey = found if mode == "L" else found[..., 0]
    assert grey.tolist() == [[0, 1, 117, 255]]


def test_scan_of_16_bits_in_a_class_folder(datasets: Any, tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    Image.fromarray(WIDE).save(tmp_path / "cat/x.png")
    ((image, _),) = datasets.IterableImagesDataset(str(tmp_path)).load()
    assert np.allclose(np.asarray(image)[1, 0], [0, 1 / 255, 117 / 255, 1])


def test_bytes_in_the_other_order(datasets: Any, tmp_path: Path) -> None:
    """They are numbers as any others, and can be saved again."""
    Image.frombytes("I;16B", (4, 1), WIDE.astype(">u2").tobytes()).save(tmp_path / "x.tif")
    dataset = datasets.ImagesDataset(str(tmp_path))
    found = dataset.load()["x"]
    assert (found.dtype.isnative, found.tolist()) == (True, WIDE.tolist())
    again = datasets.ImagesDataset(str(tmp_path / "again"))
    again.save({"x": found})
    assert again.load()["x"].tolist() == WIDE.tolist()


@pytest.mark.parametrize("kind", ["int32", "float32"])
def test_values_without_a_white(datasets: Any, tmp_path: Path, kind: str) -> None:
    Image.fromarray(np.array([[-7, 70000]], dtype=kind)).save(tmp_path / "x.tif")
    assert datasets.ImagesDataset(str(tmp_path)).load()["x"].tolist() == [[-7, 70000]]
    for mode in ("L", "RGB"):
        with pytest.raises(DatasetError, match=r"x\.tif has grey values from -7 to 70000, whose"):
            datasets.ImagesDataset(str(tmp_path), mode=mode).load()
    Image.fromarray(np.array([[0, 255]], dtype=kind)).save(tmp_path / "x.tif")
    assert datasets.ImagesDataset(str(tmp_path), mode="L").load()["x"].tolist() == [[0, 255]]


def test_colours_of_print(datasets: Any, tmp_path: Path) -> None:
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "x.jpg", quality=100)
    found = datasets.ImagesDataset(str(tmp_path)).load()["x"]
    assert found.shape == (8, 8, 3)
    assert np.abs(found[0, 0].astype(int) - [255, 0, 0]).max() < 6


def test_mode_that_there_is_not(datasets: Any, tmp_path: Path) -> None:
    Image.new("RGB", (2, 2)).save(tmp_path / "x.png")
    with pytest.raises(
        DatasetError, match=r"x\.png, of mode 'RGB', can't be converted to mode 'XYZ"
    ):
        datasets.ImagesDataset(str(tmp_path), mode="XYZ").load()


def photo(path: Path, orientation: int) -> None:
    """Save a photo of a camera that was held so, of which the left half is white."""
    pixels = np.zeros((8, 16, 3), "uint8")
    pixels[:, :8] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(path, quality=95, exif=exif)


@pytest.mark.parametrize("as_numpy", [True, False])
def test_photo_is_upright(datasets: Any, tmp_path: Path, as_numpy: bool) -> None:
    """As each viewer shows it: what is saved has no EXIF that would turn it."""
    photo(tmp_path / "x.jpg", 6)  # to be turned to the right by a quarter
    photo(tmp_path / "y.jpg", 1)
    options = {"as_numpy": as_numpy}
    found = datasets.ImagesDataset(str(tmp_path), load_args=options).load()
    x, y = np.asarray(found["x"]), np.asarray(found["y"])
    assert (x.shape, y.shape) == ((16, 8, 3), (8, 16, 3))
    assert (x[0, 4, 0], x[-1, 4, 0]) == (255, 0)
    lying = datasets.ImagesDataset(str(tmp_path), load_args={**options, "upright": False}).load()
    assert np.asarray(lying["x"]).shape == (8, 16, 3)


def test_photo_in_a_class_folder_is_torchvisions(datasets: Any, tmp_path: Path) -> None:
    """As it lies in the file; a transform turns it."""
    (tmp_path / "cat").mkdir()
    photo(tmp_path / "cat/x.jpg", 6)
    plain = datasets.IterableImagesDataset(str(tmp_path)).load()
    assert tuple(plain[0][0].shape) == (3, 8, 16)
    turns = {"transform": ["PIL.ImageOps.exif_transpose", "numpy.shape"]}
    assert datasets.IterableImagesDataset(str(tmp_path), load_args=turns).load()[0][0] == (16, 8, 3)


@pytest.mark.parametrize("lazy", [True, False])
def test_animation_is_its_first_image_and_that_is_told_once(
    datasets: Any, tmp_path: Path, lazy: bool, caplog: pytest.LogCaptureFixture
) -> None:
    frames = [Image.new("L", (2, 2), value) for value in (10, 20, 30)]
    for name in ("a.gif", "b.tif"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    Image.new("L", (2, 2)).save(tmp_path / "c.gif")
    dataset = datasets.ImagesDataset(str(tmp_path), mode="L", load_args={"lazy": lazy})
    with caplog.at_level(logging.WARNING):
        found = {name: image.max() for name, image in dataset.load().items()}
    assert found == {"a": 10, "b": 10, "c": 0}
    (told,) = [record.getMessage() for record in caplog.records]
    assert f"{tmp_path}/a.gif holds several images" in told


def test_preview_of_a_camera_is_not_told(
    datasets: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Phones write a small second image into a JPEG."""
    image = Image.new("RGB", (8, 8))
    image.save(tmp_path / "x.jpg", "MPO", save_all=True, append_images=[image.resize((2, 2))])
    with caplog.at_level(logging.WARNING):
        assert datasets.ImagesDataset(str(tmp_path)).load()["x"].shape == (8, 8, 3)
    assert caplog.records == []
