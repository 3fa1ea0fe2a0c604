"""Names of the environment variables that this layer reads, and what its processes are given."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .redact import masked_repr

ENABLED = "KEDRO_MLFLOW_ENABLED"
EXPORT = "KEDRO_MLFLOW_EXPORT"
JOURNAL_DIR = "KEDRO_MLFLOW_JOURNAL_DIR"
KEEP_JOURNAL = "KEDRO_MLFLOW_KEEP_JOURNAL"
LINGER = "KEDRO_MLFLOW_LINGER"
PART = "KEDRO_MLFLOW_PART"
SPILL = "KEDRO_MLFLOW_SPILL"

# Set by ourselves for workers of a run that is watched on a terminal: no lines below a warning.
QUIET = "KEDRO_MLFLOW_QUIET"
# Set by ourselves beside a login: `<keys>@<entry>` of credentials.yml, from where it is.
LOGIN_OF = "KEDRO_MLFLOW_LOGIN_OF"

TRACKING_URI = "MLFLOW_TRACKING_URI"
EXPERIMENT_NAME = "MLFLOW_EXPERIMENT_NAME"
EXPERIMENT_ID = "MLFLOW_EXPERIMENT_ID"
RUN_ID = "MLFLOW_RUN_ID"

# Beside a variable of MLflow's that we set in a notebook, a digest of what we set it to: no say of
# the user's.
OFFERED = "KEDRO_MLFLOW_OFFERED_"

MAX_SECONDS = 86_400.0

_FALSE = frozenset({"0", "false", "no", "off"})
_TRUE = frozenset({"1", "true", "yes", "on"})


def switch(name: str, default: bool) -> bool:
    """Read an on/off variable.

    Args:
        name: the variable's name.
        default: what an unset or empty variable means.

    Raises:
        ValueError: the value is neither an "on" nor an "off" word.
    """
    word = os.environ.get(name, "").strip().lower()
    if not word:
        return default
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    words = ", ".join(sorted(_TRUE | _FALSE))
    raise ValueError(f"{name}={masked_repr(word)} is not a switch; use one of {words}.")


def is_set(name: str) -> bool:
    """Whether a variable of another program's is set, to anything but an "off" word."""
    return os.environ.get(name, "").strip().lower() not in {"", *_FALSE}


def seconds(name: str, default: float) -> tuple[float, str | None]:
    """Read a variable that is a number of seconds, or an "off" word for none.

    Args:
        name: the variable's name.
        default: what an unset variable means, and one that is no number.

    Returns:
        The seconds, and what is wrong with the variable.
    """
    word = os.environ.get(name, "").strip().lower()
    if not word or word in _TRUE - {"1"}:
        return default, None
    if word in _FALSE:
        return 0.0, None
    try:
        number = float(word)
    except ValueError:
        number = -1.0
    if not 0 <= number <= MAX_SECONDS:
        told = f"{name}={masked_repr(word)} is no number of seconds from 0 to {MAX_SECONDS:g}"
        return default, f"{told}; {default:g} is taken."
    return number, None


def users(name: str) -> str | None:
    """Return what the user set a variable to; None if it is unset, empty, or set by `offer`."""
    value = os.environ.get(name)
    return value if value and _digest(value) != os.environ.get(OFFERED + name) else None


def offer(name: str, value: str | None) -> None:
    """Set a variable for this process and those that it starts, unless the user has set it.

    Args:
        name: the variable's name.
        value: its value; None takes back what was offered before.
    """
    if users(name):
        return
    for variable in (name, OFFERED + name):
        os.environ.pop(variable, None)
    if value is not None:
        os.environ.update({name: value, OFFERED + name: _digest(value)})


@contextmanager
def added(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables while this lasts; those that are set already stay as they are."""
    new = {name: value for name, value in variables.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            os.environ.pop(name, None)


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:16]


def for_child(module: str, file: str) -> dict[str, str]:
    """Return the environment of a Python process that imports this layer as this process does.

    Args:
        module: `__name__` of a module of this layer.
        file: its `__file__`.
    """
    root = str(Path(file).resolve().parents[module.count(".")])
    given = os.environ.get("PYTHONPATH")
    # As Python reads them here; the child may begin in another folder.
    others = [os.path.abspath(path) for path in given.split(os.pathsep)] if given else []
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([root, *others]),
        # From Python 3.11 on, keeps a folder called `mlflow` in the working directory from being
        # taken for the library.
        "PYTHONSAFEPATH": "1",
    }
