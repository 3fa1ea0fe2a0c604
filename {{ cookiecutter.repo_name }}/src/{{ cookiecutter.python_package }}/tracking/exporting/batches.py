"""Params, metrics and tags on their way to MLflow, in batches as large as it takes."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from ..journal.events import (
    MAX_BATCH_METRICS,
    MAX_BATCH_PARAMS,
    MAX_BATCH_TAGS,
    MAX_PARAM,
    MAX_TAG,
    MEASURED,
)
from ..store.reasons import is_permanent, reason

# So that a poll of a fast writer's journal never holds more than this in memory.
MAX_PENDING = 200_000
# Times and run params of ours: they differ each time that a run goes on, whoever changed nothing.
_OF_ONE_SESSION = ("__time_begin", "__time_end", "___")


class _Batch(NamedTuple):
    """What goes to MLflow in one call."""

    metrics: list[Any]
    params: dict[str, str]
    tags: dict[str, str]


class Batches:
    """What waits to be written of a run's params, metrics and tags.

    Args:
        note: tells the user what MLflow refused.
        keep_back: names of tags that are kept here and not written.
    """

    def __init__(self, note: Callable[[str], None], keep_back: tuple[str, ...] = ()) -> None:
        self.kept_back: dict[str, str] = {}
        self._keep_back = keep_back
        self.known_params: dict[str, str] = {}
        # The last value of each metric, without what is measured of the run.
        self.last_metrics: dict[str, Any] = {}
        self.metrics_seen: dict[str, float] = {}
        self._ranks: dict[str, tuple[int, int, float]] = {}
        self._note = note
        self._metrics: deque[Any] = deque()
        self._params: dict[str, str] = {}
        self._tags: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._metrics or self._params or self._tags)

    @property
    def is_full(self) -> bool:
        """Whether no more should be read before something was written."""
        return len(self._metrics) >= MAX_PENDING

    @property
    def params_seen(self) -> dict[str, str]:
        """The params of the run, whether they are written yet or not."""
        return {**self._params, **self.known_params}

    def add_param(self, key: str, value: str) -> None:
        """Take in a param; of two values the first is kept as the param, the last as a tag."""
        value = value[:MAX_PARAM]
        known = self._params.get(key, self.known_params.get(key))
        if known is None:
            self._params[key] = value
        elif known != value:
            self._keep_later(key, value)

    def know(self, params: Mapping[str, str]) -> None:
        """Take in the params that the run has in MLflow: the run may be one that goes on."""
        self.known_params = dict(params)
        waiting, self._params = self._params, {}
        for key, value in waiting.items():
            self.add_param(key, value)

    def _keep_later(self, key: str, value: str) -> None:
        """Keep as a tag what a param can't take, for MLflow never changes one."""
        self._tags[f"kedro.later_value.{key}"[:250]] = value
        if not key.startswith(_OF_ONE_SESSION):
            self._note(
                f"param {key!r} was recorded with two values; the first is kept as the param, "
                f"the last as the tag 'kedro.later_value.{key}'"
            )

    def add_metric(self, key: str, value: float, timestamp_ms: int, step: int) -> None:
        """Take in one value of a metric."""
        from mlflow.entities import Metric

        metric = Metric(key, value, timestamp_ms, step)
        self._metrics.append(metric)
        # The last is what MLflow takes for it: that of the highest step, whichever came last.
        rank = step, timestamp_ms, 0.0 if math.isnan(value) else value
        if self._ranks.get(key, rank) > rank:
            return
        self._ranks[key] = rank
        self.metrics_seen[key] = value
        if not key.startswith(MEASURED):
            self.last_metrics[key] = metric

    def add_tag(self, key: str, value: str) -> None:
        """Take in a tag; the last value counts."""
        tags = self.kept_back if key in self._keep_back else self._tags
        tags[key] = value[:MAX_TAG]

    def send(self, client: Any, run_id: str) -> None:
        """Write everything.

        Raises:
            Exception: the store can't be used now; what was not written waits.
        """
        for task in self.tasks(client, run_id):
            task()

    def tasks(self, client: Any, run_id: str) -> list[Callable[[], None]]:
        """Return what writes everything; several may be called at once, each as `send`."""
        batches = list(self._batches())
        # Two batches of metrics at once would wait for each other's rows of latest values.
        in_turn = [batch for batch in batches if batch.metrics]
        others = [[batch] for batch in batches if not batch.metrics]
        chains = [in_turn, *others] if in_turn else others
        return [partial(self._send_in_turn, client, run_id, chain) for chain in chains]

    def _batches(self) -> Iterator[_Batch]:
        metrics, params, tags = map(iter, (self._metrics, self._params.items(), self._tags.items()))
        while True:
            batch = _Batch(
                # MLflow takes 1000 entries of all kinds together.
                list(islice(metrics, MAX_BATCH_METRICS - MAX_BATCH_PARAMS - MAX_BATCH_TAGS)),
                dict(islice(params, MAX_BATCH_PARAMS)),
                dict(islice(tags, MAX_BATCH_TAGS)),
            )
            if not any(batch):
                return
            yield batch

    def _send_in_turn(self, client: Any, run_id: str, batches: list[_Batch]) -> None:
        from mlflow.entities import Param, RunTag

        for batch in batches:
            try:
                client.log_batch(
                    run_id,
                    metrics=batch.metrics,
                    params=[Param(key, value) for key, value in batch.params.items()],
                    tags=[RunTag(key, value) for key, value in batch.tags.items()],
                )
            except Exception as error:
                if not is_permanent(error):
                    raise
                self._send_one_by_one(client, run_id, batch)
            for _ in batch.metrics:
                self._metrics.popleft()
            for key, value in batch.params.items():
                self.known_params[key] = value
                del self._params[key]
            for key in batch.tags:
                del self._tags[key]

    def _send_one_by_one(self, client: Any, run_id: str, batch: _Batch) -> None:
        """Write what MLflow refused as a batch so that only the bad entry is left out."""
        from mlflow.entities import Param, RunTag

        entries: list[tuple[str, dict[str, list[Any]]]] = []
        entries += [(f"metric {m.key!r}", {"metrics": [m]}) for m in batch.metrics]
        entries += [(f"param {k!r}", {"params": [Param(k, v)]}) for k, v in batch.params.items()]
        entries += [(f"tag {k!r}", {"tags": [RunTag(k, v)]}) for k, v in batch.tags.items()]
        in_mlflow: Mapping[str, str] | None = None
        for what, entry in entries:
            try:
                client.log_batch(run_id, **entry)
            except Exception as error:
                if not is_permanent(error):
                    raise
                for param in entry.get("params", ()):
                    if in_mlflow is None:  # another session of the same run may be at work
                        in_mlflow = client.get_run(run_id).data.params
                    if in_mlflow.get(param.key, param.value) != param.value:
                        self._keep_later(param.key, param.value)
                        break
                else:
                    self._note(f"MLflow refused the {what}: {reason(error)}")
