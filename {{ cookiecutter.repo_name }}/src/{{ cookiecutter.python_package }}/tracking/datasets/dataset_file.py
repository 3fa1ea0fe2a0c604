"""The file behind an MLflow dataset: where it lies, who writes it, and which version."""

from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from kedro.io import AbstractDataset, DatasetError, Version

from ..journal import snapshot
from . import own_files
from .entries import default_filepath, make_default_folder
from .kinds import MODEL, FileKind
from .written_files import fetch_saved, is_remote, replacing, send

# Is given what puts the file that was just written into a place of the journal.
Keep = Callable[[Callable[[Path], None]], None]


class DatasetFile:
    """The file of an MLflow dataset.

    Args:
        kind: makes the Kedro dataset that reads and writes it.
        given_path: the path or URL that the user gave; None for one by the name.
        name: of the dataset, once it is known.
        version: which version is loaded and saved; None where the file is not versioned.
    """

    def __init__(
        self, kind: FileKind, given_path: str | None, name: str | None, version: Version | None
    ) -> None:
        self.kind = kind
        path = given_path or kind.filepath
        self.given_path = path and path.removeprefix("file://")
        self.name = name
        self.version = version or kind.version
        self._dataset: AbstractDataset[Any, Any] | None = None

    @property
    def path(self) -> str:
        """Where it lies."""
        name = (self.name or "unnamed").replace("/", "_")
        return self.given_path or default_filepath(name, self.kind.extension)

    @property
    def artifact_name(self) -> str:
        """Its name among the run's artifacts."""
        return f"{str(self.name).replace('/', '_')}{self.kind.extension}"

    @property
    def origin(self) -> str:
        """What tells it from other files of its name among the run's artifacts."""
        return self.path if is_remote(self.path) else str(Path(self.path).absolute())

    @property
    def is_written_in_place(self) -> bool:
        """Whether a dataset of the owner's, which may look at what is there, writes it."""
        return self.kind.name is None or self.version is not None or is_remote(self.path)

    @property
    def is_sent(self) -> bool:
        """Whether it is written here and sent to its store: so it need not be fetched again."""
        return self.kind.name is not None and self.version is None and is_remote(self.path)

    @property
    def is_added_to(self) -> bool:
        """Whether each save adds to the file, so that it is recorded once, when the run ends."""
        return self.kind.appends and self.version is None and not is_remote(self.path)

    @property
    def is_fixed(self) -> bool:
        """Whether what lies in the file is loaded, whatever this run saved last."""
        return self.is_added_to or bool(self.version and self.version.load)

    @property
    def loads_by_itself(self) -> bool:
        """Whether a node is given what the file's own dataset finds, and no value of the run."""
        return self.is_fixed or self.kind.is_parted

    def dataset(self) -> AbstractDataset[Any, Any]:
        """Return the Kedro dataset of the file; the same one each time, as it knows its version."""
        if self._dataset is None:
            self._dataset = self.kind.at(self.path, self.version)
        return self._dataset

    def of_version(self, version: Version) -> "DatasetFile":
        """Return the file of another version.

        Raises:
            DatasetError: there are no versions.
        """
        if self.version is None:
            raise DatasetError(
                f"{self.name!r} is not versioned, so there is no version {version.load!r} of it; "
                f"declare it with `versioned: true`, or name a run with `loading_run_id`."
            )
        return DatasetFile(self.kind, self.given_path, self.name, version)

    def save(self, data: Any, keep: Keep) -> None:
        """Write the file, and let it be kept for the run before anybody else may change it."""
        if not is_remote(self.path):
            make_default_folder(self.path)
        if self.is_sent:
            with TemporaryDirectory() as folder:
                temporary = Path(folder, PurePosixPath(self.path).name)
                self._write(self.kind.at(str(temporary)), data)
                send(temporary, self.dataset())
                keep(partial(own_files.link_or_copy, temporary))
            return
        if self.is_written_in_place:
            dataset = self.dataset()
            self._write(dataset, data)
            if not self.is_added_to:
                keep(partial(fetch_saved, dataset, data))
            return
        with replacing(Path(self.path)) as temporary:
            self._write(self.kind.at(str(temporary)), data)
            keep(partial(own_files.link_or_copy, temporary))

    def _write(self, dataset: AbstractDataset[Any, Any], data: Any) -> None:
        try:
            dataset.save(data)
        except Exception as error:
            if self.kind.name != MODEL:
                raise
            raise DatasetError(
                f"the model {self.name!r} of type {type(data).__qualname__} can't be "
                f"pickled: {error.__cause__ or error}. Keep locks, open files and connections out "
                f"of it."
            ) from error

    def exists(self) -> bool:
        """Whether there is such a file, or such a version of it."""
        return self.dataset().exists()

    def release(self) -> None:
        """Let go of what the Kedro dataset remembers, say its version."""
        if self._dataset is not None:
            self._dataset.release()

    def state(self) -> list[int] | None:
        """Return what shows whether a file on this machine was changed, None if there is none."""
        path = Path(self.path)
        return snapshot.state(path) if path.is_file() else None

    def __getstate__(self) -> dict[str, Any]:
        """Leave the Kedro dataset behind: file systems and their connections can't always go."""
        return {**self.__dict__, "_dataset": None}
