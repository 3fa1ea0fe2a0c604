"""How long nodes and datasets take."""

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl

from ..arguments import hook_options
from ..clock import Moment, end_of, moment
from ..kedro_internals import is_parameter
from ..recording import lifecycle, runs
from ..recording.recorder import Recorder
from ..recording.watched import tell_begin
from .guard import guarded


def task_name(node: Any) -> str:
    """Return `<function> -- <outputs>`, the name of a node's time."""
    outputs = " - ".join(node.outputs) or node.name
    return f"{getattr(node.func, '__name__', type(node.func).__name__)} -- {outputs}"


class _Clock(threading.local):
    """What one thread is in the middle of."""

    def __init__(self) -> None:
        self.begun: tuple[str, str] | None = None
        self.run = moment()
        self.loads: dict[str, Moment] = {}
        self.saves: dict[str, Moment] = {}


@hook_options
class MLflowTimeLoggerHook:
    """Times nodes and the loading and saving of their datasets.

    Fires around each load, node and save. Writes the metrics
    `_time_to_run <function> -- <outputs>`, `_time_to_load <dataset>` and
    `_time_to_save <dataset>` in seconds, the Gantt chart as an HTML artifact, and the run's
    timeline as an MLflow trace. Asks for the metrics `system/…` and `_memory_peak_mb <node>`, which
    the optional room `machine/` makes.

    Args:
        gantt_filepath: where the Gantt chart is written besides, relative to the project.
        gantt_params: `title`, `height` in pixels and `xaxis` (its title) of the Gantt chart.
        metric_name_prefix: stands before the name of a node's time.
        task_name_func: gives a node's name in its time; `<function> -- <outputs>` by default.
        time_log_filepath: where the times are written besides as JSON, relative to the project.
        enable_plotly: False makes no Gantt chart.
        enable_mlflow: False turns this hook off.
        enable_system_metrics: False records no memory, processor time and GPUs. The exporter looks
            at them from outside, so they are of runs with `export="live"`.
    """

    def __init__(
        self,
        gantt_filepath: str | None = None,
        gantt_params: Mapping[str, Any] | None = None,
        metric_name_prefix: str = "_time_to_run ",
        task_name_func: Callable[[Any], str] = task_name,
        time_log_filepath: str | None = None,
        enable_plotly: bool = True,
        enable_mlflow: bool = True,
        enable_system_metrics: bool = True,
    ) -> None:
        self.gantt_filepath = gantt_filepath
        self.gantt_params = dict(gantt_params or {})
        self.metric_name_prefix = metric_name_prefix
        self.task_name_func = task_name_func
        self.time_log_filepath = time_log_filepath
        self.enable_plotly = enable_plotly
        self.enable_mlflow = enable_mlflow
        self.enable_system_metrics = enable_system_metrics
        self._clock = _Clock()
        # Loads whose run is not known yet, by the node's identity: (dataset, thread, begin, end).
        self._early: dict[int, list[tuple[str, int, int, int]]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        arguments = (
            self.gantt_filepath,
            self.gantt_params,
            self.metric_name_prefix,
            self.task_name_func,
            self.time_log_filepath,
            self.enable_plotly,
            self.enable_mlflow,
            self.enable_system_metrics,
        )
        return type(self), arguments

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Any, catalog: Any) -> None:
        """Ask the exporter for the charts, and tell who watches the nodes."""
        self._ask_for_charts(run_params, pipeline, catalog)

    @guarded
    def _ask_for_charts(self, run_params: dict[str, Any], pipeline: Any, catalog: Any) -> None:
        run = lifecycle.of(getattr(catalog, runs.ATTRIBUTE, None))
        mine = runs.in_force(self, run.recorder if run else None)
        if run is None or not mine.enable_mlflow:
            return
        project = Path(run_params["project_path"])
        run.recorder.log_chart_settings(
            gantt=mine.enable_plotly,
            gantt_params=mine.gantt_params,
            gantt_filepath=mine.gantt_filepath and os.fspath(project / mine.gantt_filepath),
            time_log_filepath=mine.time_log_filepath
            and os.fspath(project / mine.time_log_filepath),
        )
        if mine.enable_system_metrics:
            run.recorder.append({"e": "ask", "n": "machine"})
        tell_begin(run, pipeline, run_params)

    @hook_impl(tryfirst=True)
    def before_dataset_loaded(self, dataset_name: str, node: Any) -> None:
        """Start the clock of a load."""
        if runs.in_force(self, runs.current()).enable_mlflow:
            self._begin_load(dataset_name, node)

    @guarded
    def _begin_load(self, dataset_name: str, node: Any) -> None:
        recorder = runs.current()
        if recorder is not None:
            self._begin_node(recorder, node)
        self._clock.loads[dataset_name] = moment()

    @hook_impl(trylast=True)
    def after_dataset_loaded(self, dataset_name: str, node: Any) -> None:
        """Record a load's time."""
        if runs.in_force(self, runs.current()).enable_mlflow:
            self._end_load(dataset_name, node)

    @guarded
    def _end_load(self, dataset_name: str, node: Any) -> None:
        begun = self._clock.loads.pop(dataset_name, None) or moment()
        begin, end = begun[0], end_of(begun)
        if is_parameter(dataset_name):
            return
        recorder = runs.current()
        if recorder is None:
            entry = (dataset_name, threading.get_ident(), begin, end)
            self._early.setdefault(id(node), []).append(entry)
        else:
            self._log_load(recorder, node, dataset_name, begin, end)

    @hook_impl(trylast=True)
    def before_node_run(self, node: Any, catalog: Any, is_async: bool) -> None:
        """Start the clock of a node."""
        if runs.in_force(self, runs.of_catalog(catalog)).enable_mlflow:
            self._begin_run(node, catalog, is_async)

    @guarded
    def _begin_run(self, node: Any, catalog: Any, is_async: bool) -> None:
        recorder = runs.of_catalog(catalog)
        if recorder is not None:
            self._begin_node(recorder, node)
            self._log_early_loads(recorder, node, is_async)
        self._clock.run = moment()

    @hook_impl(tryfirst=True)
    def after_node_run(self, node: Any, catalog: Any) -> None:
        """Record a node's time."""
        if runs.in_force(self, runs.of_catalog(catalog)).enable_mlflow:
            self._end_run(node, catalog, None)

    @hook_impl(tryfirst=True)
    def on_node_error(self, error: Exception, node: Any, catalog: Any) -> None:
        """Record the time until a node failed, and its error."""
        if runs.in_force(self, runs.of_catalog(catalog)).enable_mlflow:
            self._end_run(node, catalog, error)

    @guarded
    def _end_run(self, node: Any, catalog: Any, error: Exception | None) -> None:
        end = end_of(self._clock.run)
        recorder = runs.of_catalog(catalog)
        self._clock.begun = None
        if recorder is None:
            return
        mine = runs.in_force(self, recorder)
        recorder.log_span(
            node.name,
            "run",
            self._clock.run[0],
            end,
            metric=None if error else f"{mine.metric_name_prefix}{mine.task_name_func(node)}",
            error=f"{type(error).__name__}: {error}" if error else None,
        )

    @hook_impl(tryfirst=True)
    def before_dataset_saved(self, dataset_name: str) -> None:
        """Start the clock of a save."""
        if runs.in_force(self, runs.current()).enable_mlflow:
            self._clock.saves[dataset_name] = moment()

    @hook_impl(tryfirst=True)
    def after_dataset_saved(self, dataset_name: str, node: Any) -> None:
        """Record a save's time."""
        if runs.in_force(self, runs.current()).enable_mlflow:
            self._end_save(dataset_name, node)

    @guarded
    def _end_save(self, dataset_name: str, node: Any) -> None:
        begun = self._clock.saves.pop(dataset_name, None) or moment()
        begin, end = begun[0], end_of(begun)
        recorder = runs.current()
        if recorder is not None:
            metric = f"_time_to_save {dataset_name}"
            recorder.log_span(dataset_name, "save", begin, end, node=node.name, metric=metric)

    def _begin_node(self, recorder: Recorder, node: Any) -> None:
        if self._clock.begun != (recorder.key, node.name):
            self._clock.begun = (recorder.key, node.name)
            inputs = [name for name in node.inputs if not is_parameter(name)]
            recorder.log_begin(node.name, node.outputs, inputs)

    def _log_load(self, recorder: Recorder, node: Any, name: str, begin: int, end: int) -> None:
        metric = f"_time_to_load {name}"
        recorder.log_span(name, "load", begin, end, node=node.name, metric=metric)

    def _log_early_loads(self, recorder: Recorder, node: Any, is_async: bool) -> None:
        """Record loads that came before the run of their thread was known.

        Only where several runs share a process. With `--async` the loads ran in threads of their
        own; of two runs that load for the same node at once, each then takes one load a dataset.
        """
        early = self._early.get(id(node), [])
        taken: dict[str, tuple[str, int, int, int]] = {}
        for entry in early:
            if entry[0] not in taken and (is_async or entry[1] == threading.get_ident()):
                taken[entry[0]] = entry
        for entry in taken.values():
            early.remove(entry)
            self._log_load(recorder, node, entry[0], entry[2], entry[3])
        if not early:
            self._early.pop(id(node), None)
