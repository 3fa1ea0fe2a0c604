"""What this layer uses of MLflow beyond its public interface; imports are in `lean_imports.py`,
databases in `mlflow_database_internals.py`.

Each function says why there is no public way, in which version it was seen, and when it can go.
`tests/contracts/` has a test of the same name for each, which fails when a version changes it.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from .model_parts import copy_code, describe_model

MODEL = "model.pkl"


def put_trace(
    client: Any,
    experiment_id: str,
    run_id: str,
    trace_id: str,
    root: Mapping[str, Any],
    ended: bool,
) -> str:
    """Write a trace's name, times and status, and link it to its run; may be repeated.

    Why: MLflow's own tracing chooses ids by itself, so exporting twice would make two traces.
    Seen in: MLflow 3.17.2 (`MlflowClient._tracking_client.store.start_trace`, `artifact_utils`).
    Goes when: `MlflowClient` logs a whole trace with given ids.

    Args:
        client: an `MlflowClient`.
        experiment_id: the run's experiment.
        run_id: the run.
        trace_id: the trace's own id.
        root: its root span, as `mlflow.entities.Span.to_dict` gives it.
        ended: whether the run has ended.

    Returns:
        The URI of the folder of its spans.
    """
    from mlflow.entities import TraceInfo, TraceLocation, TraceState
    from mlflow.tracing.utils.artifact_utils import get_artifact_uri_for_trace

    failed = root["status"]["code"] == "STATUS_CODE_ERROR"
    state = TraceState.ERROR if failed else TraceState.OK
    begin, end = root["start_time_unix_nano"], root["end_time_unix_nano"]
    info = client._tracking_client.store.start_trace(
        TraceInfo(
            trace_id=trace_id,
            trace_location=TraceLocation.from_experiment_id(experiment_id),
            request_time=begin // 1_000_000,
            state=state if ended else TraceState.IN_PROGRESS,
            execution_duration=(end - begin) // 1_000_000,
            tags={"mlflow.traceName": root["name"]},
            trace_metadata={"mlflow.sourceRun": run_id},
        )
    )
    return str(get_artifact_uri_for_trace(info))


def put_spans_file(client: Any, folder: str, spans: list[dict[str, Any]]) -> None:
    """Write all spans of a trace as one file, in place of what was written before.

    Why: rows in the database, the public way of tracing, take the store 0.4 ms a span, which is
    more than all else of a run. This is MLflow's `SpansLocation.ARTIFACT_REPO`.
    Seen in: MLflow 3.17.2 (`get_artifact_repository`, `ArtifactRepository.upload_trace_data`).
    Goes when: `MlflowClient` logs a whole trace with given ids.

    Args:
        client: an `MlflowClient`.
        folder: what `put_trace` returned.
        spans: the spans, as `mlflow.entities.Span.to_dict` gives them.
    """
    from mlflow.store.artifact import artifact_repository_registry

    artifacts = artifact_repository_registry.get_artifact_repository(folder, client.tracking_uri)
    artifacts.upload_trace_data(json.dumps({"spans": spans}, separators=(",", ":")))


def put_span_rows(client: Any, experiment_id: str, spans: list[dict[str, Any]]) -> None:
    """Write the spans of a small trace into the store's database.

    Why: as `put_trace`; and MLflow 3.17 reads a trace's file by the process's tracking URI only.
    Seen in: MLflow 3.17.2 (`MlflowClient._tracking_client.store.log_spans`).
    Goes when: `MlflowClient` logs a whole trace with given ids.

    Args:
        client: an `MlflowClient`.
        experiment_id: the run's experiment.
        spans: the spans, as `mlflow.entities.Span.to_dict` gives them.

    Raises:
        NotImplementedError: the MLflow server is older than 3.4.
    """
    from mlflow.entities import Span

    client._tracking_client.store.log_spans(experiment_id, [Span.from_dict(one) for one in spans])


def let_go_of_run(run_id: str | None) -> None:
    """Make a run no longer the active one of the calling thread, and leave its status as it is.

    Why: MLflow's fluent interface lets go of a run only by ending it; here the exporter ends it.
    Seen in: MLflow 3.17.2 (`mlflow.end_run` takes the status RUNNING, which it does not document).
    Goes when: MLflow can leave an active run without a status.
    """
    import mlflow

    active = mlflow.active_run()
    if active is not None and active.info.run_id == run_id:
        mlflow.end_run(status="RUNNING")


@contextmanager
def without_autologging(model: Any) -> Iterator[None]:
    """Keep autologging from recording what a model predicts meanwhile.

    Why: autologging records each frame that a model predicts for as the dataset `eval` of the run
    that trained it. It can be turned off for the whole process only, where others may be training.
    Seen in: MLflow 3.17.2 (`_mlflow_run_id` of an estimator, in `patched_predict`).
    Goes when: autologging can be turned off for one call.
    """
    attributes = getattr(model, "__dict__", {})
    mark = {key: attributes.pop(key) for key in ("_mlflow_run_id",) if key in attributes}
    try:
        yield
    finally:
        attributes.update(mark)


def write_sklearn_model(
    place: Path, pickle: Path, about: Mapping[str, Any], model_id: str, run_id: str
) -> None:
    """Write a pickled scikit-learn model as `mlflow.sklearn.save_model` would.

    Why: neither scikit-learn is imported nor the model unpickled, 0.1 s instead of 3 s.
    Seen in: MLflow 3.17.2 (files `MLmodel`, `conda.yaml`, `python_env.yaml`, input examples).
    Goes when: `mlflow.sklearn.save_model` takes a file.

    Args:
        place: the folder to make.
        pickle: the model, pickled with cloudpickle.
        about: what the node's process knows of it: `signature`, `example`, `requirements`, and
            `code`, absolute paths of folders and files of the project's own.
        model_id: id of the logged model.
        run_id: id of its run.
    """
    place.mkdir(parents=True)
    shutil.copyfile(pickle, place / MODEL)
    code = copy_code(place / "code", about.get("code", ()))
    pins = dict(line.split("==") for line in about.get("requirements", ()))
    flavors: dict[str, Any] = {
        "python_function": {
            "loader_module": "mlflow.sklearn",
            "model_path": MODEL,
            "predict_fn": "predict",
            **({"code": code} if code else {}),
        },
        "sklearn": {
            "code": code,
            "pickled_model": MODEL,
            "serialization_format": "cloudpickle",
            "sklearn_version": pins.get("scikit-learn"),
        },
    }
    describe_model(place, flavors, about, (model_id, run_id), pickle.stat().st_size)


def describe_pyfunc_model(
    place: Path, loader: str, about: Mapping[str, Any], model_id: str, run_id: str
) -> None:
    """Make a model of a folder with `code` and `data`, as `mlflow.pyfunc.save_model` would.

    Why: that imports pandas into the exporter, copies the data once more, and asks the model itself
    for its signature.
    Seen in: MLflow 3.17.2 (`MLmodel` of a model with a `loader_module`).
    Goes when: `mlflow.pyfunc.save_model` takes a folder as it is, and imports no pandas.

    Args:
        place: the folder.
        loader: the module of `code` that loads it, by its `_load_pyfunc`.
        about: as for `write_sklearn_model`, without `code`.
        model_id: id of the logged model.
        run_id: id of its run.
    """
    flavor = {"code": "code", "data": "data", "loader_module": loader}
    size = sum(path.stat().st_size for path in (place / "data").rglob("*") if path.is_file())
    describe_model(place, {"python_function": flavor}, about, (model_id, run_id), size)


def artifacts_at(place: str, tracking_uri: str) -> Any:
    """Return what stores the artifacts of a run: it logs, lists and deletes files.

    Why: `MlflowClient` has no way to delete one.
    Seen in: MLflow 3.17.2 (`get_artifact_repository`, `ArtifactRepository.delete_artifacts`).
    Goes when: `MlflowClient` deletes artifacts.
    """
    from mlflow.store.artifact import artifact_repository_registry

    return artifact_repository_registry.get_artifact_repository(place, tracking_uri)


def watch_hdfs(watched: Callable[[], AbstractContextManager[None]]) -> None:
    """Enter a context around each use of HDFS in this process.

    Why: of an error, pyarrow tells MLflow a number, and Hadoop's client writes the rest to the
    error output.
    Seen in: MLflow 3.17.2 (`mlflow.store.artifact.hdfs_artifact_repo.hdfs_system`).
    Goes when: pyarrow hands on what Java says.

    Args:
        watched: makes the context; what is raised inside passes through it.
    """
    from mlflow.store.artifact import hdfs_artifact_repo

    usual = hdfs_artifact_repo.hdfs_system
    if hasattr(usual, "is_watched"):
        return

    @contextmanager
    def hdfs_system(*args: Any, **options: Any) -> Iterator[Any]:
        with watched(), usual(*args, **options) as system:
            yield system

    hdfs_system.is_watched = True  # type: ignore[attr-defined]
    hdfs_artifact_repo.hdfs_system = hdfs_system


def forget_run(client: Any, run_id: str) -> None:
    """Delete a run; for good where the store is a database, which no garbage collector visits.

    Why: `MlflowClient.delete_run` marks it as deleted only.
    Seen in: MLflow 3.17.2 (`SqlAlchemyStore._hard_delete_run`).
    Goes when: `MlflowClient` deletes for good.
    """
    client.delete_run(run_id)
    _delete_for_good(client, "_hard_delete_run", run_id)


def forget_experiment(client: Any, experiment_id: str) -> None:
    """Delete an experiment, as `forget_run` deletes a run.

    Why: `MlflowClient.delete_experiment` marks it as deleted only.
    Seen in: MLflow 3.17.2 (`SqlAlchemyStore._hard_delete_experiment`).
    Goes when: `MlflowClient` deletes for good.
    """
    client.delete_experiment(experiment_id)
    _delete_for_good(client, "_hard_delete_experiment", experiment_id)


def _delete_for_good(client: Any, method: str, id_: str) -> None:
    delete = getattr(client._tracking_client.store, method, None)
    if delete is not None:  # a server has no such request
        delete(id_)


@contextmanager
def checked_replies(checked: Callable[[Any, Any, int, float], Any]) -> Iterator[None]:
    """Let MLflow send its requests through sessions of ours meanwhile.

    Why: MLflow has no place where an answer can be looked at. It takes a login page for an uploaded
    artifact, sleeps for as long as `Retry-After` says or drops that header, and bounds the time
    between two bytes of an answer only.
    Seen in: MLflow 3.17.2 (`mlflow.utils.request_utils._get_request_session`).
    Goes when: MLflow has a plugin for answers, as for headers, and tells `Retry-After`.

    Args:
        checked: makes ours, with the method `request`, of a `requests.Session` that repeats
            nothing that was answered, one as MLflow asked for it (for signed URLs, which lead to a
            store of artifacts), the number of retries, and the first pause in seconds.
    """
    from mlflow.utils import request_utils

    before: Any = request_utils._get_request_session
    # Two layers in one process, say two projects' in a notebook: MLflow's own is looked at once.
    usual = getattr(before, "usual", before)

    def session(retries: int, backoff: float, jitter: float, *rest: Any, **options: Any) -> Any:
        inner = usual(retries, backoff, jitter, frozenset(), False, False)
        asked_for = usual(retries, backoff, jitter, *rest, **options)
        return checked(inner, asked_for, retries, backoff)

    session.usual = usual  # type: ignore[attr-defined]
    request_utils._get_request_session = session  # type: ignore[assignment]
    try:
        yield
    finally:
        request_utils._get_request_session = before
