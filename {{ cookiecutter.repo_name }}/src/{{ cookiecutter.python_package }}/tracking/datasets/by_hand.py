"""MLflow datasets that are saved while no run is going on, say in a notebook."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from ..logs import PlainLogger, mask_logs
from ..project import project_path, settings_hook
from ..recording import lifecycle, runs
from ..recording.known_secrets import known_secrets
from ..recording.recorder import Recorder
from ..settings import TrackingSettings, absolute_uri
from .destination import Destination

logger = PlainLogger(__name__)
_told: set[str] = set()


class Saved(Protocol):
    """An MLflow dataset."""

    dataset_name: str | None
    recorder: Recorder | None


def record(dataset: Saved, path: str, to: Destination, say: Callable[[], None]) -> None:
    """Record a value in the run or experiment that its dataset names, or tell that it is not.

    Args:
        dataset: has just been saved, and belongs to no run.
        path: its file.
        to: where the dataset saves to.
        say: records the value, once the dataset has a recorder.
    """
    try:
        _record(dataset, path, to, say)
    except Exception as error:  # the value is saved, which is what was asked for
        logger.warning("%r is saved, but not recorded: %s", dataset.dataset_name, error)


def _record(dataset: Saved, path: str, to: Destination, say: Callable[[], None]) -> None:
    if runs.active() or runs.is_worker():
        return
    hook = settings_hook()
    if hook is not None and not hook.is_enabled():
        return
    if to.is_own:
        _tell(str(dataset.dataset_name), path)
        return
    project = project_path()
    settings = (hook.settings if hook is not None else TrackingSettings()).resolved(project)
    # A process of its own exports it, or each save would import MLflow and wait.
    export = "live" if settings.export == "end" else settings.export
    settings = replace(settings, run_id=to.run_id, nested=False, export=export)
    if to.tracking_uri:
        uri = absolute_uri(to.tracking_uri, project)
        settings = replace(settings, uri=uri, artifact_location=None)
    if to.experiment_name:
        name = to.experiment_name
        settings = replace(
            settings, experiment_name=name, experiment_id=None, artifact_location=None
        )

    secrets = known_secrets(settings)
    mask_logs(secrets)

    def make_recorder(key: str, folder: Path) -> Recorder:
        recorder = Recorder(key, folder, secrets=secrets)
        to.is_run_of(recorder)
        return recorder

    header = {"pipeline": f"{dataset.dataset_name} by hand", "project": str(project)}
    run = lifecycle.begin(settings, project, make_recorder, header)
    dataset.recorder = run.recorder
    try:
        say()
    finally:
        dataset.recorder = None
        run.end("FINISHED")


def _tell(name: str, path: str) -> None:
    if name not in _told:
        _told.add(name)
        logger.warning(
            "%r is saved to %s, and not in MLflow: no run is going on. What a node returns is "
            "recorded by `session.run()` or `kedro run`; what is saved by hand goes to the run "
            "that the dataset names with `saving_run_id`.",
            name,
            path,
        )
