"""What datasets of a folder have in common: its place, its versions, and what was saved there."""

import logging
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any

from kedro.io import AbstractVersionedDataset, DatasetError, Version
from kedro.io.core import get_filepath_str

from ..tracking.arguments import nearest
from ..tracking.redact import masked_repr, redact_value
from .folder import Folder, protocol_and_path


class FolderDataset(AbstractVersionedDataset[Any, Any]):
    """A dataset whose file is a folder.

    Args:
        path: path or URL of the folder.
        version: which version is loaded and saved; None where it has none.
        credentials: of the file system.
        fs_args: other arguments of the file system.
        metadata: for plugins.
    """

    def __init__(
        self,
        path: str,
        version: Version | None,
        credentials: Mapping[str, Any] | None,
        fs_args: Mapping[str, Any] | None,
        metadata: Mapping[str, Any] | None,
    ) -> None:
        # The names of these two are those by which Kedro and the tracking layer find the files.
        self._protocol, place = protocol_and_path(path, version)
        self._folder = Folder(self._protocol, place, {**(credentials or {}), **(fs_args or {})})
        self.metadata = metadata
        # The files that the last save has written, relative to the folder; others may lie there.
        self.saved_files: list[str] | None = None
        super().__init__(PurePosixPath(place), version, self._has, self._glob)

    @property
    def _fs(self) -> Any:
        return self._folder.fs

    def _has(self, path: str) -> bool:
        return self._folder.at(path).is_there()

    def _glob(self, pattern: str) -> list[str]:
        found: list[str] = self._folder.fs.glob(pattern)
        return found

    def _loaded_folder(self) -> Folder:
        return self._folder.at(get_filepath_str(self._get_load_path(), self._protocol))

    def _saved_folder(self) -> Folder:
        return self._folder.at(get_filepath_str(self._get_save_path(), self._protocol))

    def _tell_of_others(self, folder: Folder, suffixes: Collection[str], overwrite: bool) -> None:
        """Delete images of a folder that the last save has not written, or say that they are there.

        Args:
            folder: to which was saved.
            suffixes: of images.
            overwrite: delete them.
        """
        written = set(self.saved_files or ())
        others = [
            name
            for name in folder.names()
            if name not in written and PurePosixPath(name).suffix.lower() in suffixes
        ]
        if others and overwrite:
            folder.remove(others)
        elif others:
            logging.getLogger(__name__).warning(
                "The folder %s has %d images that were not saved now (say %s), and are loaded too: "
                "`save_args: {overwrite: true}` deletes such at each save.",
                folder,
                len(others),
                others[0],
            )

    def _exists(self) -> bool:
        try:
            return self._loaded_folder().is_there()
        except DatasetError:  # there is no version yet
            return False

    def _describe(self) -> dict[str, Any]:
        told = {"path": str(self._folder), "version": self._version, **self._options()}
        return dict(redact_value(told))

    def _options(self) -> dict[str, Any]:
        """Return the arguments that tell one dataset from another."""
        return {}


def check_options(name: str, given: Mapping[str, Any], known: tuple[str, ...], who: str) -> None:
    """Refuse an unknown option.

    Args:
        name: of the argument that holds the options.
        given: the options.
        known: those that there are.
        who: the dataset.

    Raises:
        ValueError: with the nearest right name.
    """
    for option in given:
        if option not in known:
            raise ValueError(
                f"{who} has no {name} {masked_repr(option)}; it has {', '.join(known)}."
                f"{nearest(option, known)}"
            )
