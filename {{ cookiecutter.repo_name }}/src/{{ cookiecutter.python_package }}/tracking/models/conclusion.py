"""What is done for a model once all metrics of its run are known; what never can be is noted."""

from collections.abc import Callable, Mapping
from typing import Any

from ..journal.events import MAX_BATCH_METRICS
from ..store.reasons import is_permanent, reason
from .registry import RegisteredVersion


def decide_alias(
    client: Any,
    registered: RegisteredVersion,
    metrics: Mapping[str, float],
    params: Mapping[str, str],
    finished: bool,
    note: Callable[[str], None],
) -> str:
    """Decide over the alias of a model, and return what became of the model.

    Args:
        client: an `MlflowClient`.
        registered: the model's version.
        metrics: the metrics of the run.
        params: the params of the run.
        finished: whether the run came to its end.
        note: is told what can't be done.

    Raises:
        Exception: the store can't be used now.
    """
    try:
        return registered.conclude(client, dict(metrics), dict(params), finished)
    except Exception as error:
        if not is_permanent(error):
            raise
        told = f"its alias is not decided: {reason(error)}"
        note(f"model {registered.event['n']!r}: {told}")
        return told


def link_metrics(
    client: Any,
    run_id: str,
    model: tuple[str, str | None],
    metrics: list[Any],
    note: Callable[[str], None],
) -> None:
    """Show a run's metrics on the page of one of its models too.

    Args:
        client: an `MlflowClient`.
        run_id: the run.
        model: its name, and the id of the logged model.
        metrics: the last value of each metric, as MLflow's entity.
        note: is told what can't be done.

    Raises:
        Exception: the store can't be used now.
    """
    from mlflow.entities import Metric

    name, model_id = model
    linked = [
        Metric(one.key, one.value, one.timestamp, one.step, model_id=model_id)
        for one in metrics[:MAX_BATCH_METRICS]
    ]
    try:
        if linked:
            client.log_batch(run_id, metrics=linked)
    except Exception as error:
        if not is_permanent(error):
            raise
        note(f"the page of model {name!r} shows no metrics: {reason(error)}")
