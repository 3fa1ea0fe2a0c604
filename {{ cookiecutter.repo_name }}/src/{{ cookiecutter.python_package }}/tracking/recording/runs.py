"""Which run this process, or this thread of it, works for.

Node hooks learn the run from the thread that they are called in; dataset hooks are told only a
node and a dataset. A thread is bound to a run by `before_pipeline_run` or by its first node; a
worker process by the recorder that travels with the catalog.
"""

import threading
from typing import Any, TypeVar

from ..arguments import with_options
from .recorder import Recorder

ATTRIBUTE = "_mlflow_recorder"
# Of a catalog: when the run began that is only begun here, in nanoseconds since 1970; others add
# its nodes, and end it.
BEGUN = "_mlflow_begun"

_Hook = TypeVar("_Hook")

# By identity: a worker of a cluster has a recorder for each node that it runs at once.
_active: dict[int, Recorder] = {}
_thread = threading.local()
_worker: Recorder | None = None


def begin(recorder: Recorder) -> None:
    """Bind the calling thread to a run that starts in this process."""
    _active[id(recorder)] = recorder
    _thread.recorder = recorder


def finish(recorder: Recorder) -> None:
    """Forget a run that has ended."""
    _active.pop(id(recorder), None)
    if getattr(_thread, "recorder", None) is recorder:
        _thread.recorder = None


def adopt(recorder: Recorder) -> bool:
    """Make a run the one that this worker process works for; True if it is the first."""
    global _worker  # noqa: PLW0603  a process has one
    is_first = _worker is None
    _worker = recorder
    return is_first


def is_worker() -> bool:
    """Whether this process works for the run of another one, as those of ParallelRunner do."""
    return _worker is not None


def of_catalog(catalog: Any) -> Recorder | None:
    """Return the run that a catalog was prepared for, and bind the calling thread to it."""
    recorder: Recorder | None = getattr(catalog, ATTRIBUTE, None)
    if recorder is not None:
        _thread.recorder = recorder
        recorder.catalog = catalog
    return recorder


def current() -> Recorder | None:
    """Return the run that the calling thread works for, if it can be known.

    It can't where several runs share this process and the thread has not begun a node yet.
    """
    if _worker is not None:
        return _worker
    recorder: Recorder | None = getattr(_thread, "recorder", None)
    if recorder is not None and id(recorder) in _active:
        return recorder
    if len(_active) == 1:
        return next(iter(_active.values()))
    return None


def active() -> list[Recorder]:
    """Return the runs that have begun in this process and not ended."""
    return list(_active.values())


def in_force(hook: _Hook, recorder: Recorder | None) -> _Hook:
    """Return a hook of the project as a run has it: with the arguments that `mlflow.yml` gives.

    One hook object serves all runs of a process, so it is never changed itself.

    Args:
        hook: the hook.
        recorder: records the run, if it is known.
    """
    if recorder is None or recorder.mlflow_yml is None:
        return hook
    found: _Hook | None = recorder.hooks.get(id(hook))
    if found is None:
        found = recorder.hooks[id(hook)] = with_mlflow_yml(hook, recorder.mlflow_yml)
    return found


def with_mlflow_yml(hook: _Hook, mlflow_yml: Any) -> _Hook:
    """Return a hook with the arguments that an `mlflow.yml` gives.

    Args:
        hook: the hook.
        mlflow_yml: what the file says; None without one.
    """
    given = {} if mlflow_yml is None else mlflow_yml.hooks
    names = [cls.__name__ for cls in reversed(type(hook).__mro__) if cls.__name__ in given]
    changes = {name: value for cls in names for name, value in given[cls].items()}
    return with_options(hook, changes) if changes else hook
