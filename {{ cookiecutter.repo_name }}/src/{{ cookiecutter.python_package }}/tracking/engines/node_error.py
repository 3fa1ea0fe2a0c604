"""The error of a node on its way from a worker to the process of the run, with its traceback."""

import sys
from dataclasses import dataclass
from typing import Any

from .dask_cluster import DaskRunnerError, SchedulerLostError, node_of_key
from .dask_packages import cloudpickle, distributed, pickling_support


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
    pickling_support.install(error)
    try:
        packed = cloudpickle.dumps(error)
        # Many take other arguments than they hand to `Exception`, which shows only here.
        if _told(cloudpickle.loads(packed)) != _told(error):
            packed = cloudpickle.dumps(_Remade.of(error))
            cloudpickle.loads(packed).make()
    except Exception:
        packed = cloudpickle.dumps(_likeness(error))
    return bytes(packed)


def _told(error: BaseException) -> tuple[str, Any]:
    return str(error), getattr(error, "code", None)


@dataclass
class _Remade:
    """An error that is made anew where it arrives.

    tblib 3.2 makes it without its arguments, by which `SystemExit` has its code and
    `UnicodeDecodeError` its text.
    """

    kind: type[BaseException]
    args: tuple[Any, ...]
    more: dict[str, Any]
    cause: BaseException | None
    traceback: Any

    @classmethod
    def of(cls, error: BaseException) -> "_Remade":
        return cls(type(error), error.args, vars(error), error.__cause__, error.__traceback__)

    def make(self) -> BaseException:
        error = self.kind(*self.args)
        vars(error).update(self.more)
        error.__cause__ = self.cause
        return error.with_traceback(self.traceback)


def _likeness(error: BaseException) -> BaseException:
    kind = type(error)
    about = {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
    like: BaseException = type(kind.__name__, (Exception,), about)(str(error))
    # By value: a class of this name is elsewhere another one.
    like.__class__.__module__ = "__main__" if kind.__module__ in sys.modules else kind.__module__
    pickling_support.install(like)
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
        sent = cloudpickle.loads(failure.packed)
        return sent.make() if isinstance(sent, _Remade) else sent, failure.record, None
    if isinstance(failure, distributed.KilledWorker):
        name = node_of_key(str(failure.task)) or node
        worker = getattr(failure.last_worker, "address", failure.last_worker)
        error = DaskRunnerError(
            f"the node {name!r} was given up: each worker that ran it was lost, the last one "
            f"{worker}; look there for what killed it, often it needs more memory than it has"
        )
        return error, None, name
    if isinstance(failure, distributed.CancelledError):
        error = SchedulerLostError(
            f"the connection to the Dask scheduler was lost while nodes ran ({failure}); start "
            f"the scheduler and its workers again, then the run"
        )
        return error, None, None
    return failure, None, node
