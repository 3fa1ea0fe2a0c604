"""Runners of the project besides Kedro's own: `kedro run --runner=<package>.runners.DaskRunner`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .tracking.engines.dask_runner import DaskRunner

__all__ = ["DaskRunner"]


def __getattr__(name: str) -> Any:
    # Imported when it is used, for its packages are optional.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .tracking.wings import load_runner

    return load_runner(name)
