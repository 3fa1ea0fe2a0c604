"""The one way to record: what a hook or dataset says of a run becomes events in its journal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .times import TimeVoice


class Recorder(TimeVoice):
    """Records what happens in one run, in the process that holds it.

    It never raises for a bad value: it makes the value acceptable to MLflow, keeps the original
    as an artifact where something was cut, and warns once for each key.

    Args:
        key: the run's own key, the tag `kedro.run_key` in MLflow.
        folder: the run's journal folder.
        undeclared: names of the pipeline's datasets that are in no catalog.
        inputs: file paths of the pipeline's free inputs, by dataset name.
        resumed: names of datasets that may be loaded as an earlier run left them.
        secrets: values that are masked wherever they occur; never written to disk.
        mlflow_yml: what `mlflow.yml` says of this run; None without one.
        part_folder: the artifact folder of what is this part's own, where others add to the run
            too; hooks then leave out what is of the run as a whole.
    """

    def __init__(
        self,
        key: str,
        folder: Path,
        *,
        undeclared: frozenset[str] = frozenset(),
        inputs: Mapping[str, str] | None = None,
        resumed: frozenset[str] | None = None,
        secrets: tuple[str, ...] = (),
        mlflow_yml: Any = None,
        part_folder: str | None = None,
    ) -> None:
        super().__init__(key, folder, secrets)
        self.part_folder = part_folder
        self.undeclared = undeclared
        self.inputs = dict(inputs or {})
        self.resumed = resumed
        self.mlflow_yml = mlflow_yml
        # The project's hooks as this run has them, by their identities.
        self.hooks: dict[int, Any] = {}
        # Journals for MLflow datasets that save elsewhere, see `datasets/destination.py`.
        self.sides: dict[str, Recorder] = {}
        self.side_uris: dict[str, str | None] = {}
        # Files of the journal that only a later event, of the run's own process, will name.
        self.kept: list[str] = []
        # A few rows of what a model takes, from its node to its dataset, by the dataset's name.
        self.samples: dict[str, Any] = {}
        # Its tracking URI and credentials, in a process of a cluster whose settings may be others.
        self.store: Mapping[str, Any] | None = None
        # The run's catalog in this process; dataset hooks are not told it.
        self.catalog: Any = None

    def identity(self) -> dict[str, Any]:
        """Return the arguments that make an equal recorder in another process."""
        return {
            "undeclared": self.undeclared,
            "inputs": self.inputs,
            "resumed": self.resumed,
            "secrets": self.secrets,
            "mlflow_yml": self.mlflow_yml,
            "part_folder": self.part_folder,
        }
