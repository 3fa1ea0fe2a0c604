"""Images in class folders, read one by one: what torchvision's `ImageFolder` is, without it."""

import operator
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kedro.io import DatasetError

from .folder import Folder
from .image_reading import Reading

# As torchvision 0.28 has them (`torchvision.datasets.folder.IMG_EXTENSIONS`).
EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


class ClassFolders(Sequence[tuple[Any, Any]]):
    """Pairs of an image and the number of its class, in the order of torchvision's `ImageFolder`.

    The classes are the folders, sorted; of each the files, sorted. An image is read when it is
    asked for, and nothing is kept of it. What is known of the files is not one Python object a
    file: processes that are forked from this one share it, however often they look at it.

    Args:
        folder: with a folder for each class.
        reading: how a file becomes an image.
        transform: is given the image; None leaves it.
        target_transform: is given the number of the class; None leaves it.
        is_valid_file: is given a path, and says whether it is taken; by default by its extension.
        loader: is given a path, and returns the image, instead of `reading`.
        allow_empty: classes without an image are no error.

    Raises:
        DatasetError: there are no class folders, or one has no image.
    """

    def __init__(
        self,
        folder: Folder,
        reading: Reading,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        loader: Callable[[str], Any] | None = None,
        allow_empty: bool = False,
    ) -> None:
        self.root = folder.path
        self.transform = transform
        self.target_transform = target_transform
        self.loader = loader
        self._folder = folder
        self._reading = reading
        found = _by_class(folder, is_valid_file or _is_image)
        if not found:
            raise DatasetError(
                f"The folder {folder} has no folders of classes: it needs one for each, say "
                f"{folder}/cat/1.png."
            )
        self.classes = sorted(found)
        self.class_to_idx = {name: number for number, name in enumerate(self.classes)}
        empty = [name for name in self.classes if not found[name]]
        if empty and not allow_empty:
            raise DatasetError(
                f"In {folder} there are no images of the classes {', '.join(empty)}: delete these "
                "folders, or say `load_args: {allow_empty: true}`. Images end in "
                f"{', '.join(EXTENSIONS)}."
            )
        self._names = bytearray()
        self._ends = array("q", [0])
        self._labels = array("i")
        for label, name in enumerate(self.classes):
            for file in found.pop(name):
                self._names += f"{name}/{file}".encode("utf-8", "surrogateescape")
                self._ends.append(len(self._names))
                self._labels.append(label)

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: Any) -> Any:
        place = self._place(index)
        name, label = self._name(place), self._labels[place]
        if self.loader is not None:
            image = self.loader(self._folder.join(name))
        else:
            image = self._reading(self._folder.read(name), self._folder.where(name))
        if self.transform is not None:
            image = self.transform(image)
        return image, label if self.target_transform is None else self.target_transform(label)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        return f"<{len(self):,} images of {len(self.classes)} classes in {self._folder}>"

    @property
    def samples(self) -> list[tuple[str, int]]:
        """Path and number of the class of each image, as a list made for the caller."""
        paths = (self._folder.join(self._name(place)) for place in range(len(self)))
        return list(zip(paths, self._labels, strict=True))

    imgs = samples

    @property
    def targets(self) -> list[int]:
        """The number of the class of each image, as a list made for the caller."""
        return self._labels.tolist()

    def file_of(self, index: Any) -> str:
        """Return the file of an image, relative to the folder."""
        return self._name(self._place(index))

    def _place(self, index: Any) -> int:
        place = operator.index(index)
        if place < 0:
            place += len(self)
        if not 0 <= place < len(self):
            raise IndexError(f"there are {len(self)} images, and no {index}")
        return place

    def _name(self, place: int) -> str:
        part = self._names[self._ends[place] : self._ends[place + 1]]
        return part.decode("utf-8", "surrogateescape")


def _is_image(path: str) -> bool:
    return path.lower().endswith(EXTENSIONS)


def _by_class(folder: Folder, is_valid: Callable[[str], bool]) -> dict[str, list[str]]:
    """Return the images of each class, relative to its folder, in torchvision's order."""
    found: dict[str, list[str]] = {name: [] for name in folder.folders()}
    for path in folder.names(hidden=True):
        name, mark, file = path.partition("/")
        if mark and is_valid(folder.join(path)):
            found.setdefault(name, []).append(file)
    for files in found.values():
        files.sort(key=_by_folder)
    return found


def _by_folder(file: str) -> tuple[str, str]:
    top, _, name = file.rpartition("/")
    return top, name
