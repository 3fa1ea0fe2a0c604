"""A folder for what is downloaded, which goes when nothing needs it any more."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any
from weakref import finalize

from kedro.io import AbstractDataset

_staying: list["HeldFolder"] = []


class HeldFolder:
    """A new folder that goes with the last that holds it, or when its process ends.

    Args:
        beside: the folder that it is made in; that of the machine for temporary files if None.
    """

    def __init__(self, beside: Path | None = None) -> None:
        self.path = Path(mkdtemp(dir=beside, prefix="mlflow-" if beside is None else ".half-"))
        self.remove = finalize(self, _remove, self.path, os.getpid())

    def stay(self) -> None:
        """Let it stay until its process ends, for what may read its files at any time."""
        _staying.append(self)


class HeldPart:
    """A part of a dataset that loads from a folder, which it holds.

    Args:
        load: loads it.
        folder: the folder.
    """

    def __init__(self, load: Callable[[], Any], folder: HeldFolder) -> None:
        self._load = load
        self._folder = folder

    def __call__(self) -> Any:
        """Load it."""
        return self._load()

    def __copy__(self) -> "HeldPart":
        """Return itself, as of a function; a copy of its own would not hold the folder."""
        return self

    def __deepcopy__(self, memo: object) -> "HeldPart":
        """Return itself, as `__copy__`."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as what it loads: the folder may go here before it is asked."""
        return partial, (_given, self._load())


def hold(folder: HeldFolder, loaded: Any) -> Any:
    """Return what was loaded from a folder, with parts that keep it until they are gone."""
    if not isinstance(loaded, Mapping):
        return loaded
    return {
        name: HeldPart(part, folder) if _is_later(part) else part for name, part in loaded.items()
    }


def _is_later(part: Any) -> bool:
    # A part that is loaded already may be a function, too.
    return isinstance(getattr(part, "__self__", None), AbstractDataset)


def _given(value: Any) -> Any:
    return value


def _remove(path: Path, pid: int) -> None:
    if pid == os.getpid():  # it is not that of a process that was forked meanwhile
        rmtree(path, ignore_errors=True)
