"""`ImagesDataset`: a folder of images as a dict of names and arrays."""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from functools import partial
from pathlib import PurePosixPath
from typing import Any, Literal

from kedro.io import DatasetError, Version

from ..tracking.arguments import named_options, require_one_of
from .folder import Folder, check_name
from .folder_dataset import FolderDataset, check_options
from .image_reading import Reading
from .image_writing import Writing
from .lazy_images import LazyImages
from .pictures import pillow

_LOAD_ARGS = (
    "as_numpy",
    "dict_structure",
    "dtype",
    "formats",
    "keep_suffix",
    "lazy",
    "pattern",
    "upright",
)
_STRUCTURES = (True, None, "sep_names")
_KEEPS = "have the extension in the names by `load_args: {keep_suffix: true}`"


@named_options
class ImagesDataset(FolderDataset):
    """Loads a folder of images as a dict of names and NumPy arrays, and saves one.

    A name is the path below the folder without its extension; names come in their order. An array
    is height x width x channels of uint8, of a grey image height x width (of 16 bits uint16);
    sizes may differ. Of an animation it is the first image. It needs Pillow. A save adds to what
    lies in the folder, and names what else lies there.

    Args:
        path: path or URL of the folder, on anything that fsspec opens.
        load_args: `lazy: true` gives a mapping that reads an image when it is asked for;
            `dtype: float` float32 from 0 to 1; `as_numpy: false` Pillow's images;
            `pattern: "*.png"` takes the files whose path below the folder is like that;
            `keep_suffix: true` leaves the extension in the names; `dict_structure: null` gives a
            list, and `"sep_names"` a dict of `images` and `names`; `formats` are those that Pillow
            tries; `upright: false` leaves photos as they lie in the file, however the camera was
            held.
        save_args: `suffix` is the extension of names that have none (`.png`); `lower` and `upper`
            spread each array's values between them; `overwrite: true` deletes other images that lie
            in the folder; all others are of `PIL.Image.Image.save`.
        channel_order: `"RGB"`, or `"BGR"` as OpenCV has it; alpha is the last in both.
        mode: of Pillow, say `"L"` for grey or `"RGBA"`, into which each image is converted; None
            leaves it, and takes colours for the numbers of a palette.
        channel_first: arrays of three dimensions are channels x height x width, as in PyTorch.
        reverse_color: PipelineX's word for `channel_order="BGR"`.
        version: which version is loaded and saved; Kedro gives it with `versioned: true`.
        credentials: of the file system; Kedro finds them by their name in `credentials.yml`.
        fs_args: other arguments of the file system.
        metadata: for plugins.

    Raises:
        ValueError: an argument that is unknown, or has no such value.

    Example:
        >>> ImagesDataset("data/01_raw/photos", load_args={"lazy": True}, channel_order="BGR")
    """

    def __init__(  # noqa: PLR0913  those of Kedro's file datasets, and of PipelineX
        self,
        path: str,
        load_args: Mapping[str, Any] | None = None,
        save_args: Mapping[str, Any] | None = None,
        channel_order: Literal["RGB", "BGR"] = "RGB",
        mode: str | None = None,
        channel_first: bool = False,
        reverse_color: bool = False,
        version: Version | None = None,
        credentials: Mapping[str, Any] | None = None,
        fs_args: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(path, version, credentials, fs_args, metadata)
        who = type(self).__name__
        require_one_of("channel_order", channel_order, ("RGB", "BGR"))
        self._load_args = dict(load_args or {})
        self._save_args = dict(save_args or {})
        check_options("load_args", self._load_args, _LOAD_ARGS, who)
        self._structure = self._load_args.get("dict_structure", True)
        if self._structure not in _STRUCTURES:
            raise ValueError(
                f"dict_structure is {self._structure!r}; it must be true for a dict, null for a "
                f"list, or 'sep_names'."
            )
        dtype = self._load_args.get("dtype", "uint8")
        require_one_of("dtype", dtype, ("uint8", "float"))
        is_bgr = reverse_color or channel_order == "BGR"
        self._channels = {"channel_order": "BGR" if is_bgr else "RGB", "mode": mode}
        self._reading = Reading(
            who,
            mode,
            is_bgr,
            channel_first,
            dtype == "float",
            self._load_args.get("as_numpy", True),
            {"formats": self._load_args["formats"]} if "formats" in self._load_args else {},
            bool(self._load_args.get("upright", True)),
        )
        options = dict(self._save_args)
        self._suffix = f".{str(options.pop('suffix', '.png')).lstrip('.')}"
        self._overwrite = bool(options.pop("overwrite", False))
        written_mode = options.pop("mode", mode)
        lower, upper = options.pop("lower", None), options.pop("upper", None)
        self._writing = Writing(who, written_mode, is_bgr, channel_first, lower, upper, options)

    def load(self) -> Any:
        """Read the images.

        Raises:
            DatasetError: there are none, one is broken or is none, or two have one name.
        """
        pillow(self._reading.who)
        folder = self._loaded_folder()
        files = self._files(folder)
        if self._load_args.get("lazy"):
            images: Mapping[str, Any] = LazyImages(folder, files, self._reading)
        else:
            names = {file: name for name, file in files.items()}
            images = {
                names[file]: self._reading(content, folder.where(file))
                for file, content in folder.read_all(files.values())
            }
        if self._structure is None:
            return [*images.values()]
        if self._structure == "sep_names":
            return {"images": [*images.values()], "names": [*images]}
        return images

    def save(self, data: Any) -> None:
        """Write images: a dict by names, a list by numbers; a function is called for its image.

        Raises:
            DatasetError: a value is no image, or two names are one file.
        """
        pillow(self._writing.who)
        folder = self._saved_folder()
        pairs = list(_pairs(data))
        files = self._files_of(name for name, _ in pairs)
        folder.make()
        for file, (_, value) in zip(files, pairs, strict=True):
            folder.write(file, self._writing(_image_of(value), file))
        self.saved_files = [*files]
        suffixes = pillow(self._writing.who).registered_extensions()
        self._tell_of_others(folder, suffixes, self._overwrite)

    def _files(self, folder: Folder) -> dict[str, str]:
        """Return the files of a folder by the names of their images, in the order of the names."""
        pattern = self._load_args.get("pattern", "*")
        found = [file for file in folder.names() if fnmatch(file, pattern)]
        if not found:
            like = "" if pattern == "*" else f" like {pattern!r}"
            raise DatasetError(f"The folder {folder} has no images{like}.")
        files: dict[str, str] = {}
        for file in found:
            name = self._name_of(file)
            if name in files:
                raise DatasetError(
                    f"The images {files[name]} and {file} in {folder} have the same name {name!r}: "
                    f"rename or delete one, or {_KEEPS}."
                )
            files[name] = file
        return dict(sorted(files.items()))

    def _files_of(self, names: Iterable[Any]) -> list[str]:
        """Return the files of images that are saved, each of which is found by its own name."""
        files: dict[str, Any] = {}
        found: dict[str, Any] = {}
        for name in names:
            file = self._file_of(name)
            if file in files:
                raise DatasetError(
                    f"The names {files[file]!r} and {name!r} are both the file {file}: give each "
                    f"image a name of its own."
                )
            loaded = self._name_of(file)
            if loaded in found:
                raise DatasetError(
                    f"The names {found[loaded]!r} and {name!r} are both {loaded!r} when they are "
                    f"loaded: give each image a name of its own, or {_KEEPS}."
                )
            files[file] = found[loaded] = name
        return [*files]

    def _name_of(self, file: str) -> str:
        if self._load_args.get("keep_suffix"):
            return file
        return str(PurePosixPath(file).with_suffix(""))

    def _file_of(self, name: object) -> str:
        suffixes = pillow(self._writing.who).registered_extensions()
        has_suffix = PurePosixPath(str(name)).suffix.lower() in suffixes
        return check_name(str(name) if has_suffix else f"{name}{self._suffix}")

    def _options(self) -> dict[str, Any]:
        return {**self._channels, "load_args": self._load_args, "save_args": self._save_args}


def _pairs(data: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the names and images of what a node returned."""
    is_image = hasattr(data, "getbands") or getattr(data, "ndim", 4) < 4
    if is_image or isinstance(data, str | bytes) or not isinstance(data, Iterable):
        raise DatasetError(
            f"ImagesDataset saves several images, a dict by their names or a list, and no "
            f"{type(data).__name__}: "
            "return {name: image} from the node."
        )
    if isinstance(data, Mapping) and set(data) == {"images", "names"}:
        names, images = list(data["names"]), list(data["images"])
        if len(names) != len(images):
            raise DatasetError(f"There are {len(names)} names for {len(images)} images.")
        yield from zip(names, images, strict=True)
    elif isinstance(data, Mapping):
        # A lazy one is read when it is written.
        yield from ((name, partial(data.__getitem__, name)) for name in data)
    else:
        yield from ((f"{number:05d}", image) for number, image in enumerate(data))


def _image_of(value: Any) -> Any:
    while callable(value) and not hasattr(value, "dtype"):
        value = value()
    return value
