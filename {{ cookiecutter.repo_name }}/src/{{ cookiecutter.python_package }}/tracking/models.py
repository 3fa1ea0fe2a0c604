"""Brings the models of a run into MLflow: logged model, registered version, alias.

Logging a model is the one thing that MLflow does again when it is asked twice. So the logged model
and the version carry a tag with the key of the journal's event, and are looked up before they are
made.
"""

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from . import env, flavor_process, model_files
from .events import MAX_BATCH_METRICS
from .flavors import requirements
from .places import JournalPlaces
from .promotion import decide
from .store import artifact_repository, is_permanent, together

MODEL_KEY = "kedro.model_key"
PROMOTION = "kedro.promotion"
TAG = "kedro.model."


class ModelExport:
    """Exports one model that a node saved.

    Args:
        event: the journal's `model` event.
        places: the folders of the run's journal.
        run_key: the run's own key.
        is_new: nobody has tried to export it before.
    """

    def __init__(
        self, event: dict[str, Any], places: JournalPlaces, run_key: str, is_new: bool = False
    ) -> None:
        self.event = event
        self.places = places
        self.key = f"{run_key}/{event['f']}"
        self.name = re.sub(r"""[/:.%"']""", "_", str(event["n"]))
        self.model_id: str | None = None
        self.version: str | None = None
        self._is_new = False
        # This very try may make what its lost reply does not tell.
        self._may_exist = self._version_may_exist = not is_new
        self.notes: list[str] = []

    @property
    def path(self) -> Path:
        """The pickled model in the journal."""
        return self.places.find(str(self.event["f"]))

    def send(self, client: Any, experiment_id: str, run_id: str, params: dict[str, str]) -> None:
        """Log the model and register its version, where that is not done yet.

        Raises:
            FlavorError: it can't be an MLflow model.
        """
        if self.model_id is None:
            self.model_id = self._log(client, experiment_id, run_id, params)
        if self.version is None and self.event.get("name"):
            self.version = self._register(client, str(self.event["name"]), run_id)

    def _log(self, client: Any, experiment_id: str, run_id: str, params: dict[str, str]) -> str:
        from mlflow.entities import LoggedModelOutput, LoggedModelStatus

        found = self._find(client, experiment_id)
        model = found
        if model is None:
            model = client.create_logged_model(
                experiment_id,
                name=self.name,
                source_run_id=run_id,
                tags={MODEL_KEY: self.key, "mlflow.model.flavor": self.event["flavor"]},
                params=params,
            )
        model_id = str(model.model_id)
        tasks: list[Callable[[], object]] = []
        if model.status != LoggedModelStatus.READY:
            try:
                self._upload(client, model, run_id)
            except flavor_process.FlavorError:
                client.delete_logged_model(model_id)  # it would stay empty
                raise
            tasks.append(partial(client.finalize_logged_model, model_id, LoggedModelStatus.READY))
        if found is None or not _is_output(client, run_id, model_id):
            tasks.append(partial(client.log_outputs, run_id, [LoggedModelOutput(model_id, step=0)]))
        together(client.tracking_uri, tasks)
        return model_id

    def _find(self, client: Any, experiment_id: str) -> Any:
        """Return the logged model, if an earlier try has made it."""
        may_exist, self._may_exist = self._may_exist, True
        found = may_exist and client.search_logged_models(
            [experiment_id], filter_string=f"tags.`{MODEL_KEY}` = '{self.key}'", max_results=1
        )
        return found[0] if found else None

    def _upload(self, client: Any, model: Any, run_id: str) -> None:
        model_id = str(model.model_id)
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "model"
            event = self._completed()
            if event["flavor"] == "sklearn" and event.get("format") != "skops":
                model_files.write(place, self.path, event["about"], model_id, run_id)
            else:
                self.notes += flavor_process.save(place, event, self.path, model_id, run_id)
            artifacts = artifact_repository(client, model.artifact_location)
            files = [path for path in place.rglob("*") if path.is_file()]
            folders = [path.parent.relative_to(place).as_posix() for path in files]
            uploads = [
                partial(artifacts.log_artifact, str(path), None if folder == "." else folder)
                for path, folder in zip(files, folders, strict=True)
            ]
            together(client.tracking_uri, uploads)

    def _completed(self) -> dict[str, Any]:
        about = self.event["about"]
        code = [str(self.places.find(place)) for place in about["code"]]
        pins = requirements(about["packages"])
        return {**self.event, "about": {**about, "code": code, "requirements": pins}}

    def _register(self, client: Any, name: str, run_id: str) -> str:
        from mlflow.exceptions import MlflowException

        try:
            client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        may_exist, self._version_may_exist = self._version_may_exist, True
        if may_exist:
            for known in client.search_model_versions(f"name = '{_quoted(name)}'"):
                if known.tags.get(MODEL_KEY) == self.key:
                    return str(known.version)
        with _current_store(client.tracking_uri):
            made = client.create_model_version(
                name,
                source=f"models:/{self.model_id}",
                run_id=run_id,
                tags={MODEL_KEY: self.key},
                model_id=self.model_id,
            )
        self._is_new = True
        return str(made.version)

    def conclude(self, client: Any, metrics: dict[str, float], finished: bool) -> str:
        """Move the alias if the rule says so, once for each version, and tell what was done.

        Args:
            client: an `MlflowClient`.
            metrics: the metrics of the run.
            finished: whether the run came to its end; no alias moves to the model of another.
        """
        name, alias = self.event.get("name"), self.event.get("alias")
        if not name or self.version is None:
            return "logged"
        told = f"version {self.version} of {name}"
        if not alias:
            return told
        if not self._is_new:
            known = client.get_model_version(name, self.version).tags
            if PROMOTION in known:
                return f"{told}; {known[PROMOTION]}"
        decision = self._decide(client, str(name), str(alias), metrics, finished)
        client.set_model_version_tag(name, self.version, PROMOTION, decision)
        self._is_new = False
        return f"{told}; {decision}"

    def link_metrics(self, client: Any, run_id: str, metrics: list[Any]) -> None:
        """Show the run's metrics on the model's page too."""
        from mlflow.entities import Metric

        linked = [
            Metric(one.key, one.value, one.timestamp, one.step, model_id=self.model_id)
            for one in metrics[:MAX_BATCH_METRICS]
        ]
        if linked:
            client.log_batch(run_id, metrics=linked)

    def _decide(
        self, client: Any, name: str, alias: str, metrics: dict[str, float], finished: bool
    ) -> str:
        holder = _holder(client, name, alias)
        if holder is not None and str(holder.version) == self.version:
            return f"@{alias} points to it"
        if not finished:
            return f"@{alias} stays: the run did not finish"
        moves, why = decide(self.event.get("promote"), metrics, _metrics_behind(client, holder))
        if not moves:
            where = f"version {holder.version}" if holder is not None else "unset"
            return f"@{alias} stays at {where}: {why}" if holder else f"@{alias} stays unset: {why}"
        client.set_registered_model_alias(name, alias, self.version)
        before = f" from version {holder.version}" if holder is not None else ""
        return f"@{alias} moves to it{before}: {why}"


