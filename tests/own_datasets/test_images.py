"""A folder of images to a dict of arrays and back, wherever it lies, and what is no such folder."""

from __future__ import annotations

import io
import logging
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from kedro.io import DataCatalog, DatasetError, Version
from PIL import Image

from tests.harness.baked import BakedProject
from tests.harness.s3 import S3

RANDOM = np.random.default_rng(0)


def noise(*shape: int) -> np.ndarray[Any, Any]:
    return RANDOM.integers(0, 256, shape, dtype="uint8")


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


def png(array: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "png")
    return buffer.getvalue()


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


# ---- what is no folder of images


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
