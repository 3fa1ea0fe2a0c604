"""The metrics of a run beside those of the previous run, and of the best other run."""

import math
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ..journal.events import as_recorded
from ..logs import PlainLogger
from ..models.promotion import Deciding
from ..store.filters import with_params

logger = PlainLogger(__name__)

# Each best value is a search of its own, and of many metrics nobody knows which ones matter.
MAX_COMPARED, MAX_METRICS = 3, 10
# The run is in MLflow by then, and its user waits.
PATIENCE_SECONDS = 3.0
# The last run may have been of another pipeline, with other metrics.
_EARLIER, _MANY_EARLIER = 1, 20
# No infinity is the best value of a metric; more runs than this are not looked through for one.
_MAX_INFINITE = 5
_FINISHED = "attributes.status = 'FINISHED'"
_LOWER_IS_BETTER = ("loss", "error", "mse", "rmse", "mae", "mape", "logloss", "perplexity")
# Times of the run and its nodes have their own place in MLflow.
_NOT_SHOWN = ("__", "_time_to_", "system/")


def is_shown(metric: str) -> bool:
    """Whether a metric says how good a run is."""
    return not metric.startswith(_NOT_SHOWN)


def is_lower_better(metric: str) -> bool:
    """Whether a metric of this name is usually an error or a loss."""
    words = metric.lower().replace(".", "_").replace("-", "_").replace(" ", "_").split("_")
    # scikit-learn's `neg_mean_squared_error` is greater if it is better.
    return words[0] != "neg" and any(word in _LOWER_IS_BETTER for word in words)


class Comparison:
    """Asks MLflow for the other runs of a run's experiment.

    Args:
        client: an `MlflowClient`.
        experiment_id: the experiment.
        start_ms: when the run began, in milliseconds since 1970.
    """

    def __init__(self, client: Any, experiment_id: str, start_ms: int) -> None:
        self.experiment_id = experiment_id
        self._client = client
        self._start_ms = start_ms
        self._earlier: list[dict[str, float]] | None = None
        # By metric, where no `promote_if` says how it is compared.
        self._best: dict[str, float | None] = {}
        self._thread: threading.Thread | None = None

    def prepare(self) -> None:
        """Ask in the background, while the run is not finished, for what its end will need.

        That the run will have the metrics of the run before it is a guess; what it has besides is
        asked for in the end, which else needs not wait.
        """
        self._thread = threading.Thread(target=self._prepare, daemon=True)
        self._thread.start()

    def _prepare(self) -> None:
        try:
            self._earlier = self._ask_earlier(_EARLIER)
            guessed = next(filter(None, self._earlier), {})
            for metric in _compared(list(guessed), {}):
                self._best[metric] = self._ask_best(metric, not is_lower_better(metric))
        except Exception as error:
            logger.warning("Other runs are asked for again in the end: %s", error)

    def with_metrics(
        self, metrics: list[str], run_id: str | None, deciding: Mapping[str, Deciding] = {}
    ) -> tuple[dict[str, float], dict[str, float | None]]:
        """Return their values in the previous run, and of a few the best of all other runs.

        The best is None where no other run has the metric. Runs are compared that share the params
        which a rule names, for metrics of two tasks say nothing about each other.

        Args:
            metrics: names of metrics of the run.
            run_id: the run, which is finished by now.
            deciding: how the metrics decide that decide over an alias.

        Raises:
            Exception: the store does not answer, or not now.
        """
        if self._thread is not None:
            self._thread.join(PATIENCE_SECONDS)
            if self._thread.is_alive():
                raise TimeoutError(f"MLflow has not answered within {PATIENCE_SECONDS:g} s")
        task = {k: v for rule in deciding.values() for k, v in rule.same_params.items()}
        earlier = self._earlier
        if earlier is None or task:
            earlier = self._ask_earlier(_EARLIER, task)
        before = _first_with(metrics, earlier)
        if not before and len(earlier) == _EARLIER:
            before = _first_with(metrics, self._ask_earlier(_MANY_EARLIER, task))
        previous = {metric: before[metric] for metric in metrics if metric in before}
        best: dict[str, float | None] = {}
        for metric in _compared(metrics, deciding):
            usual = not is_lower_better(metric)
            greater = deciding[metric].greater_is_better if metric in deciding else usual
            is_asked = metric in self._best and greater == usual and not task
            best[metric] = (
                self._best[metric] if is_asked else self._ask_best(metric, greater, task, run_id)
            )
        return previous, best

    def common_metrics(self) -> Counter[str]:
        """Return in how many of the last runs each metric was.

        Raises:
            Exception: the store does not answer, or not now.
        """
        return Counter(name for run in self._ask_earlier(_MANY_EARLIER) for name in run)

    def _ask_earlier(self, count: int, task: Mapping[str, str] = {}) -> list[dict[str, float]]:
        """Return the metrics of the runs that began before this one, the newest first."""
        conditions = [_FINISHED, f"attributes.start_time < {self._start_ms}", *with_params(task)]
        runs = self._client.search_runs(
            [self.experiment_id],
            filter_string=" AND ".join(conditions),
            order_by=["attributes.start_time DESC"],
            max_results=count,
        )
        return [_shown(run.data.metrics) for run in runs]

    def _ask_best(
        self, metric: str, greater: bool, task: Mapping[str, str] = {}, run_id: str | None = None
    ) -> float | None:
        others = [f"attributes.run_id != '{run_id}'"] if run_id else []
        conditions = [_FINISHED, *others, *with_params(task)]
        runs = self._client.search_runs(
            [self.experiment_id],
            filter_string=" AND ".join(conditions),
            order_by=[f"metrics.`{metric}` {'DESC' if greater else 'ASC'}"],
            max_results=_MAX_INFINITE,
        )
        values = [_shown(run.data.metrics).get(metric) for run in runs]
        return next((value for value in values if value is not None and math.isfinite(value)), None)


def _shown(metrics: dict[str, float]) -> dict[str, float]:
    return {name: as_recorded(metrics[name]) for name in sorted(metrics) if is_shown(name)}


def _compared(metrics: list[str], deciding: Mapping[str, Deciding]) -> list[str]:
    """Return whose best is asked for: those that decide, and of a few the first."""
    first = [metric for metric in metrics if metric in deciding]
    others = [metric for metric in metrics if metric not in deciding]
    return [*first, *(others if len(metrics) <= MAX_METRICS else [])][:MAX_COMPARED]


def _first_with(metrics: list[str], runs: list[dict[str, float]]) -> dict[str, float]:
    return next((run for run in runs if set(metrics) & set(run)), {})
