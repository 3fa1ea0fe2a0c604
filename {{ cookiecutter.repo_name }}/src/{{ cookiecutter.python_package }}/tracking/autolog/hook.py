"""MLflow's own autologging and fluent calls, in the run that this layer records."""

import importlib
import os
import socket
import sys
import threading
import time
from collections.abc import Generator, Iterable, Mapping
from typing import Any

from kedro.framework.hooks import hook_impl

from .. import env
from ..arguments import hook_options, require_one_of
from ..hooks import fluent_runs
from ..hooks.guard import guarded
from ..journal import layout
from ..logs import PlainLogger
from ..project import tracking_settings
from ..recording import lifecycle, runs
from ..recording.recorder import Recorder
from ..settings import sqlite_path
from ..store.mlflow_internals import let_go_of_run

logger = PlainLogger(__name__)

AUTOLOG_FLAVORS = (
    "keras",
    "lightgbm",
    "paddle",
    "pyspark.ml",
    "pytorch",
    "sklearn",
    "spark",
    "statsmodels",
    "tensorflow",
    "xgboost",
)
_POLL_SECONDS = 0.05
_REACHABLE = "use an MLflow server that all hosts reach, say by MLFLOW_TRACKING_URI"


@hook_options
class MLflowAutologHook:
    """Turns MLflow's autologging on, and makes the run the active one while a node runs.

    What libraries log by themselves goes to the run, and so does `mlflow.log_metric` in a node.
    Fires in `before_dataset_loaded` and around each node, under every runner. It is the one part of
    this layer that imports MLflow in the pipeline's processes, and the first node of a process
    waits for MLflow and for the run; so it is off unless it stands in `mlflow_config.py`.
    Needs `export="live"`.

    Args:
        flavors: libraries whose autologging is turned on, say `["sklearn"]`; none for fluent calls
            only.
        log_models: let autologging record models too; `MLflowDataSet(dataset="model")` is faster.
        wait: how long to wait for the run to exist in MLflow, in seconds.
        enable_mlflow: False turns this hook off.

    Raises:
        ValueError: an unknown flavour, with the nearest right one.
    """

    def __init__(
        self,
        flavors: Iterable[str] = ("sklearn",),
        log_models: bool = False,
        wait: float = 30.0,
        enable_mlflow: bool = True,
    ) -> None:
        self.flavors = (flavors,) if isinstance(flavors, str) else tuple(flavors)
        for flavor in self.flavors:
            require_one_of("flavors", flavor, AUTOLOG_FLAVORS)
        self.log_models = log_models
        self.wait = wait
        self.enable_mlflow = enable_mlflow
        self._lock = threading.Lock()
        # The process and the store for which MLflow is ready.
        self._ready_for: tuple[int, str] | None = None
        self._run_ids: dict[str, str | None] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.flavors, self.log_models, self.wait, self.enable_mlflow)

    # Wrappers are around all other hooks: what this one takes is in no time of a node.

    @hook_impl(wrapper=True, tryfirst=True)
    def before_dataset_loaded(self) -> Generator[None, Any, Any]:
        """Wait for MLflow and for the run before the first node of a process begins."""
        self._prepare(runs.current())
        return (yield)

    @hook_impl(wrapper=True, tryfirst=True)
    def before_node_run(self, catalog: Any) -> Generator[None, Any, Any]:
        """Make the run MLflow's active one in the node's thread."""
        self._begin(catalog)
        return (yield)

    @hook_impl(wrapper=True, tryfirst=True)
    def after_node_run(self, catalog: Any) -> Generator[None, Any, Any]:
        """Let go of the run; it goes on."""
        try:
            return (yield)
        finally:
            self._let_go(catalog)

    @hook_impl(wrapper=True, tryfirst=True)
    def on_node_error(self, catalog: Any) -> Generator[None, Any, Any]:
        """Let go of the run; the exporter sets its status."""
        try:
            return (yield)
        finally:
            self._let_go(catalog)

    @guarded
    def _prepare(self, recorder: Recorder | None) -> None:
        if recorder is not None and runs.in_force(self, recorder).enable_mlflow:
            self._ready_run(recorder)

    @guarded
    def _begin(self, catalog: Any) -> None:
        recorder = self._recorder_of(catalog)
        run_id = self._ready_run(recorder) if recorder is not None else None
        if recorder is None or run_id is None:
            return
        fluent_runs.hooked.add(recorder.key)
        import mlflow
        from mlflow.exceptions import MlflowException

        if mlflow.active_run() is not None:
            return
        try:
            mlflow.start_run(run_id=run_id, log_system_metrics=False)
        except MlflowException:  # as after a node's mlflow.set_experiment
            _enter_experiment_of(run_id)
            mlflow.start_run(run_id=run_id, log_system_metrics=False)

    @guarded
    def _let_go(self, catalog: Any) -> None:
        recorder = self._recorder_of(catalog)
        if recorder is not None and self._run_ids.get(recorder.key):
            let_go_of_run(self._run_ids[recorder.key])

    def _recorder_of(self, catalog: Any) -> Recorder | None:
        recorder = runs.of_catalog(catalog)
        return recorder if runs.in_force(self, recorder).enable_mlflow else None

    @guarded
    def wait_for_run(self, recorder: Recorder) -> None:
        """Wait for the run in its own process, for workers that can't look into its journal."""
        if runs.in_force(self, recorder).enable_mlflow:
            with self._lock:
                self._run_id(recorder)

    def _ready_run(self, recorder: Recorder) -> str | None:
        """Return the run's id in MLflow, with MLflow ready to log to it; None if there is none."""
        with self._lock:
            run_id = self._run_id(recorder)
            uri, credentials = _store_of(recorder)
            if run_id is None or self._ready_for == (os.getpid(), uri):
                return run_id
            try:
                self._turn_on(runs.in_force(self, recorder), uri, credentials)
                _enter_experiment_of(run_id)  # opens the store
            except Exception as error:  # each store has errors of its own
                why = " ".join(str(error).split()) or type(error).__name__
                self._run_ids[recorder.key] = None
                _tell(recorder, f"{why} (on the host {socket.gethostname()})", _REACHABLE)
                return None
            self._ready_for = os.getpid(), uri
        return run_id

    def _turn_on(self, mine: "MLflowAutologHook", uri: str, credentials: Mapping[str, str]) -> None:
        store = sqlite_path(uri)
        if store is not None and not store.exists():  # it would be made
            raise FileNotFoundError(f"the store {store} is a file that is not there")
        import mlflow

        # What a node calls by itself needs them for as long as the process lives.
        os.environ.update(credentials)
        mlflow.set_tracking_uri(uri)
        for flavor in mine.flavors:
            try:
                module: Any = importlib.import_module(f"mlflow.{flavor}")
                module.autolog(log_models=mine.log_models, silent=True)
            except ImportError as error:
                logger.warning("No autologging of %s: %s.", flavor, error)

    def _run_id(self, recorder: Recorder) -> str | None:
        """Return the run's id in MLflow, which the exporter knows a second after the begin."""
        wait = runs.in_force(self, recorder).wait
        if recorder.key in self._run_ids:
            return self._run_ids[recorder.key]
        export = layout.read_json(recorder.folder / layout.HEADER)["settings"]["export"]
        deadline = time.monotonic() + (wait if export == "live" else 0)
        state = layout.read_state(recorder.folder)
        while not state.get("run_id") and time.monotonic() < deadline and not state.get("error"):
            time.sleep(_POLL_SECONDS)
            state = layout.read_state(recorder.folder)
        run_id = state.get("run_id")
        if run_id is None:
            if state.get("error"):
                _tell(recorder, state["error"], "run it again when that is mended")
            elif export == "live":
                _tell(recorder, f"it is not in MLflow after {wait:g} s", "set wait to more")
            else:
                why = f'with export="{export}" it is not in MLflow yet'
                _tell(recorder, why, 'use export="live"')
        self._run_ids[recorder.key] = run_id
        run = lifecycle.of(recorder)
        if run is not None and run_id is not None:
            # A run that is broken off in a node would else be ended by MLflow, as FINISHED.
            run.at_end.append(lambda: _let_go(run_id))
        return run_id


