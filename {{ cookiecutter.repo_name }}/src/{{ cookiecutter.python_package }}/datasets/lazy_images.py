"""Images by their names, each read when it is asked for."""

from collections.abc import Iterator, Mapping
from typing import Any

from .folder import Folder
from .image_reading import Reading


class LazyImages(Mapping[str, Any]):
    """A mapping of names to images that holds none of them; it can go to another process.

    Args:
        folder: in which they lie.
        files: their files in the folder, by their names.
        reading: how a file becomes an image.
    """

    def __init__(self, folder: Folder, files: Mapping[str, str], reading: Reading) -> None:
        self._folder = folder
        self._files = dict(files)
        self._reading = reading

    def __getitem__(self, name: str) -> Any:
        file = self._files[name]
        return self._reading(self._folder.read(file), self._folder.where(file))

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def __repr__(self) -> str:
        return f"<{len(self):,} images of {self._folder}>"
