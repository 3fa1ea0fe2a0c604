"""Class folders as pairs of an image and a number, in torchvision's order, with no image held."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from kedro.io import DataCatalog, DatasetError
from PIL import Image

from tests.harness.baked import BakedProject

# In the order of torchvision: classes, then folders, then files, each by the numbers of their
# characters.
FILES = [
    "Cat/10.png",
    "Cat/9.PNG",
    "Cat/a/1.png",
    "Cat/a-b/1.png",
    "Cat/a/x/1.png",
    "cat/x.jpeg",
    "dog/.hidden.png",
    "dog/é.webp",
]
LABELS = [0, 0, 0, 0, 0, 1, 2, 2]


def paint(top: Path, files: list[str] = FILES) -> Path:
    """Write images, the red of each twenty times its number: JPEG changes it a little."""
    for number, name in enumerate(files):
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 3), (20 * number, 0, 255)).save(path)
    return top


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    top = paint(tmp_path / "pets")
    (top / "dog" / "notes.txt").write_text("no image, and not taken for one")
    (top / "readme.png").write_text("in no class")
    return top


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No torchvision, whether or not it is installed."""
    monkeypatch.setitem(sys.modules, "torchvision", None)


def numbers(found: Any) -> list[int]:
    """What `paint` painted, of each image in turn."""
    return [round(float(image[0, 0, 0]) * 255 / 20) for image, _ in found]


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


def test_torchvision_has_the_same(
    datasets: Any, pets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torchvision = pytest.importorskip("torchvision", reason="needs torchvision: `make torch`")
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
    batches = list(loading.DataLoader(found, batch_size=4, num_workers=2))
    assert [tuple(images.shape) for images, _ in batches] == [(4, 3, 3, 4), (4, 3, 3, 4)]
    assert [int(label) for _, labels in batches for label in labels] == LABELS


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


NO_PAIRS: list[tuple[Any, str]] = [
    ({"a": 1}, "saves pairs of an image and its class.* no dict"),
    ([1], "one of them is of type int"),
    ([(np.zeros((3, 2, 2)), None)], "None is neither the name nor the number of a class"),
    ([(np.zeros((3, 2, 2)), "../x")], "is no name for a file in a folder"),
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
