"""Imports what an export uses, before it is known which run it is for."""

from .client import prepare_environment
from .mlflow_internals import import_for_export, leave_out_data_science


def import_early(kind: str) -> None:
    """Import MLflow's client and, for a database, its store; opens nothing.

    Args:
        kind: `sql` for a database, `server` for an MLflow server.
    """
    prepare_environment()
    leave_out_data_science()
    import_for_export(kind)
