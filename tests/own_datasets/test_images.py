"""A folder of images to a dict of arrays and back, wherever it lies, and what is no such folder."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from kedro.io import DataCatalog, Version
from PIL import Image

from tests.harness.baked import BakedProject
from tests.harness.s3 import S3

from .pixels import noise

# Sizes differ, and so do channels: colours, grey, alpha, grey with alpha.
IMAGES = {
    "b": noise(4, 5, 3),
    "a-1": noise(7, 3),
    "a": noise(2, 9, 4),
    "more/c.d": noise(3, 3, 2),
}


@pytest.fixture(params=["local", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path or URL of a new folder, and the arguments that open it."""
    if request.param == "local":
        yield str(tmp_path / "images"), {}
    elif request.param == "memory":
        yield f"memory:///{uuid4().hex}/images", {}
    else:
        s3: S3 = request.getfixturevalue("s3")
        yield f"s3://{s3.bucket}/images", {"credentials": s3.credentials}


def same(one: Any, other: Any) -> bool:
    return (
        list(one) == list(other)
        and all(one[name].dtype == other[name].dtype for name in one)
        and all(np.array_equal(one[name], other[name]) for name in one)
    )


def test_images_come_back_in_the_order_of_their_names(
    datasets: Any, place: tuple[str, dict[str, Any]]
) -> None:
    path, options = place
    dataset = datasets.ImagesDataset(path, **options)
    assert not dataset.exists()
    dataset.save(IMAGES)
    assert dataset.exists()
    loaded = datasets.ImagesDataset(path, **options).load()
    assert same(loaded, {name: IMAGES[name] for name in sorted(IMAGES)})
    loaded["a"][0, 0] = 0  # an array that can be written to


def test_lazy_images_are_read_when_they_are_asked_for(
    datasets: Any, place: tuple[str, dict[str, Any]]
) -> None:
    path, options = place
    datasets.ImagesDataset(path, **options).save(IMAGES)
    lazy = datasets.ImagesDataset(path, load_args={"lazy": True}, **options).load()
    assert list(lazy) == sorted(IMAGES)
    datasets.ImagesDataset(path, **options).save({"b": np.zeros((4, 5, 3), "uint8")})
    there = pickle.loads(pickle.dumps(lazy))  # for another process
    assert not there["b"].any()
    assert np.array_equal(there["a"], IMAGES["a"])
    assert "zzz" not in there
    with pytest.raises(KeyError):
        there["zzz"]


def test_lazy_images_and_functions_can_be_saved(datasets: Any, tmp_path: Path) -> None:
    datasets.ImagesDataset(str(tmp_path / "from")).save(IMAGES)
    lazy = datasets.ImagesDataset(str(tmp_path / "from"), load_args={"lazy": True}).load()
    to = datasets.ImagesDataset(str(tmp_path / "to"))
    to.save(lazy)
    to.save({"late": lambda: noise(2, 2)})
    assert sorted(to.load()) == sorted([*IMAGES, "late"])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (np.array([[0.0, 0.5, 1.0]]), [[0, 128, 255]]),
        (np.array([[False, True]]), [[0, 255]]),
        (np.array([[0, 255]], dtype="int64"), [[0, 255]]),
        (np.array([[[7], [8]]], dtype="uint8"), [[7, 8]]),  # one channel is grey
        (np.array([[0, 65535]], dtype="uint16"), [[0, 65535]]),
    ],
    ids=["float", "bool", "int", "one channel", "16 bits"],
)
def test_values_of_other_types(datasets: Any, tmp_path: Path, given: Any, expected: Any) -> None:
    dataset = datasets.ImagesDataset(str(tmp_path))
    dataset.save({"x": given})
    assert dataset.load()["x"].tolist() == expected
    floats = datasets.ImagesDataset(str(tmp_path), load_args={"dtype": "float"}).load()["x"]
    assert floats.dtype == "float32"
    white = 65535 if given.dtype == "uint16" else 255
    assert np.allclose(floats, np.array(expected) / white)


