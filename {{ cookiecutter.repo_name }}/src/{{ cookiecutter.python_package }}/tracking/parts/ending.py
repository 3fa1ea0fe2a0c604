"""Ends a run of parts: how it went, its times, and what its panel tells."""

import shlex
import time
from typing import Any

from ..commands.experiment import client_and_experiment
from ..commands.run_names import find_run
from ..exporting.belonging import is_of_another
from ..exporting.comparison import Comparison
from ..exporting.mlflow_run import BEGUN_ON, RUN_KEY
from ..exporting.summary import add_metrics, blank_summary
from ..exporting.sync import sync_from
from ..journal import spilling
from ..journal.events import MAX_TAG
from ..program import mlflow_command
from ..project import project_path, settings_hook, tracking_settings
from ..recording.times import clock_values
from ..redact import redact_text
from ..store.reasons import StoreError, counted
from .drawing import Drawn, draw_again
from .one_run import find_begun
from .part_files import PartFile, read_parts, read_traceback
from .reopening import OPEN, TRACEBACK


def end_run(name: str, status: str | None, reason: str | None = None) -> dict[str, Any]:
    """End a run as its parts have ended, and return its summary; of one that has ended the same.

    Args:
        name: the key that it was begun with, or its id.
        status: how it ended, where that is not for the parts to say.
        reason: why it did not finish, where no part knows.

    Raises:
        LookupError: there is no such run, or it is none that can be ended here.
        Exception: the store can't be used.
    """
    client, experiment = client_and_experiment()
    run = _find(client, experiment, name)
    run_id, notes = run.info.run_id, _bring_spilled(run.info.run_id)
    if _is_whole(run) and not read_parts(client, run_id):
        begin = mlflow_command("begin")
        raise LookupError(
            f"the run {name!r} is one of a whole `kedro run`, which ends by itself; `end` is for "
            f"what `{begin}` began."
        )
    if run.info.status in OPEN:
        _end(client, run, status, reason)
    elif status not in (None, run.info.status):
        notes.append(f"it had ended before as {run.info.status}, and stays so")
    drawn = draw_again(client, run_id, str(project_path()))
    return _summary(client, drawn, experiment.name, notes)


def _find(client: Any, experiment: Any, name: str) -> Any:
    run = find_begun(client, experiment.experiment_id, name)
    if run is None:
        try:
            run = find_run(client, experiment, name)
        except LookupError as error:
            begin = mlflow_command(f"begin --key {shlex.quote(name)}")
            raise LookupError(f"no run was begun by `{begin}`, and {error}") from error
    if run.info.lifecycle_stage != "active":
        raise LookupError(f"the run {name!r} is deleted.")
    if run.info.experiment_id != experiment.experiment_id:
        raise LookupError(f"{is_of_another(client, run, experiment.name)}.")
    return run


def _is_whole(run: Any) -> bool:
    """Whether a run is of one process, that records it as a whole."""
    return RUN_KEY in run.data.tags and BEGUN_ON not in run.data.tags


def _bring_spilled(run_id: str) -> list[str]:
    """Export the parts that had no store as they ended; returns what is to be told of them."""
    url = spilling.place()
    if url is None:
        return []
    settings = tracking_settings()
    try:
        found = list(sync_from(url, project_path(), settings, run_id=run_id))
        notes = [
            f"a part that was spilled is not exported: {told}" for told, done in found if not done
        ]
        return counted(notes)
    except StoreError as error:
        return [f"nobody knows whether parts were spilled: {error}"]


def _end(client: Any, run: Any, given: str | None, reason: str | None) -> None:
    """End a run that is open; it is drawn then."""
    end_ns, run_id = time.time_ns(), run.info.run_id
    parts = read_parts(client, run_id)
    faults = [part for part in parts if part.fault is not None]
    status = given or ("FAILED" if faults else "FINISHED")
    if status != "FINISHED":
        reason = redact_text(reason) if reason else f"it was ended as {status}"
        _log_faults(client, run_id, faults, reason)
    _log_times(client, run, end_ns)
    # Before it is drawn: a part that comes later sees it, and draws the run again itself.
    client.set_terminated(run_id, status, end_ns // 1_000_000)


def _log_faults(client: Any, run_id: str, faults: list[PartFile], reason: str) -> None:
    from mlflow.entities import RunTag

    told = "; ".join(str(part.fault) for part in faults)
    tags = {"kedro.error": told or reason}
    nodes = [part.failed_node for part in faults if part.failed_node]
    if nodes:
        tags["kedro.failed_node"] = ", ".join(dict.fromkeys(nodes))
    client.log_batch(run_id, tags=[RunTag(key, text[:MAX_TAG]) for key, text in tags.items()])
    texts = [(part, read_traceback(client, run_id, part)) for part in faults]
    found = [f"{part.label}\n{text}" for part, text in texts if text is not None]
    if found:
        client.log_text(run_id, "\n".join(found), TRACEBACK)


def _log_times(client: Any, run: Any, end_ns: int) -> None:
    """Say when the run ended, and how long it took; as `MLflowBasicLoggerHook` is told to."""
    from mlflow.entities import Metric, Param, RunTag

    hook: Any = settings_hook()
    stamp, metrics, params, tags = end_ns // 1_000_000, [], [], []
    if getattr(hook, "enable_logging_time_end", True):
        text, digits = clock_values(end_ns, getattr(hook, "offset_hours", 0))
        metrics.append(Metric("__time_end", digits, stamp, 0))
        if run.data.params.get("__time_end", text) == text:
            params.append(Param("__time_end", text))
        else:  # it was opened again, and MLflow never changes a param
            tags.append(RunTag("kedro.later_value.__time_end", text))
    if getattr(hook, "enable_logging_time", True):
        metrics.append(Metric("__time", (stamp - run.info.start_time) / 1000, stamp, 0))
    if metrics:
        client.log_batch(run.info.run_id, metrics=metrics, params=params, tags=tags)


def _summary(client: Any, drawn: Drawn, experiment: str, notes: list[str]) -> dict[str, Any]:
    info = drawn.run.info
    hook: Any = settings_hook()
    faults = [part.fault for part in drawn.parts if part.fault is not None]
    if not drawn.parts:
        faults = ["no part has recorded anything"]
    summary = {
        **blank_summary(),
        "run_id": info.run_id,
        "experiment_id": info.experiment_id,
        "experiment_name": experiment,
        "run_env": getattr(getattr(hook, "settings", None), "run_env", None),
        "run_name": info.run_name,
        "status": info.status,
        "duration_s": (info.end_time - info.start_time) / 1000,
        "tracking_uri": redact_text(client.tracking_uri),
        "notes": [*notes, *faults, *drawn.notes],
        "models": drawn.models,
    }
    comparison = Comparison(client, info.experiment_id, info.start_time)
    add_metrics(summary, drawn.run.data.metrics, drawn.deciding, comparison)
    return summary
