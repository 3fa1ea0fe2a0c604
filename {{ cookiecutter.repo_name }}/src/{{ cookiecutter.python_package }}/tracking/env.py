"""Names of the environment variables that this layer reads, and how it reads a switch."""

import os

ENABLED = "KEDRO_MLFLOW_ENABLED"
EXPORT = "KEDRO_MLFLOW_EXPORT"
JOURNAL_DIR = "KEDRO_MLFLOW_JOURNAL_DIR"
KEEP_JOURNAL = "KEDRO_MLFLOW_KEEP_JOURNAL"

TRACKING_URI = "MLFLOW_TRACKING_URI"
EXPERIMENT_NAME = "MLFLOW_EXPERIMENT_NAME"
EXPERIMENT_ID = "MLFLOW_EXPERIMENT_ID"
RUN_ID = "MLFLOW_RUN_ID"

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
    raise ValueError(
        f"{name}={word!r} is not a switch; use one of {', '.join(sorted(_TRUE | _FALSE))}."
    )
