"""The metrics of a run beside those of the previous run, and of the best other run."""

import math
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
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
# Times of the run and its nodes, and what they took, have their own place in MLflow.
_NOT_SHOWN = ("__", "_time_to_", "_memory_peak_mb ", "system/")


def is_shown(metric: str) -> bool:
    """Whether a metric says how good a run is."""
    return not metric.startswith(_NOT_SHOWN)


def is_lower_better(metric: str) -> bool:
    """Whether a metric of this name is usually an error or a loss."""
    words = metric.lower().replace(".", "_").replace("-", "_").replace(" ", "_").split("_")
    # scikit-learn's `neg_mean_squared_error` is greater if it is better.
    return words[0] != "neg" and any(word in _LOWER_IS_BETTER for word in words)


class Comparison:
    """Asks MLflow for the other runs of a run's experiment; the same question once only.

    Args:
        client: an `MlflowClient`.
        experiment_id: the experiment.
        start_ms: when the run began, in milliseconds since 1970.
    """

    def __init__(self, client: Any, experiment_id: str, start_ms: int) -> None:
        self.experiment_id = experiment_id
        self._client = client
        self._start_ms = start_ms
        self._answers: dict[tuple[Any, ...], list[dict[str, float]]] = {}
        self._thread: threading.Thread | None = None

    def prepare(self, metrics: Sequence[str] = (), deciding: Mapping[str, Deciding] = {}) -> None:
        """Ask in the background, while the run is not finished, for what its end will need.

        Args:
            metrics: names of metrics of the run; guessed, if none, to be those of the run before.
            deciding: how the metrics decide that decide over an alias, as far as that is known.
        """
        # In turn: a store has more to do just now.
        about = self._thread, list(metrics), dict(deciding)
        self._thread = threading.Thread(target=self._prepare, args=about, daemon=True)
        self._thread.start()

    def _prepare(
        self,
        before: threading.Thread | None,
        metrics: list[str],
        deciding: Mapping[str, Deciding],
    ) -> None:
        if before is not None:
            before.join()
        try:
            if not metrics:
                earlier = self._ask_earlier(_EARLIER, _task(deciding))
                metrics = list(next(filter(None, earlier), {}))
            self._compare(metrics, None, deciding)
            if len(metrics) > MAX_METRICS:
                self.common_metrics()
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
        return self._compare(metrics, run_id, deciding)

    def _compare(
        self, metrics: list[str], run_id: str | None, deciding: Mapping[str, Deciding]
    ) -> tuple[dict[str, float], dict[str, float | None]]:
        task = _task(deciding)
        earlier = self._ask_earlier(_EARLIER, task)
        before = _first_with(metrics, earlier)
        if not before and len(earlier) == _EARLIER:
            before = _first_with(metrics, self._ask_earlier(_MANY_EARLIER, task))
        previous = {metric: before[metric] for metric in metrics if metric in before}
        best: dict[str, float | None] = {}
        for metric in _compared(metrics, deciding):
            usual = not is_lower_better(metric)
            greater = deciding[metric].greater_is_better if metric in deciding else usual
            best[metric] = self._ask_best(metric, greater, task, run_id)
        return previous, best

    def common_metrics(self) -> Counter[str]:
        """Return in how many of the last runs each metric was.

        Raises:
            Exception: the store does not answer, or not now.
        """
        return Counter(name for run in self._ask_earlier(_MANY_EARLIER) for name in run)

    def _ask_earlier(self, count: int, task: Mapping[str, str] = {}) -> list[dict[str, float]]:
        """Return the metrics of the runs that began before this one, the newest first."""
        conditions = [f"attributes.start_time < {self._start_ms}", *with_params(task)]
        return self._ask(conditions, "attributes.start_time DESC", count)

    def _ask_best(
        self, metric: str, greater: bool, task: Mapping[str, str], run_id: str | None
    ) -> float | None:
        order = f"metrics.`{metric}` {'DESC' if greater else 'ASC'}"
        for count in (1, _MAX_INFINITE):
            runs = self._ask(with_params(task), order, count, run_id)
            values = [run[metric] for run in runs if metric in run]
            found = next((value for value in values if math.isfinite(value)), None)
            if found is not None or len(values) < count:
                return found
        return None

    def _ask(
        self, conditions: list[str], order: str, count: int, but: str | None = None
    ) -> list[dict[str, float]]:
        """Return the metrics of finished runs.

        Args:
            conditions: which runs, as MLflow's filters.
            order: in which order.
            count: how many at the most.
            but: a run that does not count, as long as it is not finished neither.
        """
        key = (*conditions, order, count)
        if key not in self._answers:
            others = [f"attributes.run_id != '{but}'"] if but else []
            runs = self._client.search_runs(
                [self.experiment_id],
                filter_string=" AND ".join([_FINISHED, *others, *conditions]),
                order_by=[order],
                max_results=count,
            )
            self._answers[key] = [_shown(run.data.metrics) for run in runs]
        return self._answers[key]


def _task(deciding: Mapping[str, Deciding]) -> dict[str, str]:
    """Return the params that a run must share to be compared, with their values."""
    return {name: value for rule in deciding.values() for name, value in rule.same_params.items()}


def _shown(metrics: dict[str, float]) -> dict[str, float]:
    return {name: as_recorded(metrics[name]) for name in sorted(metrics) if is_shown(name)}


def _compared(metrics: list[str], deciding: Mapping[str, Deciding]) -> list[str]:
    """Return whose best is asked for: those that decide, and of a few the first."""
    first = [metric for metric in metrics if metric in deciding]
    others = [metric for metric in metrics if metric not in deciding]
    return [*first, *(others if len(metrics) <= MAX_METRICS else [])][:MAX_COMPARED]


def _first_with(metrics: list[str], runs: list[dict[str, float]]) -> dict[str, float]:
    return next((run for run in runs if set(metrics) & set(run)), {})
