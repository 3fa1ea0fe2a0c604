"""`IterableImagesDataset`: a folder of class folders, whose images are read one by one."""

import logging
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from kedro.io import DatasetError, Version

from ..tracking.arguments import named_options
from .class_folders import EXTENSIONS, ClassFolders
from .folder import check_name
from .folder_dataset import FolderDataset, check_options
from .image_reading import Reading
from .image_writing import Writing
from .packages import is_installed, named
from .pictures import pillow

_LOAD_ARGS = ("allow_empty", "is_valid_file", "loader", "target_transform", "transform")


@named_options
class IterableImagesDataset(FolderDataset):
    """Loads class folders as pairs of an image and the number of its class, and saves such pairs.

    What a node is given has a length, gives a pair by its number, and a PyTorch `DataLoader` takes
    it, with workers too. It holds no image. On this machine it is torchvision's `ImageFolder` where
    that is installed, else the same without it: classes, order, numbers, `classes`,
    `class_to_idx`, `samples` and `targets`. It needs Pillow.

    Args:
        filepath: path or URL of the folder, with a folder for each class.
        load_args: those of `ImageFolder`: `transform` is given Pillow's image in RGB, and gives by
            default float32 from 0 to 1, channels x height x width (with torchvision a tensor, else
            an array); `target_transform`, `is_valid_file`, `loader`, `allow_empty`. In YAML a
            function is its dotted name, an object a mapping such as
            `{class: torchvision.transforms.Resize, size: 64}`, and several transforms are a list.
        save_args: `suffix` is the extension of files (`.png`); `overwrite: true` deletes other
            images that lie in the folder; all others are of `PIL.Image.Image.save`.
        version: which version is loaded and saved; Kedro gives it with `versioned: true`.
        credentials: of the file system; Kedro finds them by their name in `credentials.yml`.
        fs_args: other arguments of the file system.
        metadata: for plugins.

    Raises:
        ValueError: an argument that is unknown, or a dotted name that can't be imported.

    Example:
        >>> for image, label in IterableImagesDataset("data/01_raw/pets").load(): ...
    """

    def __init__(  # noqa: PLR0913  those of Kedro's file datasets
        self,
        filepath: str,
        load_args: Mapping[str, Any] | None = None,
        save_args: Mapping[str, Any] | None = None,
        version: Version | None = None,
        credentials: Mapping[str, Any] | None = None,
        fs_args: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(filepath, version, credentials, fs_args, metadata)
        who = type(self).__name__
        self._load_args = dict(load_args or {})
        self._save_args = dict(save_args or {})
        check_options("load_args", self._load_args, _LOAD_ARGS, who)
        options = dict(self._save_args)
        self._suffix = f".{str(options.pop('suffix', '.png')).lstrip('.')}"
        if self._suffix.lower() not in EXTENSIONS and "is_valid_file" not in self._load_args:
            raise ValueError(
                f"{who} would not load what it saves with the suffix {self._suffix!r}: it takes "
                f"{', '.join(EXTENSIONS)}, or what "
                "`load_args: {is_valid_file: …}` says."
            )
        self._overwrite = bool(options.pop("overwrite", False))
        self._reading = Reading(who, mode="RGB", as_numpy=False)
        self._writing = Writing(who, channel_first=True, options=options)

    def load(self) -> Any:
        """Look which images there are; none is read.

        Raises:
            DatasetError: there are no class folders, or one has no image.
        """
        pillow(self._reading.who)
        folder = self._loaded_folder()
        options = {name: _built(value) for name, value in self._load_args.items()}
        torchvision = _torchvision() if folder.is_local else None
        if "transform" not in options:
            options["transform"] = torchvision.transforms.ToTensor() if torchvision else as_floats
        found = ClassFolders(folder, self._reading, **options)
        if torchvision is None:
            return found
        options.setdefault("loader", partial(_load_file, self._reading))
        return torchvision.datasets.ImageFolder(folder.path, **options)

    def save(self, data: Any) -> None:
        """Write pairs of an image and its class, a name or its number among `data.classes`.

        An image is Pillow's, or an array of channels x height x width as it was loaded; a
        file's name is its number in its class.

        Raises:
            DatasetError: what is saved are no such pairs, or a name is none of a folder.
        """
        pillow(self._writing.who)
        folder = self._saved_folder()
        folder.make()
        classes: Sequence[str] | None = getattr(data, "classes", None)
        counts: dict[str, int] = {}
        given: dict[str, int] = {}
        self.saved_files = []
        for image, label in _pairs(data):
            name = _class_name(label, classes)
            number = counts.setdefault(name, 0)
            counts[name] += 1
            if classes is None and not isinstance(label, str):
                given[name] = operator.index(label)
            file = check_name(f"{name}/{number:05d}{self._suffix}")
            folder.write(file, self._writing(image, file))
            self.saved_files.append(file)
        suffixes = pillow(self._writing.who).registered_extensions()
        self._tell_of_others(folder, suffixes, self._overwrite)
        _tell_of_other_numbers(given, sorted(counts))

    def _options(self) -> dict[str, Any]:
        return {"load_args": self._load_args, "save_args": self._save_args}


def as_floats(image: Any) -> Any:
    """Return an image of Pillow as torchvision's `ToTensor` does, as a NumPy array."""
    import numpy

    array = numpy.asarray(image, dtype="float32") / numpy.float32(255)
    return numpy.ascontiguousarray(numpy.moveaxis(array, -1, 0))


def _torchvision() -> Any:
    """Return torchvision where it is installed and works."""
    if not is_installed("torchvision"):
        return None
    try:
        for part in ("datasets", "transforms"):
            import_module(f"torchvision.{part}")
        return import_module("torchvision")
    except Exception as error:  # each mismatch with PyTorch has an error of its own
        logging.getLogger(__name__).warning(
            "torchvision is installed and can't be imported (%s: %s), so images are read without "
            "it, as arrays: install the version that goes with this PyTorch.",
            type(error).__name__,
            error,
        )
        return None


class Chain:
    """Several transforms, one after the other."""

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = tuple(transforms)

    def __call__(self, value: Any) -> Any:
        for transform in self.transforms:
            value = transform(value)
        return value


def _built(value: Any) -> Any:
    """Return what stands in a catalog for a function: a name, a class with arguments, a list."""
    if isinstance(value, str):
        return named(value)
    if isinstance(value, Mapping):
        arguments = dict(value)
        if "class" not in arguments:
            raise ValueError(f"a transform needs a `class`; this one has {', '.join(arguments)}")
        return named(str(arguments.pop("class")))(**arguments)
    return Chain([_built(one) for one in value]) if isinstance(value, list | tuple) else value


def _load_file(reading: Reading, path: str) -> Any:
    return reading(Path(path).read_bytes(), path)


def _pairs(data: Any) -> Iterator[tuple[Any, Any]]:
    told = "IterableImagesDataset saves pairs of an image and its class: return [(image, 'cat'), …]"
    if isinstance(data, str | bytes | Mapping) or not isinstance(data, Iterable):
        raise DatasetError(f"{told} from the node, and no {type(data).__name__}.")
    for pair in data:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise DatasetError(f"{told}; one of them is of type {type(pair).__name__}.")
        yield pair[0], pair[1]


def _tell_of_other_numbers(given: Mapping[str, int], folders: Sequence[str]) -> None:
    """Say that a class will have another number: that of its folder, among the sorted ones."""
    found = ((name, number, folders.index(name)) for name, number in given.items())
    if changed := next((one for one in found if one[1] != one[2]), None):
        logging.getLogger(__name__).warning(
            "Classes are numbered in the order of their folders' names, so that the class %s that "
            "was saved will be loaded as %d: save pairs of an image and a class's name.",
            changed[0],
            changed[2],
        )


def _class_name(label: Any, classes: Sequence[str] | None) -> str:
    if isinstance(label, str):
        if "/" in label:
            raise DatasetError(f"{label!r} is no name of a class: it is that of one folder.")
        return label
    try:
        number = operator.index(label)
        return str(number) if classes is None else classes[number]
    except (TypeError, IndexError) as error:
        raise DatasetError(f"{label!r} is neither the name nor the number of a class.") from error