def _let_go(run_id: str) -> None:
    if "mlflow" in sys.modules:  # nodes that ran elsewhere have not imported it here
        let_go_of_run(run_id)


def _store_of(recorder: Recorder) -> tuple[str, Mapping[str, str]]:
    """Return where a run goes, with what opens it; a worker of a cluster is told by the run."""
    if recorder.store is not None:
        return recorder.store["uri"], recorder.store["credentials"]
    settings = tracking_settings()
    return settings.uri, settings.credentials


def _tell(recorder: Recorder, why: str, remedy: str) -> None:
    what = "No autologging in this run, and no mlflow.log_metric or other call of a node"
    fluent_runs.remedies[recorder.key] = remedy
    recorder.warn("autolog", f"{what}: {why}; {remedy}")


def _enter_experiment_of(run_id: str) -> None:
    """Make a run's experiment the active one, so that nested runs are in it too."""
    import mlflow

    before = os.environ.get(env.EXPERIMENT_ID)
    mlflow.set_experiment(experiment_id=mlflow.get_run(run_id).info.experiment_id)
    # MLflow sets the variable, and it would tell the next pipeline of this process where to go.
    if before is None:
        os.environ.pop(env.EXPERIMENT_ID, None)
    else:
        os.environ[env.EXPERIMENT_ID] = before
