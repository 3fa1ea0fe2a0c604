"""The run in MLflow that a journal belongs to: found by its key, or made."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from ..locations import local_path
from ..own_folders import make_own
from ..store.reasons import StoreError, deleted_experiment
from ..store.relocation import lies_already, lies_elsewhere, relocate

RUN_KEY = "kedro.run_key"
# The host on which a run was begun that others add parts to; MLflow has it once the run is the one
# of its key.
BEGUN_ON = "kedro.begun_on"


class MlflowRun:
    """Finds or makes the run and its experiment, in any number of tries.

    Args:
        client: an `MlflowClient`.
        header: the journal's header.
        key: the run's own key.
        is_new: nobody has tried to export this journal before.
        experiment: the run's experiment, if it was looked up already.
    """

    def __init__(
        self,
        client: Any,
        header: dict[str, Any],
        key: str,
        *,
        is_new: bool = False,
        experiment: Any = None,
    ) -> None:
        self.client = client
        self.settings: dict[str, Any] = header.get("settings", {})
        self._header = header
        self._key = key
        self._may_exist = not is_new
        # As it was found; of a run that is ended elsewhere None.
        self.status: str | None = None
        # What was done because the project was moved.
        self.relocated: str | None = None
        # What to tell where the experiment has another place for artifacts than was asked for.
        self.lies_already: str | None = None
        self._experiment = experiment

    @property
    def is_attached(self) -> bool:
        """Whether the run was somebody else's before, who ends it."""
        return bool(self.settings.get("run_id")) and not self.settings.get("nested")

    def ensure(self) -> Any:
        """Return the run as MLflow has it.

        Raises:
            StoreError: its experiment is deleted, or the store of a moved project can't be changed.
        """
        if self.is_attached:
            run = self.client.get_run(self.settings["run_id"])
        else:
            experiment_id = self.ensure_experiment()
            run = self._find(experiment_id) or self.create(experiment_id)
            self.status = run.info.status
        self._follow_move(run.info.artifact_uri)
        self._hide(run.info.artifact_uri)
        return run

    def _follow_move(self, artifact_uri: str) -> None:
        """Let the store of a moved project name its folder as it is now.

        Asked when the run is made, and not before: another exporter may do it in between.
        """
        project = self._header.get("project")
        if project and lies_elsewhere(artifact_uri, Path(project)):
            wanted = self.settings.get("artifact_location")
            told = relocate(self.client.tracking_uri, wanted, Path(project))
            self.relocated = told or self.relocated

    def _hide(self, artifact_uri: str) -> None:
        """Make the folder of the experiment's artifacts, where it is new and in the project."""
        path, project = local_path(artifact_uri), self._header.get("project")
        if path is not None and project and Path(project) in path.parents[2:]:
            with suppress(OSError):  # MLflow tells when it needs it
                make_own(path.parents[1])  # <folder>/<run id>/artifacts

    def _find(self, experiment_id: str) -> Any:
        """Return the run, if an earlier try has made it."""
        # This very try may make one whose reply is lost.
        may_exist, self._may_exist = self._may_exist, True
        found = may_exist and self.client.search_runs(
            [experiment_id], filter_string=f"tags.`{RUN_KEY}` = '{self._key}'", max_results=1
        )
        return found[0] if found else None

    def ensure_experiment(self) -> str:
        """Return the id of the experiment, which is made if there is none.

        Raises:
            StoreError: it is deleted.
        """
        if self.settings.get("experiment_id"):
            return str(self.settings["experiment_id"])
        name = self.settings["experiment_name"]
        experiment, self._experiment = self._experiment, None
        if experiment is None or experiment.name != name:
            experiment = self.client.get_experiment_by_name(name)
        if experiment is None:
            location = self.settings.get("artifact_location")
            try:
                return str(self.client.create_experiment(name, artifact_location=location))
            except Exception:  # another process may have been first
                experiment = self.client.get_experiment_by_name(name)
                if experiment is None:
                    raise
        if experiment.lifecycle_stage != "active":
            raise StoreError(deleted_experiment(name))
        self.lies_already = lies_already(
            name,
            experiment.artifact_location,
            self.settings.get("artifact_location"),
            Path(self._header.get("project") or Path.cwd()),
        )
        return str(experiment.experiment_id)

    def create(self, experiment_id: str) -> Any:
        """Make the run, whether there is one of its key or not."""
        tags = dict(self.settings.get("tags") or {})
        tags[RUN_KEY] = self._key
        if self.settings.get("nested") and self.settings.get("run_id"):
            tags["mlflow.parentRunId"] = self.settings["run_id"]
        return self.client.create_run(
            experiment_id,
            start_time=int(self._header["start_ms"]),
            tags=tags,
            run_name=self.settings.get("run_name"),
        )
