"""Brings a model of a run into MLflow as a logged model.

Logging a model is the one thing that MLflow does again when it is asked twice. So it carries a tag
with the key of the journal's event, and is looked up before it is made.
"""

import re
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from .. import wings
from ..journal.places import JournalPlaces
from ..store.artifact_reasons import artifact_reason
from ..store.client import is_far, together, upload_together
from ..store.mlflow_internals import write_sklearn_model
from ..store.reasons import StoreError, is_forbidden, is_permanent
from . import flavor_process
from .flavors import FLAVORS, requirements
from .registry import MODEL_KEY, RegisteredVersion

TAG = "kedro.model."
# What MLflow's UI shows as the description of a logged model.
_NOTE = "mlflow.note.content"


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
        self.registered = RegisteredVersion(event, self.key, is_new)
        # This very try may make what its lost reply does not tell.
        self._may_exist = not is_new
        self.notes: list[str] = []

    @property
    def is_of_library(self) -> bool:
        """Whether it is an object of a library that MLflow has a flavour for."""
        return self.event["flavor"] in FLAVORS.values()

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
        self.registered.send(client, self.model_id, run_id)

    def _log(self, client: Any, experiment_id: str, run_id: str, params: dict[str, str]) -> str:
        from mlflow.entities import LoggedModelOutput, LoggedModelStatus

        found = self._find(client, experiment_id)
        model = found
        if model is None:
            model = client.create_logged_model(
                experiment_id,
                name=self.name,
                source_run_id=run_id,
                tags={
                    MODEL_KEY: self.key,
                    "mlflow.model.flavor": self.event["flavor"],
                    **({_NOTE: card} if (card := self.event["about"].get("card")) else {}),
                },
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
            self._write(place, model_id, run_id)
            files = [path for path in place.rglob("*") if path.is_file()]
            folders = [path.parent.relative_to(place).as_posix() for path in files]
            log = partial(client.log_model_artifact, model_id)
            uploads = [
                partial(log, str(path), None if folder == "." else folder)
                for path, folder in zip(files, folders, strict=True)
            ]
            location = str(model.artifact_location)
            try:
                upload_together(client.tracking_uri, location, uploads)
            except Exception as error:
                if is_permanent(error) or not is_far(location):
                    raise  # it is MLflow's own, which tells that trying again can't help
                raise StoreError(artifact_reason(error, location), is_forbidden(error)) from error

    def _write(self, place: Path, model_id: str, run_id: str) -> None:
        if not self.is_of_library:
            flavor = str(self.event["flavor"])
            write = wings.model_writer(flavor)
            if write is None:
                told = f"the optional room of this layer that makes a {flavor!r} is not there"
                raise flavor_process.FlavorError(told)
            self.notes += write(place, self.event, self.places, model_id, run_id)
            return
        event = self._completed()
        if event["flavor"] == "sklearn" and event.get("format") != "skops":
            write_sklearn_model(place, self.path, event["about"], model_id, run_id)
        else:
            self.notes += flavor_process.save(place, event, self.path, model_id, run_id)

    def _completed(self) -> dict[str, Any]:
        about = self.event["about"]
        code = [str(self.places.find(place)) for place in about["code"]]
        pins = requirements(about["packages"])
        return {**self.event, "about": {**about, "code": code, "requirements": pins}}


def _is_output(client: Any, run_id: str, model_id: str) -> bool:
    """Whether a model is linked to a run."""
    outputs = client.get_run(run_id).outputs
    return outputs is not None and model_id in [one.model_id for one in outputs.model_outputs]
