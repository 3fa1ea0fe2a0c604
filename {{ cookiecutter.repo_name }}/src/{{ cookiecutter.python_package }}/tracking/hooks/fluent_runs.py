"""Runs that nodes begin by hand, with `mlflow.log_metric` and the like, beside the pipeline's."""

import os
import sys
import threading
from typing import Any

from kedro.framework.hooks import hook_impl

from ..journal import layout
from ..recording import lifecycle, runs
from ..recording.recorder import Recorder
from .guard import guarded

_NOTE = "mlflow.note.content"  # the description of a run
_thread = threading.local()
# Keys of the runs that `MLflowAutologHook` takes part in, in this process.
hooked: set[str] = set()
# What helps those in which it could not, by their keys.
remedies: dict[str, str] = {}


class FluentRuns:
    """Tells of each run that a node begins and leaves open, and sees to it that it is ended.

    Fires in `before_node_run` and `after_node_run`. It never imports MLflow: where the user has
    not, there is no such run.
    """

    @hook_impl
    def before_node_run(self) -> None:
        """Note which run is open already, which is the user's own."""
        if "mlflow" in sys.modules:
            self._note_active()

    @guarded
    def _note_active(self) -> None:
        _thread.before = _active_id()

    @hook_impl
    def after_node_run(self, node: Any, catalog: Any) -> None:
        """Look for a run that the node began."""
        recorder = runs.of_catalog(catalog)
        if "mlflow" in sys.modules:
            self._look(recorder, node.name)

    @guarded
    def _look(self, recorder: Recorder | None, node: str) -> None:
        look_for_run(recorder, node)


def look_for_run(recorder: Recorder | None, node: str, status: str = "FINISHED") -> None:
    """Tell of a run that a node has begun in this thread, and end it.

    In the thread of the pipeline the next nodes log to the same one, and its end ends it.

    Args:
        recorder: records the pipeline's run.
        node: the node's name.
        status: the status that the run gets.
    """
    found = _active_id()
    before, _thread.before = getattr(_thread, "before", None), found
    if recorder is None or found is None or found == before:
        return
    if found == layout.read_state(recorder.folder).get("run_id"):
        return  # `MLFLOW_RUN_ID` makes it the same
    mlflow = sys.modules["mlflow"]
    begun = f"the node {node!r} of the pipeline's run {recorder.key} began"
    is_hooked = recorder.key in hooked
    remedy = (
        "call no mlflow.end_run() in a node, and mlflow.start_run(nested=True) only in a `with`"
        if is_hooked
        else remedies.get(recorder.key)
        or "add MLflowAutologHook(flavors=[]) to mlflow_hooks in mlflow_config.py"
    )
    recorder.warn(
        "fluent run",
        f"{begun} another MLflow run, {found} in {mlflow.get_tracking_uri()}, as mlflow.log_metric "
        f"does where none is active. To have it all in one run, {remedy}",
    )
    if _NOTE not in mlflow.active_run().data.tags:
        same = "" if is_hooked else "; with MLflowAutologHook it is the same run"
        mlflow.set_tag(_NOTE, f"{begun} this run{same}.")
    run = lifecycle.of(recorder)
    if run is None or (run.pid, run.thread) != (os.getpid(), threading.get_ident()):
        _end(found, status)
    else:
        run.at_end.append(lambda: _end(found, status))


def _end(run_id: str, status: str) -> None:
    if _active_id() == run_id:
        sys.modules["mlflow"].end_run(status)


def _active_id() -> str | None:
    """Return the id of MLflow's active run in this thread, if MLflow has been imported at all."""
    active = getattr(sys.modules.get("mlflow"), "active_run", None)
    run = active() if active is not None else None
    return None if run is None else str(run.info.run_id)
