"""Optional wings: folders of this layer that add commands and hooks by being there.

A wing is a folder with a `wing.py` that may have four tables, and functions that the core calls:

    COMMANDS = {"runs": "run_table:runs"}   # `kedro mlflow runs`: <module in the wing>:<command>
    HOOKS = {"MLflowAutologHook": "hook"}   # a public name of the layer: <module in the wing>
    RUNNERS = {"DaskRunner": "dask_runner"} # a runner of Kedro: <module in the wing>
    MODELS = {"kedro_pipeline": "writing:write"}  # a kind of model: what makes its folder
    EXPORTER = "client:start"               # <module in the wing>:<function>, see `resident/`
    LATE_PART = "drawing:draw_again"        # the same, see `parts/`
    SPILL = "launching:launch"              # the same, see `spill/`
    BRING = "bringing:bring"                # the same
    ENDED = "telling:start"                 # the same, see `notify/`
    COMPANION = "companion:begin"           # the same, see `machine/`
    WATCH = "watching:watch"                # the same, see `screen/`

The tables hold texts only, so that what a wing needs is imported when it is used. Deleting the
folder takes its commands and names away; nothing else of the layer knows a wing.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

TABLE = "wing"
_LAYER = __name__.rpartition(".")[0]


def names() -> list[str]:
    """Return the names of the wings that are there."""
    return sorted(path.parent.name for path in Path(__file__).parent.glob(f"*/{TABLE}.py"))


def commands() -> dict[str, tuple[str, str]]:
    """Return of each command of `kedro mlflow` that a wing adds its wing and its place there."""
    return _tables("COMMANDS")


def hooks() -> dict[str, tuple[str, str]]:
    """Return of each hook class that a wing adds its wing and its module there."""
    return _tables("HOOKS")


def load_command(name: str) -> Any:
    """Return the click command of this name.

    Raises:
        KeyError: no wing has it.
    """
    return _load(*commands()[name])


def load_hook(name: str) -> Any:
    """Return the hook class of this name.

    Raises:
        KeyError: no wing has it.
    """
    wing, module = hooks()[name]
    return getattr(import_module(f"{_LAYER}.{wing}.{module}"), name)


def load_runner(name: str) -> Any:
    """Return the runner class of this name.

    Raises:
        KeyError: no wing has it.
    """
    wing, module = _tables("RUNNERS")[name]
    return getattr(import_module(f"{_LAYER}.{wing}.{module}"), name)


def model_writer(flavor: str) -> Any | None:
    """Return the function that makes the folder of a kind of model; None if no wing has it."""
    found = _tables("MODELS").get(flavor)
    return None if found is None else _load(*found)


def exporter_starts() -> list[Callable[..., Any]]:
    """Return the functions that may start an exporter in place of `recording/launcher.py`."""
    return _functions("EXPORTER")


def late_parts() -> list[Callable[..., Any]]:
    """Return the functions that bring a part into a run that has ended before it."""
    return _functions("LATE_PART")


def spillers() -> list[Callable[..., Any]]:
    """Return the functions that send a journal away as its process ends."""
    return _functions("SPILL")


def bringers() -> list[Callable[..., Any]]:
    """Return the functions that bring journals home from where they were sent."""
    return _functions("BRING")


def enders() -> list[Callable[..., Any]]:
    """Return the functions that are told how a run has ended, see `exporting/ending.py`."""
    return _functions("ENDED")


def companions() -> list[Callable[..., Any]]:
    """Return the functions that begin to work beside an export, see `exporting/companions.py`."""
    return _functions("COMPANION")


def watchers() -> list[Callable[..., Any]]:
    """Return the functions that show a `kedro run` on a terminal in their own way."""
    return _functions("WATCH")


def _functions(kind: str) -> list[Callable[..., Any]]:
    places = ((wing, getattr(_table_of(wing), kind, None)) for wing in names())
    return [_load(wing, place) for wing, place in places if place is not None]


def _load(wing: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    return getattr(import_module(f"{_LAYER}.{wing}.{module}"), attribute)


def _table_of(wing: str) -> Any:
    return import_module(f"{_LAYER}.{wing}.{TABLE}")


def _tables(kind: str) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for wing in names():
        table: dict[str, str] = getattr(_table_of(wing), kind, {})
        for name, place in table.items():
            if name in found:
                raise ValueError(
                    f"the wings {found[name][0]!r} and {wing!r} both have {name!r}; rename one."
                )
            found[name] = (wing, place)
    return found
