"""What Kedro, its plugins and other processes ask of an MLflow dataset, beside load and save."""

from collections.abc import Mapping
from copy import copy
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError, MemoryDataset

from ..kedro_internals import loaded_file_of
from ..recording.recorder import Recorder
from ..redact import redact_text
from . import own_files
from .dataset_file import DatasetFile


class CatalogEntry(AbstractDataset[Any, Any]):
    """An entry of the catalog that may have a file; its constructor sets what stands here."""

    kind: str | None
    file: DatasetFile | None
    recorder: Recorder | None
    dataset_name: str | None
    loading_run_id: str | None
    model_uri: str | None
    metadata: Mapping[str, Any] | None
    _copy_mode: Any
    _cache: MemoryDataset | None

    @property
    def _filepath(self) -> str | None:
        """Where the last run's value lies; Kedro-Viz and `--only-missing-outputs` ask for it."""
        return None if self.file is None else self.file.path

    @property
    def preview(self) -> Any:
        """How the Kedro dataset of the file shows it in Kedro-Viz.

        Raises:
            AttributeError: it can't.
        """
        try:
            return self.file.dataset().preview  # type: ignore[union-attr]
        except Exception as error:  # Kedro-Viz asks with `hasattr`
            raise AttributeError("preview") from error

    def confirm(self) -> None:
        """Note that the parts which an incremental dataset loaded are done with.

        Raises:
            DatasetError: the dataset is not incremental.
        """
        dataset: Any = self.file.dataset() if self.file is not None else None
        if not hasattr(dataset, "confirm"):
            raise DatasetError(f"Dataset {self.dataset_name!r} does not have 'confirm' method")
        dataset.confirm()

    def _get_load_path(self) -> str | None:  # for `loaded_file_of`
        return loaded_file_of(self.file.dataset()) if self.file else None

    def _own_file(self) -> Path | None:
        run = self.recorder
        return None if run is None else own_files.newest(run.places, str(self.dataset_name))

    def _exists(self) -> bool:
        if self._cache is not None and self._cache.exists():
            return True
        if self.file is None:
            return False
        if self.loading_run_id or self.model_uri or self._own_file() is not None:
            return True
        return self.file.exists()

    def _release(self) -> None:
        if self._cache is not None:
            self._cache.release()
        if self.file is not None:
            self.file.release()

    def __getstate__(self) -> dict[str, Any]:
        """Leave the kept value behind: another process loads it from the run's file."""
        return {**self.__dict__, "_cache": self._cache is not None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Not pickled itself: a MemoryDataset that was empty comes back holding a bare `object`
        # (Kedro 1.7 compares with a sentinel by identity).
        is_cached = state.pop("_cache")
        self.__dict__.update(state)
        self._cache = MemoryDataset(copy_mode=self._copy_mode) if is_cached else None

    def _copy(self, **changes: Any) -> "CatalogEntry":
        """Return a dataset of another version, for `catalog.load(name, version=…)`."""
        file = self.file and self.file.of_version(changes["_version"])
        copied = copy(self)
        copied.__dict__.update(changes, file=file)
        return copied

    def _describe(self) -> dict[str, Any]:
        return {
            "dataset": self.kind or (self.file and self.file.kind.describe()),
            "filepath": self._filepath and redact_text(self._filepath),
            "dataset_name": self.dataset_name,
            "loading_run_id": self.loading_run_id,
            "model_uri": self.model_uri,
        }
