"""What is decided over models when the whole run is known, by another process than theirs."""

from typing import Any

from .conclusion import decide_alias, link_metrics
from .promotion import Deciding, deciding
from .registry import RegisteredVersion


class LaterModels:
    """The models of a run whose parts have sent them.

    Args:
        models: of each what `ModelQueue.undecided` returned.
    """

    def __init__(self, models: list[dict[str, Any]]) -> None:
        # What became of each model, by its name.
        self.lines: dict[str, str] = {}
        # The same as tags of the run.
        self.tags: dict[str, str] = {}
        self.notes: list[str] = []
        self._models = models

    def deciding_metrics(self, params: dict[str, str]) -> dict[str, Deciding]:
        """Return how the metrics that `promote_if` names decide in a run with these params."""
        rules = [model["promote"] for model in self._models if model.get("promote")]
        return {str(rule["metric"]): deciding(rule, params) for rule in rules}

    def conclude(self, client: Any, run: Any, last_metrics: list[Any], finished: bool) -> None:
        """Move aliases as the metrics of all parts say; once for each version, however often asked.

        Args:
            client: an `MlflowClient`.
            run: the run, as MLflow has it.
            last_metrics: the last value of each metric, as MLflow's entity.
            finished: whether the run came to its end.
        """
        about, note = (run.data.metrics, run.data.params, finished), self.notes.append
        for model in self._models:
            name = str(model["n"])
            registered = RegisteredVersion(model, str(model["key"]), is_new=False)
            registered.version = model["version"]
            told = decide_alias(client, registered, *about, note)
            self.lines[name] = self.tags[str(model["tag"])] = told
            link_metrics(client, run.info.run_id, (name, model["model_id"]), last_metrics, note)
