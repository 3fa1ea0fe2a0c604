"""What a worker of a Dask cluster does: it runs a node, with the hooks of the project."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from kedro.framework.project import settings
from kedro.runner import Task

from ..journal import layout
from ..journal.artifact_names import NAMES
from ..kedro_internals import project_package
from .catalog_bytes import catalog_from
from .dask_packages import cloudpickle, distributed
from .error_bytes import pack
from .handed_on import give, take
from .log_lines import log_files
from .node_error import NodeFailedError
from .project_code import note_imported
from .shipment import Shipment
from .worker_run import WorkerRun


@dataclass(frozen=True)
class RunOnWorkers:
    """What a worker is told of a run.

    Args:
        module: this module, under the name that it has in the project.
        package: the project's package.
        token: tells the run from others, tracked or not.
        is_async: datasets are loaded and saved at the same time.
        run_id: Kedro's.
        journal: the recorder's arguments, the journal's folder, its header, its state and the names
            in it, and the files of the log; None of a run that is not tracked.
        store: tracking URI, with its credentials, for an exporter of the worker's own.
    """

    module: str
    package: str | None
    token: str
    is_async: bool
    run_id: str | None
    journal: Mapping[str, Any] | None = None
    store: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, run: Any, is_async: bool, run_id: str | None) -> "RunOnWorkers":
        """Return what workers are told of a run of this process.

        Args:
            run: as it was begun, see `recording/lifecycle.py`; None if it is not tracked.
            is_async: datasets are loaded and saved at the same time.
            run_id: Kedro's.
        """
        about = (__name__, project_package(), secrets.token_hex(4), is_async, run_id)
        if run is None:
            return cls(*about)
        recorder, of_run = run.recorder, run.settings
        folder = recorder.folder
        names = {path.name: path.read_bytes() for path in (folder / NAMES).glob("*")}
        header = layout.read_json(folder / layout.HEADER)
        identity = recorder.identity()
        journal = {"key": recorder.key, "folder": folder, "header": header, "names": names}
        journal |= {"state": _state(recorder), "log_files": log_files()}
        store = {"uri": of_run.uri, "credentials": dict(of_run.credentials)}
        return cls(*about, {**journal, "identity": identity}, store)


def _state(recorder: Any) -> dict[str, Any]:
    """Return what is known of the run in MLflow, when all hooks are content that wait for it."""
    for hook in settings.HOOKS:
        if (wait := getattr(hook, "wait_for_run", None)) is not None:
            wait(recorder)
    found = layout.read_state(recorder.folder)
    unknown = "it was not in MLflow when its first node began"
    run_id = found.get("run_id")
    return {"run_id": run_id} if run_id else {"error": found.get("error") or unknown}


@dataclass(frozen=True)
class NodeResult:
    """What the task of a node leaves on its worker: the values, and what it has recorded."""

    values: dict[str, Any]
    shipment: Shipment | None


# The functions below are called by name, see `dask_cluster.caller`.


def keep(token: str, payload: BytesIO) -> None:
    """Keep a run in memory, before its first node comes.

    Args:
        token: the run's.
        payload: the run, a `RunOnWorkers`, as bytes, and its catalog, see `catalog_bytes`.
    """
    WorkerRun.keep(token, *cloudpickle.loads(payload.getvalue()))


def run_node(token: str, payload: BytesIO, *given: Any) -> NodeResult:
    """Run a node.

    Args:
        token: the run's.
        payload: the node, the names of the values that it is given, and of those to give.
        given: the values; behind them signs of nodes that had to end before.

    Raises:
        NodeFailedError: it failed.
    """
    run = WorkerRun.here(token)
    shipment: Shipment | None = None
    failed: bytes | None = None
    with run.recording(_attempt()) as recorder:
        try:
            node, taken, wanted = cloudpickle.loads(payload.getvalue())
            note_imported()
            mine = catalog_from(run.catalog, recorder)
            for name, value in zip(taken, given, strict=False):
                take(mine, name, value)
            is_async, run_id = run.about.is_async, run.about.run_id
            Task(node, mine, is_async, run.hooks, run_id).execute()
            values = {name: give(mine.get(name)) for name in wanted}
        except BaseException as error:
            failed = pack(error)
        if recorder is not None:
            shipment = run.shipment_of(recorder)
    if failed is not None:
        # Here, where it has no context: Dask would pickle the user's error with it.
        raise NodeFailedError(failed, shipment)
    return NodeResult(values, shipment)


def value_of(result: NodeResult, name: str) -> Any:
    """Return one of the values of a node, for those that load it."""
    return result.values[name]


def record_of(result: NodeResult) -> Shipment | None:
    """Return what a node has recorded, for the process of the run."""
    return result.shipment


def sign_of(result: NodeResult) -> None:
    """Return nothing, for nodes that load what this one has saved in a place that all share."""


async def end_here(token: str) -> Shipment | None:
    """Forget a run, when its nodes here have ended; returns what is still to be told of it."""
    run = WorkerRun.pop(token)
    return None if run is None else await run.end()


def _attempt() -> int:
    """Return a number that is higher in a later try of a task, also on another worker."""
    worker = distributed.get_worker()
    return int(worker.state.tasks[worker.get_current_task()].run_id)
