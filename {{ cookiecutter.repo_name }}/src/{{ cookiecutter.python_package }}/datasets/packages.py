"""Packages that the datasets need and the project does not: imported when a dataset is used."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from kedro.io import DatasetError


def needed(module: str, package: str, who: str) -> Any:
    """Return a module of an optional package.

    Args:
        module: its name.
        package: what is installed to have it.
        who: the dataset that needs it.

    Raises:
        DatasetError: it can't be imported, with the command that installs it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise DatasetError(
            f"{who} needs the package {package!r}, which can't be imported ({error}): "
            f"`pip install {package}`, or `pip install -r requirements-data.txt` for all that the "
            f"datasets of this folder use."
        ) from error


def is_installed(module: str) -> bool:
    """Whether a module can be found; it is not imported."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # it is half imported, or a stand-in of somebody's
        return False


def named(name: str) -> Any:
    """Return what a dotted name stands for, say `torchvision.transforms.ToTensor`.

    Raises:
        ValueError: there is no such thing.
    """
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(import_module(module), attribute)
    except Exception as error:  # a package may fail as it likes
        raise ValueError(f"{name!r} is no name that can be imported ({error})") from error