def test_floats_come_back_as_floats(datasets: Any, tmp_path: Path) -> None:
    dataset = datasets.ImagesDataset(str(tmp_path), load_args={"dtype": "float"})
    dataset.save({"x": noise(4, 4, 3)})
    first = dataset.load()
    dataset.save(first)
    assert same(dataset.load(), first)


@pytest.mark.parametrize("option", [{"channel_order": "BGR"}, {"reverse_color": True}])
def test_channels_of_opencv(datasets: Any, tmp_path: Path, option: dict[str, Any]) -> None:
    dataset = datasets.ImagesDataset(str(tmp_path), **option)
    dataset.save(IMAGES)
    assert same(dataset.load(), {name: IMAGES[name] for name in sorted(IMAGES)})
    as_rgb = datasets.ImagesDataset(str(tmp_path)).load()
    assert np.array_equal(as_rgb["b"], IMAGES["b"][..., ::-1])
    assert np.array_equal(as_rgb["a"], IMAGES["a"][..., [2, 1, 0, 3]])
    assert np.array_equal(as_rgb["a-1"], IMAGES["a-1"])


def test_channels_first(datasets: Any, tmp_path: Path) -> None:
    dataset = datasets.ImagesDataset(str(tmp_path), channel_first=True, channel_order="BGR")
    first = {"x": noise(3, 4, 5), "y": noise(6, 7)}
    dataset.save(first)
    assert same(dataset.load(), first)
    as_rgb = datasets.ImagesDataset(str(tmp_path)).load()["x"]
    assert np.array_equal(as_rgb, first["x"].transpose(1, 2, 0)[..., ::-1])


def test_mode_converts_both_ways(datasets: Any, tmp_path: Path) -> None:
    datasets.ImagesDataset(str(tmp_path), mode="L").save({"x": noise(4, 5, 3)})
    with Image.open(tmp_path / "x.png") as image:
        assert image.mode == "L"
    assert datasets.ImagesDataset(str(tmp_path), mode="RGBA").load()["x"].shape == (4, 5, 4)


def test_colours_of_a_palette_are_colours(datasets: Any, tmp_path: Path) -> None:
    red = Image.new("RGB", (2, 2), "red")
    red.quantize(4).save(tmp_path / "palette.png")
    red.convert("1").save(tmp_path / "bits.png")
    red.convert("CMYK").save(tmp_path / "print.tiff")
    red.quantize(4).save(tmp_path / "clear.gif", transparency=0)
    loaded = datasets.ImagesDataset(str(tmp_path)).load()
    assert loaded["palette"][0, 0].tolist() == [255, 0, 0]
    assert loaded["print"].shape == (2, 2, 3)
    assert loaded["bits"].dtype == "uint8"
    assert loaded["clear"][0, 0, 3] == 0


def test_pictures_of_pillow(datasets: Any, tmp_path: Path) -> None:
    dataset = datasets.ImagesDataset(str(tmp_path), load_args={"as_numpy": False})
    dataset.save({"x": Image.new("LA", (3, 2), 7), "y.jpg": Image.new("RGB", (2, 2))})
    loaded = dataset.load()
    assert (loaded["x"].mode, loaded["x"].size) == ("LA", (3, 2))
    assert loaded["y"].format == "JPEG"


def test_structures_of_pipelinex(datasets: Any, tmp_path: Path) -> None:
    path, images = str(tmp_path), [noise(2, 2), noise(3, 3, 3)]
    plain = datasets.ImagesDataset(path)
    plain.save(images)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["00000.png", "00001.png"]
    as_list = datasets.ImagesDataset(path, load_args={"dict_structure": None}).load()
    assert [image.shape for image in as_list] == [(2, 2), (3, 3, 3)]
    apart = datasets.ImagesDataset(path, load_args={"dict_structure": "sep_names"})
    found = apart.load()
    assert found["names"] == ["00000", "00001"]
    apart.save({"names": ["p", "q"], "images": np.stack([noise(2, 2), noise(2, 2)])})
    assert {"p.png", "q.png"} <= {file.name for file in tmp_path.iterdir()}
    spread = datasets.ImagesDataset(path, save_args={"lower": 0, "upper": 255})
    spread.save({"wide": np.array([[-3.0, 0.0, 3.0]]), "flat": np.full((2, 2), 9.0)})
    assert plain.load()["wide"].tolist() == [[0, 128, 255]]
    assert plain.load()["flat"].tolist() == [[0, 0], [0, 0]]


