"""The error of a node on its way from a worker to the process of the run, with its traceback."""

import builtins
import copyreg
import sys
from typing import Any

from .dask_cluster import DaskRunnerError, SchedulerLostError, node_of_key
from .dask_packages import cloudpickle, distributed, pickling_support

# The reason that Dask (2026.8) gives.
_LOST = "scheduler-connection-lost"

_OWN_INITS = {
    kind.__init__
    for kind in vars(builtins).values()
    if isinstance(kind, type) and issubclass(kind, BaseException)
}


class NodeFailedError(Exception):
    """A node that failed on a worker; Dask then runs none that depends on it.

    Args:
        packed: the user's error, see `pack`.
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


def pack(error: BaseException) -> bytes:
    """Return an error with its traceback as bytes.

    One that can't be pickled, or not be made from its pickle, becomes one of the same name and
    text.
    """
    _install(error)
    try:
        packed = cloudpickle.dumps(error)
        # Many take other arguments than they hand to `Exception`, which shows only here.
        cloudpickle.loads(packed)
    except Exception:
        packed = cloudpickle.dumps(_likeness(error))
    return bytes(packed)


def _install(error: BaseException) -> None:
    """Have an error, and those behind it, pickled with their tracebacks.

    tblib (3.2) takes the built-in errors that have an `__init__` of their own for some that lack
    `__reduce__`, and leaves their arguments out: `SystemExit` lost its code, `UnicodeDecodeError`
    its text. Goes when it makes them as Python does.
    """
    pickling_support.install(error)
    for kind in [*copyreg.dispatch_table]:
        if (
            issubclass(kind, BaseException)
            and kind.__init__ in _OWN_INITS
            and kind.__reduce__ is BaseException.__reduce__
        ):
            copyreg.pickle(kind, _reduced)


def _reduced(error: BaseException) -> tuple[Any, ...]:
    made = type(error), error.args, error.__cause__, error.__traceback__, error.__context__
    more = error.__suppress_context__, getattr(error, "__notes__", None)
    return pickling_support.unpickle_exception, (*made, *more), vars(error)


def _likeness(error: BaseException) -> BaseException:
    kind = type(error)
    about = {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
    like: BaseException = type(kind.__name__, (Exception,), about)(str(error))
    # By value: a class of this name is elsewhere another one.
    like.__class__.__module__ = "__main__" if kind.__module__ in sys.modules else kind.__module__
    _install(like)
    return like.with_traceback(error.__traceback__)


def error_of(failure: BaseException, node: str) -> tuple[BaseException, Any, str | None]:
    """Return what a run fails with, what the failed node has recorded, and who failed.

    Args:
        failure: what Dask tells of a node's task.
        node: the node.

    Returns:
        The error; the record, if it came along; the node, if no hook can have told it.
    """
    if isinstance(failure, NodeFailedError):
        pickling_support.install()
        return cloudpickle.loads(failure.packed), failure.record, None
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
