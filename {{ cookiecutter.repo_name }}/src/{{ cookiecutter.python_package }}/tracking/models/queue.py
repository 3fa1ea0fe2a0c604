"""The models of a run on their way to MLflow."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from ..journal.places import JournalPlaces
from ..journal.snapshot import files_of_model
from ..store.client import together
from ..store.reasons import is_permanent, reason
from .conclusion import decide_alias, link_metrics
from .flavor_process import FlavorError
from .logged_model import TAG, ModelExport
from .promotion import Deciding, deciding


class RunValues(Protocol):
    """What a model's end needs of its run."""

    # The last value of each metric, as a number and as MLflow's entity.
    metrics_seen: dict[str, float]
    last_metrics: dict[str, Any]
    known_params: dict[str, str]

    def add_tag(self, key: str, value: str) -> None:
        """Take in a tag of the run."""


class ModelQueue:
    """Models that wait to be logged; one that fails does not hold up the others.

    They may be sent by another thread than the one that adds them.

    Args:
        places: the folders of the run's journal.
        run_key: the run's own key.
        note: tells the user what could not be done.
        keep_file: is given the file of what can't be an MLflow model, as a path in the journal.
        is_new: nobody has tried to export the journal before.
    """

    def __init__(
        self,
        places: JournalPlaces,
        run_key: str,
        note: Callable[[str], None],
        keep_file: Callable[[str], None],
        is_new: bool = False,
    ) -> None:
        # Why models could not be logged, by their names.
        self.waiting: dict[str, str] = {}
        # What became of each model, for the panel.
        self.lines: dict[str, str] = {}
        # Each `promote_if`, by its metric.
        self._rules: dict[str, dict[str, Any]] = {}
        self._places = places
        self._run_key = run_key
        self._note = note
        self._keep_file = keep_file
        self._is_new = is_new
        self._lock = threading.Lock()
        self._pending: list[ModelExport] = []
        self._under_way: list[ModelExport] = []
        self._sent: list[ModelExport] = []

    def __bool__(self) -> bool:
        return bool(self._pending)

    def add(self, event: dict[str, Any]) -> None:
        """Take in a model.

        Raises:
            ValueError: a file of it lies outside the journal, as only a damaged line can say.
        """
        for path in map(Path, filter(None, (event["f"], *files_of_model(event)))):
            if ".." in path.parts or path.is_absolute():
                raise ValueError(f"model {path} lies outside the journal")
        model = ModelExport(event, self._places, self._run_key, self._is_new)
        with self._lock:
            self._pending.append(model)
        if event.get("promote"):
            self._rules[str(event["promote"]["metric"])] = event["promote"]

    def deciding_metrics(self, params: dict[str, str]) -> dict[str, Deciding]:
        """Return how the metrics that `promote_if` names decide in a run with these params."""
        return {metric: deciding(rule, params) for metric, rule in self._rules.items()}

    def send(self, client: Any, experiment_id: str, run_id: str, params: dict[str, str]) -> None:
        """Log the models and register their versions."""
        with self._lock:
            pending, self._pending = self._pending, []
            self._under_way = list(pending)
        for model in pending:
            label = f"model {model.name!r}"
            try:
                model.send(client, experiment_id, run_id, params)
                self._sent.append(model)
                self.waiting.pop(label, None)
            except Exception as error:
                self._give_up_or_wait(model, label, error)
            for note in model.notes:
                self._note(f"{label}: {note}")
        self._under_way = []

    def wait_for(self, why: str) -> None:
        """Leave all models to another time, for their store of artifacts does not take anything."""
        text = why.removeprefix("artifacts: ")
        for model in (*self._pending, *self._under_way):
            self.waiting[f"model {model.name!r}"] = f"models: {text}"

    def _give_up_or_wait(self, model: ModelExport, label: str, error: Exception) -> None:
        if isinstance(error, FlavorError) or is_permanent(error):
            if model.is_of_library:
                told = f"{model.name!r} is no MLflow model, its pickle is an artifact instead"
                self._keep_file(str(model.event["f"]))
            else:
                told = f"{label} is not recorded"
            self._note(f"{told}: {reason(error)}")
        elif isinstance(error, FileNotFoundError) and not model.path.exists():
            self._note(f"the {label} is missing from the journal")
        else:
            with self._lock:
                self._pending.append(model)
            self.waiting[label] = f"models: {reason(error)}"

    def conclude(self, client: Any, run_id: str, values: RunValues, finished: bool) -> None:
        """Move aliases, which needs the metrics of the whole run, and say so in a tag.

        Args:
            client: an `MlflowClient`.
            run_id: the run.
            values: knows the run's metrics, and takes the tag.
            finished: whether the run came to its end.
        """
        # Aliases in turn, for two models may have the same one.
        aliases = partial(self._decide_aliases, client, values, finished)
        metrics = partial(self._link_metrics, client, run_id, list(values.last_metrics.values()))
        together(client.tracking_uri, [aliases, metrics] if self._sent else [])

    def undecided(self) -> list[dict[str, Any]]:
        """Return of each model that was sent what a decision needs that is made elsewhere."""
        return [
            {
                "n": str(model.event["n"]),
                "tag": f"{TAG}{model.name}"[:250],
                "key": model.key,
                "model_id": model.model_id,
                "version": model.registered.version,
                **{name: model.event.get(name) for name in ("name", "alias", "promote")},
            }
            for model in self._sent
        ]

    def _decide_aliases(self, client: Any, values: RunValues, finished: bool) -> None:
        about = values.metrics_seen, values.known_params, finished
        for model in self._sent:
            told = decide_alias(client, model.registered, *about, self._note)
            self.lines[str(model.event["n"])] = told
            values.add_tag(f"{TAG}{model.name}"[:250], told)

    def _link_metrics(self, client: Any, run_id: str, metrics: list[Any]) -> None:
        for model in self._sent:
            link_metrics(client, run_id, (model.name, model.model_id), metrics, self._note)