def test_names_may_keep_their_extension(datasets: Any, tmp_path: Path) -> None:
    options = {"load_args": {"keep_suffix": True}, "save_args": {"suffix": "bmp", "quality": 90}}
    dataset = datasets.ImagesDataset(str(tmp_path), **options)
    dataset.save({"a.jpg": noise(2, 2), "a": noise(2, 2), "v1.2": noise(2, 2)})
    assert list(dataset.load()) == ["a.bmp", "a.jpg", "v1.2.bmp"]


def test_other_images_of_the_folder_stay_and_are_told(
    datasets: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = datasets.ImagesDataset(str(tmp_path))
    (tmp_path / "notes.txt").write_text("mine")
    dataset.save({"old": noise(2, 2)})
    with caplog.at_level(logging.WARNING):
        dataset.save({"new": noise(2, 2)})
    (warned,) = [record.getMessage() for record in caplog.records]
    assert "1 images that were not saved now (say old.png)" in warned
    assert dataset.saved_files == ["new.png"]
    alone = datasets.ImagesDataset(str(tmp_path), save_args={"overwrite": True})
    alone.save({"last": noise(2, 2)})
    assert sorted(file.name for file in tmp_path.iterdir()) == ["last.png", "notes.txt"]


def test_layer_asks_a_store_for_the_state_of_a_folder(
    datasets: Any, baked: BakedProject, s3: S3
) -> None:
    """Of which the digest of an input is made, without a download."""
    url = f"s3://{s3.bucket}/images"
    dataset = datasets.ImagesDataset(url, credentials=s3.credentials)
    dataset.save({"a": noise(2, 2), "more/b": noise(2, 2)})
    place = baked.tracking("kedro_internals").file_of(dataset)
    assert place == url
    told = baked.tracking("datasets.object_states").state_of(dataset, place)["parts"]
    assert [(part[0], part[3]) for part in told] == [("a.png", "etag"), ("more/b.png", "etag")]


def test_layer_takes_the_saved_files_for_the_artifacts(
    datasets: Any, baked: BakedProject, tmp_path: Path
) -> None:
    dataset = datasets.ImagesDataset(str(tmp_path))
    partitions_of = baked.tracking("kedro_datasets_internals").partitions_of
    assert partitions_of(dataset, {}) is None
    dataset.save({"a": noise(2, 2), "more/b": noise(2, 2)})
    found = partitions_of(dataset, {"something": "else"})
    assert {name: place.inside for name, place in found.items()} == {
        "a.png": "a.png",
        "more/b.png": "more/b.png",
    }
    assert [Path(place.path).exists() for place in found.values()] == [True, True]


def test_versions(datasets: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "images")
    for version in ("2026-01-01", "2026-01-02"):
        saved = {"day": np.full((1, 1), int(version[-1]), "uint8")}
        datasets.ImagesDataset(path, version=Version(None, version)).save(saved)
    assert datasets.ImagesDataset(path, version=Version(None, None)).load()["day"].item() == 2
    older = datasets.ImagesDataset(path, version=Version("2026-01-01", None))
    assert older.load()["day"].item() == 1


def test_both_names_in_a_catalog(datasets: Any, tmp_path: Path) -> None:
    assert datasets.ImagesLocalDataSet is datasets.ImagesDataset
    entry = {"type": f"{datasets.__name__}.ImagesDataset", "path": str(tmp_path)}
    catalog = DataCatalog.from_config({"images": entry})
    catalog["images"].save({"x": noise(2, 2)})
    old = {**entry, "type": f"{datasets.__name__}.ImagesLocalDataSet"}
    with pytest.warns(UserWarning, match="spelled with a lowercase"):
        loaded = DataCatalog.from_config({"images": old})["images"].load()
    assert list(loaded) == ["x"]
