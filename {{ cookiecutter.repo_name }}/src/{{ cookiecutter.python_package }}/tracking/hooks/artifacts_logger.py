"""Files of the project as artifacts of the run."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl

from ..arguments import hook_options
from ..datasets.written_files import has_files, log_written_files
from ..kedro_internals import dataset_of
from ..logs import PlainLogger
from ..recording import lifecycle, runs
from ..redact import masked_repr
from .config_in_force import ConfigInForce
from .guard import guarded

logger = PlainLogger(__name__)


@hook_options
class MLflowArtifactsLoggerHook:
    """Records files and folders as artifacts before and after the pipeline, and files of datasets.

    Fires in `before_pipeline_run` and `after_dataset_saved`. The files of
    `filepaths_after_pipeline_run` are recorded however the run ends; of a `.log` file, which grows
    with every run, only what came since this run began.

    Of files below `conf/` those are recorded that the run used (`--conf-source`). Where files of
    parameters do not say what it used, say with `--env` or `--params`, `parameters.yml` is written
    from that, once for them all.

    Args:
        filepaths_before_pipeline_run: paths, relative to the project.
        filepaths_after_pipeline_run: paths, relative to the project.
        datasets_after_node_run: names of datasets whose file is recorded when it is saved.
        enable_mlflow: False turns this hook off.
    """

    def __init__(
        self,
        filepaths_before_pipeline_run: Iterable[str] | None = None,
        filepaths_after_pipeline_run: Iterable[str] | None = None,
        datasets_after_node_run: Iterable[str] | None = None,
        enable_mlflow: bool = True,
    ) -> None:
        self.before = _paths("filepaths_before_pipeline_run", filepaths_before_pipeline_run)
        self.after = _paths("filepaths_after_pipeline_run", filepaths_after_pipeline_run)
        self.datasets = _paths("datasets_after_node_run", datasets_after_node_run)
        self.enable_mlflow = enable_mlflow

    @hook_impl(tryfirst=True)  # or another plugin that raises here would cost the log files
    def before_pipeline_run(self, run_params: dict[str, Any], catalog: Any) -> None:
        """Record the first files, and see to it that the last ones are recorded at the end."""
        self._begin(run_params, catalog)

    @guarded
    def _begin(self, run_params: dict[str, Any], catalog: Any) -> None:
        run = lifecycle.of(getattr(catalog, runs.ATTRIBUTE, None))
        mine = runs.in_force(self, run.recorder if run else None)
        if run is None or not mine.enable_mlflow:
            return
        config = ConfigInForce(Path(run_params["project_path"]), run.recorder)
        after = {path: _logged_before(path) for path in config.files(mine.after)}
        run.at_end.append(lambda: self._log(run, after))
        # Where the process is killed, the exporter takes the files itself.
        run.recorder.log_at_end({str(path): since for path, since in after.items()})
        if run.recorder.part_folder is None:
            self._log_before(run, config, after, catalog)
        for name in mine.datasets:
            if name not in catalog:
                logger.warning("datasets_after_node_run names %r, which is in no catalog.", name)
            elif (found := dataset_of(catalog, name)) is not None and not has_files(found):
                logger.warning("datasets_after_node_run names %r, which has no file.", name)

    def _log_before(
        self, run: lifecycle.Run, config: ConfigInForce, after: Mapping[Path, int], catalog: Any
    ) -> None:
        mine = runs.in_force(self, run.recorder)
        parameters = config.files_of_parameters([*mine.before, *mine.after], catalog)
        self._log(run, dict.fromkeys(parameters, 0))
        for path in config.files(mine.before):
            # Its state at the end gets the same name.
            self._log(run, {path: 0}, "before" if path in after else None)

    def _log(
        self, run: lifecycle.Run, files: Mapping[Path, int], folder: str | None = None
    ) -> None:
        for path, since in files.items():
            if not path.exists() and not path.parent.exists():
                # No such folder here, say in a packaged project: nothing is set up to write there.
                logger.info("%s is not recorded: its folder does not exist.", path)
            else:
                # A log of each part; what its nodes made belongs to the whole run.
                own = run.recorder.part_folder if path.suffix == ".log" else None
                run.recorder.log_artifact(path, folder or own, since=since)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Record what a dataset that was named in `datasets_after_node_run` just wrote."""
        self._log_dataset(dataset_name, data)

    @guarded
    def _log_dataset(self, name: str, data: Any) -> None:
        recorder = runs.current()
        mine = runs.in_force(self, recorder)
        if name not in mine.datasets or not mine.enable_mlflow:
            return
        if recorder is None or recorder.catalog is None:
            return
        dataset = recorder.catalog.get(name)
        if dataset is not None and has_files(dataset):
            log_written_files(recorder, name, dataset, data)


def _logged_before(path: Path) -> int:
    """Return the size in bytes of a log that earlier runs wrote, else 0."""
    return path.stat().st_size if path.suffix == ".log" and path.is_file() else 0


def _paths(argument: str, paths: Iterable[str] | None) -> tuple[str, ...]:
    if isinstance(paths, str):
        told = masked_repr(paths)
        raise ValueError(f"{argument} is the text {told}; give a list: [{told}].")
    return tuple(str(path) for path in paths or ())
