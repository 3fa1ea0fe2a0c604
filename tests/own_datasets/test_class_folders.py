"""Class folders as pairs of an image and a number, in torchvision's order, with no image held."""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from kedro.io import DatasetError

from tests.harness.baked import BakedProject

from .pixels import FILES, LABELS, numbers


@pytest.mark.usefixtures("alone")
def test_classes_order_and_numbers(datasets: Any, pets: Path) -> None:
    found = datasets.IterableImagesDataset(str(pets)).load()
    assert found.classes == ["Cat", "cat", "dog"]
    assert found.class_to_idx == {"Cat": 0, "cat": 1, "dog": 2}
    assert found.samples == list(zip([str(pets / name) for name in FILES], LABELS, strict=True))
    assert found.imgs == found.samples
    assert found.targets == [label for _, label in found] == LABELS
    assert numbers(found) == list(range(len(FILES)))
    assert len(found) == len(FILES)
    image, label = found[np.int64(-1)]
    assert (image.dtype, image.shape, label) == ("float32", (3, 3, 4), 2)
    assert image[2].min() > 0.98
    with pytest.raises(IndexError):
        found[len(FILES)]


@pytest.fixture
def torchvision() -> Any:
    pytest.importorskip("torch", reason="needs PyTorch: `make torch`")
    try:
        return import_module("torchvision")
    except Exception as error:  # as where its build is for CUDA, and PyTorch's is not
        pytest.skip(f"needs a torchvision that goes with PyTorch: {error}")


