"""The hook that every other hook of this layer stands on: it begins and ends the run."""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl

from .. import env
from ..arguments import hook_options
from ..datasets.inputs import free_inputs, places_of_inputs
from ..datasets.names import reserve_names
from ..journal import parts
from ..kedro_internals import is_parameter
from ..logs import PlainLogger, mask_logs
from ..project import mlflow_yml_of_run, read_mlflow_yml, with_mlflow_yml
from ..recording import lifecycle, runs
from ..recording.known_secrets import known_secrets, note_secrets
from ..recording.part import PartRefusedError, part_of_run
from ..recording.recorder import Recorder
from ..recording.repeat_command import note_configuration
from ..recording.waiting import told_if_missing
from ..settings import DEFAULT_URI, TrackingSettings, check_options
from . import notebook
from .fluent_runs import FluentRuns, look_for_run
from .guard import guarded
from .other_trackers import tell_of_kedro_mlflow
from .preflight import ExportRequiredError, RunRefusedError, refusal_of_run
from .run_facts import log_begin, log_end_times

logger = PlainLogger(__name__)

_TO_MASK = "_mlflow_secrets"


@hook_options
class MLflowBasicLoggerHook(FluentRuns):
    """Begins an MLflow run before the pipeline and ends it with the right status, whatever happens.

    Fires in `before_pipeline_run`, `after_pipeline_run` and `on_pipeline_error`, around all other
    hooks. Writes the run with its status; params and metrics `__time_begin` and `__time_end`, the
    metric `__time`; tags `kedro.command`, `kedro.version` and a tag for each run param that is set.
    After each node it tells of an MLflow run that the node began by hand. With `KEDRO_MLFLOW_PART`
    it is a part of the run of `MLFLOW_RUN_ID`, and what is of the run as a whole is left out.

    Args:
        uri: tracking URI; `MLFLOW_TRACKING_URI` wins over it.
        experiment_name: `MLFLOW_EXPERIMENT_NAME` wins over it.
        artifact_location: where the artifacts of a new experiment go; `./mlruns/<experiment>` by
            default, or what the server says. Ignored if the experiment exists.
        run_name: MLflow makes one up by default.
        run_id: an existing run to attach to, which is then not ended; `MLFLOW_RUN_ID` wins over it.
        nested: make a new run below `run_id` instead of attaching to it.
        tags: tags for the run.
        offset_hours: offset of `__time_begin` and `__time_end` from UTC, in hours.
        enable_logging_time_begin: record `__time_begin`.
        enable_logging_time_end: record `__time_end`.
        enable_logging_time: record `__time`, in seconds.
        logging_kedro_run_params: names of run params to record as params `___<name>`;
            `"__ALL__"` for all.
        enable_mlflow: False turns tracking off, as does `KEDRO_MLFLOW_ENABLED=false`.
        export: `"live"` writes to MLflow from a second process while the pipeline runs, `"end"`
            from the pipeline's own process at its end, `"later"` only with `kedro mlflow sync`;
            `KEDRO_MLFLOW_EXPORT` wins over it.
        export_wait: how long the end of a run may wait for the export, in seconds.
        export_required: a run that ends well, and is neither in MLflow then nor spilled, fails.
        keep_journal: keep journals that were exported; `KEDRO_MLFLOW_KEEP_JOURNAL` wins over it.
        linger: how long a process stays ready to export the next run, in seconds; 0 for none. It
            never stays where `CI` is set. `KEDRO_MLFLOW_LINGER` wins over it.

    Raises:
        ValueError: an unknown argument, with the nearest right name, or a value that can't be used.
    """

    def __init__(  # noqa: PLR0913  the contract
        self,
        uri: str = DEFAULT_URI,
        experiment_name: str = "Default",
        artifact_location: str | None = None,
        run_name: str | None = None,
        run_id: str | None = None,
        nested: bool = False,
        tags: Mapping[str, str] | None = None,
        offset_hours: float = 0,
        enable_logging_time_begin: bool = True,
        enable_logging_time_end: bool = True,
        enable_logging_time: bool = True,
        logging_kedro_run_params: Iterable[str] | str = (),
        enable_mlflow: bool = True,
        export: str = "live",
        export_wait: float = 30.0,
        export_required: bool = False,
        keep_journal: bool = False,
        linger: float = 600.0,
    ) -> None:
        check_options(uri, experiment_name, offset_hours, export, export_wait, linger)
        self.settings = TrackingSettings(
            uri=uri,
            experiment_name=experiment_name,
            artifact_location=artifact_location,
            run_name=run_name,
            run_id=run_id,
            nested=nested,
            tags=dict(tags or {}),
            export=export,
            export_wait=export_wait,
            export_required=export_required,
            keep_journal=keep_journal,
            linger=linger,
        )
        self.offset_hours = offset_hours
        self.enable_logging_time_begin = enable_logging_time_begin
        self.enable_logging_time_end = enable_logging_time_end
        self.enable_logging_time = enable_logging_time
        self.logging_kedro_run_params = (
            logging_kedro_run_params
            if logging_kedro_run_params == "__ALL__"
            else tuple(logging_kedro_run_params)
        )
        self.enable_mlflow = enable_mlflow

    def is_enabled(self) -> bool:
        """Whether runs are tracked at all."""
        return self.enable_mlflow and env.switch(env.ENABLED, default=True)

    @hook_impl(wrapper=True, tryfirst=True)
    def after_context_created(self, context: Any) -> Generator[None, Any, Any]:
        """Tell of kedro-mlflow before it can fail; note where the configuration comes from."""
        tell_of_kedro_mlflow(context, self.is_enabled)
        answers = yield
        self._note_configuration(context)
        return answers

    @guarded
    def _note_configuration(self, context: Any) -> None:
        from kedro.framework.project import settings

        source, project = str(context.config_loader.conf_source), Path(context.project_path)
        note_configuration(source, project, str(settings.CONF_SOURCE))
        found = read_mlflow_yml(context.config_loader, project)
        if found is None or not found.faults:  # else a run is refused
            mine = with_mlflow_yml(self, found)
            if mine.is_enabled():
                notebook.prepare(mine.settings, project)

    @hook_impl
    def after_catalog_created(
        self, catalog: Any, conf_catalog: Any, conf_creds: Any, parameters: Any
    ) -> None:
        """Note the secrets of the whole configuration, to mask them wherever they turn up."""
        self._note_secrets(catalog, conf_catalog, conf_creds, parameters)

    @guarded
    def _note_secrets(
        self, catalog: Any, conf_catalog: Any, conf_creds: Any, parameters: Any
    ) -> None:
        setattr(catalog, _TO_MASK, note_secrets(conf_catalog, conf_creds, parameters))

    @hook_impl(wrapper=True, tryfirst=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Any, catalog: Any
    ) -> Generator[None, Any, Any]:
        """Begin the run, before any other hook; end it as FAILED if it can't go on from here."""
        found = mlflow_yml_of_run(run_params.get("env"))
        if found is not None and found.faults and self.is_enabled():
            raise RunRefusedError(f"No node was run: {'; '.join(found.faults)}")
        refusals: list[RunRefusedError] = []
        self._begin(run_params, pipeline, catalog, found, refusals)
        if refusals:
            raise refusals[0]
        try:
            answers = yield
            self._look_ahead(run_params, pipeline, catalog, refusals)
            if refusals:
                raise refusals[0]
            return answers
        except BaseException as error:
            self._end(catalog, "FAILED", error)
            raise

    @guarded
    def _look_ahead(
        self,
        run_params: dict[str, Any],
        pipeline: Any,
        catalog: Any,
        refusals: list[RunRefusedError],
    ) -> None:
        if self.is_enabled():
            refusals += refusal_of_run(run_params, pipeline, catalog)

    @hook_impl(wrapper=True, tryfirst=True)
    def after_pipeline_run(self, catalog: Any) -> Generator[None, Any, Any]:
        """End the run as FINISHED, after all other hooks; as FAILED if one of them raises."""
        try:
            result = yield
        except BaseException as error:
            self._end(catalog, "FAILED", error)
            raise
        self._end(catalog, "FINISHED", None, told := list[str]())
        for missing in told:
            raise ExportRequiredError(missing)
        return result

    @hook_impl(wrapper=True, tryfirst=True)
    def on_pipeline_error(self, error: Exception, catalog: Any) -> Generator[None, Any, Any]:
        """End the run as FAILED, after all other hooks, with the error's traceback."""
        try:
            return (yield)
        finally:
            self._end(catalog, "FAILED", error)

    @hook_impl
    def on_node_error(self, node: Any, catalog: Any) -> None:
        """Name the node that failed."""
        self._name_failed_node(node, catalog)

    @guarded
    def _name_failed_node(self, node: Any, catalog: Any) -> None:
        recorder = runs.of_catalog(catalog)
        if recorder is not None:
            recorder.set_tag("kedro.failed_node", node.name)
            look_for_run(recorder, node.name, "FAILED")

    @guarded
    def _begin(
        self,
        run_params: dict[str, Any],
        pipeline: Any,
        catalog: Any,
        found: Any,
        refusals: list[RunRefusedError],
    ) -> None:
        try:
            self._begin_tracking(run_params, pipeline, catalog, found)
        except PartRefusedError as error:
            refusals.append(RunRefusedError(f"No node was run: {error}."))

    def _begin_tracking(
        self, run_params: dict[str, Any], pipeline: Any, catalog: Any, found: Any
    ) -> None:
        begun_ns: int | None = catalog.__dict__.pop(runs.BEGUN, None)
        configuration = catalog.__dict__.pop(_TO_MASK, ())
        # With faults it is off, or the run would have been refused.
        mine = self if found is None or found.faults else with_mlflow_yml(self, found)
        if not mine.is_enabled():
            return
        project_path = Path(run_params["project_path"])
        try:
            settings = mine.settings.resolved(project_path)
        except ValueError as error:
            logger.warning("This run is not tracked: %s", error)
            return
        part = None if begun_ns else part_of_run(settings.run_id, run_params)
        if part or begun_ns:
            settings = replace(settings, nested=False)
        secrets = known_secrets(settings, run_params.get("runtime_params"), configuration)
        mask_logs(secrets)
        inputs = pipeline.inputs()
        free = free_inputs(inputs, run_params) if part else inputs
        names = [name for name in pipeline.datasets() if not is_parameter(name)]

        def make_recorder(key: str, folder: Path) -> Recorder:
            recorder = Recorder(
                key,
                folder,
                undeclared=frozenset(name for name in names if name not in catalog),
                inputs=places_of_inputs(catalog, [name for name in names if name in free]),
                resumed=None if run_params.get("only_missing_outputs") else frozenset(inputs),
                secrets=secrets,
                mlflow_yml=found,
                part_folder=None if part is None else part["folder"],
            )
            reserve_names(recorder, catalog, names)
            return recorder

        pipeline_names = run_params.get("pipeline_names") or ["__default__"]
        header: dict[str, Any] = {} if part is None else {parts.HEADER: part}
        header |= {"pipeline": ", ".join(pipeline_names), "project": str(project_path)}
        run = lifecycle.begin(settings, project_path, make_recorder, header)
        setattr(catalog, runs.ATTRIBUTE, run.recorder)
        if not part and not begun_ns:
            run.at_end.append(lambda: log_end_times(run, mine))
        for name, told in found.notes if found is not None else ():
            run.recorder.warn(name, told)
        if not part:
            log_begin(run, mine, run_params, begun_ns or run.begun[0])

    @guarded
    def _end(
        self, catalog: Any, status: str, error: BaseException | None, told: list[str] | None = None
    ) -> None:
        run = lifecycle.of(getattr(catalog, runs.ATTRIBUTE, None))
        if run is not None:
            run.end(status, error)
            if told is not None and (missing := told_if_missing(run.settings, run.summary)):
                told.append(missing)
            mine = with_mlflow_yml(self, run.recorder.mlflow_yml)
            notebook.prepare(mine.settings, run.project_path)
