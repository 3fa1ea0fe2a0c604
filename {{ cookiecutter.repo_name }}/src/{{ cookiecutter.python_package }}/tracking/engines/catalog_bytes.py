"""A run's catalog on its way to workers: its recorder stays, each worker has its own."""

import io
import pickle
from typing import Any

from kedro.io import MemoryDataset

from ..kedro_internals import value_in
from .dask_cluster import DaskRunnerError
from .dask_packages import cloudpickle

_RECORDER = "recorder"
_NOTHING = "nothing"


def _pickler(file: io.BytesIO, recorder: Any) -> Any:
    nothing = value_in(MemoryDataset())

    def persistent_id(self: Any, obj: Any) -> str | None:
        if obj is nothing:  # which Kedro knows by its identity
            return _NOTHING
        return _RECORDER if recorder is not None and obj is recorder else None

    kind = type("CatalogPickler", (cloudpickle.Pickler,), {"persistent_id": persistent_id})
    return kind(file)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, recorder: Any) -> None:
        super().__init__(file)
        self._recorder = recorder

    def persistent_load(self, pid: Any) -> Any:
        return value_in(MemoryDataset()) if pid == _NOTHING else self._recorder


def catalog_bytes(pipeline: Any, catalog: Any, recorder: Any) -> bytes:
    """Return a run's catalog as bytes.

    Raises:
        DaskRunnerError: a dataset can't go to another process.
    """
    try:
        return _dumped(catalog, recorder)
    except Exception as error:
        for name in sorted(pipeline.datasets()):
            try:
                _dumped(catalog.get(name), recorder)
            except Exception as its_own:
                raise DaskRunnerError(
                    f"the dataset {name!r} can't go to a worker: {its_own}; give it no open file, "
                    f"connection or lock, or run with SequentialRunner or ThreadRunner"
                ) from error
        raise


def catalog_from(content: bytes, recorder: Any) -> Any:
    """Return a catalog of this process's own, whose datasets record with this recorder."""
    return _Unpickler(io.BytesIO(content), recorder).load()


def _dumped(value: Any, recorder: Any) -> bytes:
    buffer = io.BytesIO()
    _pickler(buffer, recorder).dump(value)
    return buffer.getvalue()