@contextmanager
def _current_store(uri: str) -> Iterator[None]:
    """Make a store the process's current one.

    MLflow 3.17 looks a `models:/` source up there, whatever store the client works on.
    """
    from mlflow.tracking._tracking_service.utils import _use_tracking_uri

    before = os.environ.get(env.TRACKING_URI)
    try:
        with _use_tracking_uri(uri):
            yield
    finally:
        if before is not None:
            os.environ[env.TRACKING_URI] = before


def _is_output(client: Any, run_id: str, model_id: str) -> bool:
    """Whether a model is linked to a run."""
    outputs = client.get_run(run_id).outputs
    return outputs is not None and model_id in [one.model_id for one in outputs.model_outputs]


def _holder(client: Any, name: str, alias: str) -> Any:
    """Return the version that has the alias, or None."""
    from mlflow.exceptions import MlflowException

    try:
        return client.get_model_version_by_alias(name, alias)
    except MlflowException as error:
        if error.error_code in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"):
            return None
        raise


def _metrics_behind(client: Any, version: Any) -> dict[str, float] | None:
    if version is None:
        return None
    if not version.run_id:
        return {}
    try:
        return dict(client.get_run(version.run_id).data.metrics)
    except Exception as error:
        if is_permanent(error):  # the run was deleted for good
            return {}
        raise


def _quoted(name: str) -> str:
    return name.replace("'", "''")
