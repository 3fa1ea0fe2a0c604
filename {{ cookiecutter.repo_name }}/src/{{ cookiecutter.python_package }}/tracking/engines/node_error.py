"""The error of a node on its way from a worker to the process of the run, with its traceback."""

from typing import Any

from .dask_cluster import DaskRunnerError, SchedulerLostError, node_of_key
from .dask_packages import distributed
from .error_bytes import unpack

# The reason that Dask (2026.8) gives.
_LOST = "scheduler-connection-lost"


class NodeFailedError(Exception):
    """A node that failed on a worker; Dask then runs none that depends on it.

    Args:
        packed: the user's error, see `error_bytes.pack`.
        record: what the node has recorded, where the worker has not the run's journal.
    """

    def __init__(self, packed: bytes, record: Any) -> None:
        super().__init__(packed, record)
        self.packed = packed
        self.record = record

    def __repr__(self) -> str:
        # Dask writes it into its log; what is in it may be secret.
        return f"{type(self).__name__}(...)"

    __str__ = __repr__


def error_of(failure: BaseException, node: str) -> tuple[BaseException, Any, str | None]:
    """Return what a run fails with, what the failed node has recorded, and who failed.

    Args:
        failure: what Dask tells of a node's task.
        node: the node.

    Returns:
        The error; the record, if it came along; the node, if no hook can have told it.
    """
    if isinstance(failure, NodeFailedError):
        return unpack(failure.packed), failure.record, None
    if isinstance(failure, distributed.KilledWorker):
        name = node_of_key(str(failure.task)) or node
        worker = getattr(failure.last_worker, "address", failure.last_worker)
        error = DaskRunnerError(
            f"the node {name!r} was given up: each worker that ran it was lost, the last one "
            f"{worker}; look there for what killed it, often it needs more memory than it has"
        )
        return error, None, name
    if isinstance(failure, distributed.CancelledError):
        groups = getattr(failure, "error_groups", None) or [failure]
        reason = getattr(groups[0], "reason", "unknown")
        if reason == _LOST:
            lost = SchedulerLostError(
                "the connection to the Dask scheduler was lost while nodes ran; start the "
                "scheduler and its workers again, then the run"
            )
            return lost, None, None
        taken = DaskRunnerError(
            f"the nodes were taken off the Dask cluster while they ran (reason: {reason}), by "
            f"another client or a restart of the workers; start the run again"
        )
        return taken, None, None
    return failure, None, node