def test_torchvision_has_the_same(
    datasets: Any, pets: Path, torchvision: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = datasets.IterableImagesDataset(str(pets))
    theirs = dataset.load()
    assert isinstance(theirs, torchvision.datasets.ImageFolder)
    monkeypatch.setitem(sys.modules, "torchvision", None)
    ours = dataset.load()
    for name in ("classes", "class_to_idx", "samples", "targets"):
        assert getattr(theirs, name) == getattr(ours, name)
    for (tensor, label), (array, number) in zip(theirs, ours, strict=True):
        assert np.array_equal(tensor.numpy(), array)
        assert label == number


def test_torchvision_is_given_folder_and_arguments(
    datasets: Any, pets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one that only notes what it is given."""
    given: dict[str, Any] = {}

    class ImageFolder:
        def __init__(self, root: str, **options: Any) -> None:
            given.update(options, root=root)

    class ToTensor:
        pass

    modules = {
        "torchvision": ModuleType("torchvision"),
        "torchvision.datasets": ModuleType("torchvision.datasets"),
        "torchvision.transforms": ModuleType("torchvision.transforms"),
    }
    modules["torchvision"].__spec__ = __spec__
    for part in ("datasets", "transforms"):
        setattr(modules["torchvision"], part, modules[f"torchvision.{part}"])
    modules["torchvision.datasets"].ImageFolder = ImageFolder  # type: ignore[attr-defined]
    modules["torchvision.transforms"].ToTensor = ToTensor  # type: ignore[attr-defined]
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    options = {"target_transform": "builtins.str", "allow_empty": True}
    found = datasets.IterableImagesDataset(str(pets), load_args=options).load()
    assert isinstance(found, ImageFolder)
    assert given["root"] == str(pets)
    assert given["target_transform"] is str
    assert given["allow_empty"] is True
    assert isinstance(given["transform"], ToTensor)
    assert given["loader"](str(pets / "Cat/9.PNG")).getpixel((0, 0)) == (20, 0, 255)
    (pets / "Cat/9.PNG").write_bytes(b"words")
    with pytest.raises(DatasetError, match=r"9\.PNG \(5 bytes\) is no image"):
        given["loader"](str(pets / "Cat/9.PNG"))


def test_torchvision_that_does_not_work_is_told_and_not_needed(
    datasets: Any,
    pets: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One that was built for another PyTorch fails when it is imported, and not by ImportError."""
    package = tmp_path / "site/torchvision"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('operator nms does not exist')")
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(package.parent))
    with caplog.at_level(logging.WARNING):
        found = datasets.IterableImagesDataset(str(pets)).load()
    assert numbers(found) == list(range(len(FILES)))
    (told,) = [record.getMessage() for record in caplog.records]
    assert "can't be imported (RuntimeError: operator nms does not exist)" in told
    resizes = {"transform": {"class": "torchvision.transforms.Resize", "size": 4}}
    with pytest.raises(DatasetError, match="Resize' is no name that can be imported"):
        datasets.IterableImagesDataset(str(pets), load_args=resizes).load()


def test_the_same_elsewhere(datasets: Any, pets: Path) -> None:
    """Hidden files and those in no class too: what decides is the folder, not where it lies."""
    url = f"memory:///{uuid4().hex}/pets"
    far = datasets.IterableImagesDataset(url)
    far._fs.put(str(pets), url, recursive=True)
    found = far.load()
    assert found.classes == ["Cat", "cat", "dog"]
    assert [found.file_of(number) for number in range(len(found))] == FILES
    assert numbers(found) == list(range(len(FILES)))


@pytest.mark.usefixtures("alone")
def test_transforms(datasets: Any, pets: Path) -> None:
    """As Python has them, and as they stand in YAML."""

    def load(**options: Any) -> Any:
        return datasets.IterableImagesDataset(str(pets), load_args=options).load()

    assert load(transform=lambda image: image.size)[0][0] == (4, 3)
    assert load(transform="numpy.asarray")[1][0][0, 0].tolist() == [20, 0, 255]
    box = {"class": "PIL.ImageFilter.BoxBlur", "radius": 0}
    chain = load(transform=["PIL.ImageOps.mirror", "numpy.shape"], target_transform="builtins.str")
    assert chain[0] == ((3, 4, 3), "0")
    assert load(transform={**box})._name(0) == FILES[0]
    only = load(is_valid_file=lambda path: path.endswith(("1.png", "x.jpeg", "é.webp")))
    assert only.targets == [0, 0, 0, 1, 2]
    assert load(loader="builtins.str", transform="builtins.len")[0][0] == len(str(pets / FILES[0]))


def _numbers_and_labels(found: Any) -> list[tuple[int, int]]:
    return [(round(float(image[0, 0, 0]) * 255 / 20), label) for image, label in found]


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_goes_to_worker_processes(
    datasets: Any, baked: BakedProject, pets: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a DataLoader of PyTorch sends it."""
    found = datasets.IterableImagesDataset(str(pets)).load()
    # For the worker, which unpickles it; it inherits the environment.
    monkeypatch.setenv("PYTHONPATH", str(baked.root / "src"))
    monkeypatch.syspath_prepend(str(baked.root / "src"))
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply(_numbers_and_labels, (found,)) == list(enumerate(LABELS))


def test_data_loader_of_pytorch(datasets: Any, pets: Path) -> None:
    loading = pytest.importorskip("torch.utils.data", reason="needs PyTorch: `make torch`")
    found = datasets.IterableImagesDataset(str(pets)).load()
    check_batches(loading.DataLoader(found, batch_size=4, num_workers=2))


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("kind", ["local", "memory", "s3"])
def test_data_loader_without_torchvision_and_from_elsewhere(
    datasets: Any, pets: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    """Workers that are forked open the store anew."""
    loading = pytest.importorskip("torch.utils.data", reason="needs PyTorch: `make torch`")
    place, options = str(pets), {}
    if kind == "memory":
        place = f"memory:///{uuid4().hex}/pets"
    elif kind == "s3":
        s3 = request.getfixturevalue("s3")
        place, options = f"s3://{s3.bucket}/{uuid4().hex}", {"credentials": s3.credentials}
    dataset = datasets.IterableImagesDataset(place, **options)
    if kind != "local":
        dataset._fs.put(f"{pets}/", place, recursive=True)
    check_batches(loading.DataLoader(dataset.load(), batch_size=4, num_workers=2))


def check_batches(batches: Any) -> None:
    given = list(batches)
    assert [tuple(images.shape) for images, _ in given] == [(4, 3, 3, 4), (4, 3, 3, 4)]
    assert [int(label) for _, labels in given for label in labels] == LABELS


@pytest.mark.usefixtures("alone")
def test_nothing_is_read_before_it_is_asked_for_and_nothing_is_kept(
    datasets: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tmp_path / "many"
    for number in range(300):
        place = top / f"class-{number % 3}" / f"{number:04d}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"no image yet")
    found = datasets.IterableImagesDataset(str(top)).load()
    read: list[str] = []
    alive: list[int] = [0, 0]

    class Kept:
        def __init__(self) -> None:
            alive[0] += 1
            alive[1] = max(alive)

        def __del__(self) -> None:
            alive[0] -= 1

    def loader(path: str) -> Any:
        read.append(path)
        return Kept()

    found.loader, found.transform = loader, None
    assert len(found) == 300
    assert read == []
    for count, (image, _) in enumerate(found, start=1):
        assert len(read) == count
        del image
    assert alive[0] == 0
    assert alive[1] <= 2  # the pair before goes when the next one has come


@pytest.mark.usefixtures("alone")
def test_what_is_known_of_a_file_is_a_few_bytes(datasets: Any, tmp_path: Path) -> None:
    """And no Python object: forked workers would copy each memory page that they look at."""
    top = tmp_path / "many"
    for label in ("a", "b"):
        (top / label).mkdir(parents=True)
        for number in range(1000):
            os.link(__file__, top / label / f"{number:06d}.png")
    found = datasets.IterableImagesDataset(str(top)).load()
    assert len(found) == 2000
    assert len(pickle.dumps(found)) / len(found) < 40
    assert max(len(value) for value in vars(found).values() if isinstance(value, list)) == 2
