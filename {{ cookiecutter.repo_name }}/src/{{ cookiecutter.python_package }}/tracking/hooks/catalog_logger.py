"""What the datasets of a run say: MLflow datasets, params, and values that are in no catalog."""

from collections.abc import Generator, Mapping
from typing import Any, Literal

from kedro.framework.hooks import hook_impl

from ..arguments import hook_options
from ..datasets.entries import complete_catalog
from ..datasets.inputs import log_input
from ..datasets.kinds import MODEL
from ..datasets.mlflow_dataset import MLflowDataSet
from ..kedro_internals import dataset_of, is_parameter, saved_version_of, unwrapped
from ..models.sample import sample_for
from ..recording import lifecycle, runs
from ..recording.automatic import LIMIT_BYTES, Automatic
from ..recording.recorder import Recorder
from .guard import guarded


@hook_options
class MLflowCatalogLoggerHook:
    """Connects MLflow datasets to the run, and records params, automatic values and input data.

    Fires in `after_context_created`, where it gives MLflow datasets their name and path, and in
    `before_pipeline_run`, `before_node_run`, `after_node_run` and `after_dataset_saved`. Writes a
    param for each `params:` input of a node (dicts flattened with `.`), a dataset input for each
    file, folder, table or query that the pipeline loads, also from MLflow, the versions of
    versioned datasets as tags, and, with `auto`, each node output that is in no
    catalog: a number as a metric, another scalar, a text or a container as a param (dicts flattened
    with `.`). What is none of them, say a frame or a model, is not recorded.

    Args:
        auto: record outputs that are in no catalog by their type.
        enable_mlflow: False turns this hook off.
        auto_limit_bytes: of a text or container that is in no catalog and larger, only type, length
            and digest are recorded, which is said; None sets no limit.
        auto_dicts_of_numbers: `"metrics"` or `"params"`, what a dict of nothing but numbers that is
            in no catalog becomes. None is `"params"`, and says once how to have metrics.

    Raises:
        ValueError: an argument that is none of these.
    """

    def __init__(
        self,
        auto: bool = True,
        enable_mlflow: bool = True,
        auto_limit_bytes: int | None = LIMIT_BYTES,
        auto_dicts_of_numbers: Literal["params", "metrics"] | None = None,
    ) -> None:
        self.auto = auto
        self.enable_mlflow = enable_mlflow
        self.automatic = Automatic(auto_limit_bytes, auto_dicts_of_numbers)

    @hook_impl(trylast=True)
    def after_context_created(self, context: Any) -> None:
        """Complete the catalog's MLflow datasets, once other hooks have set up its configuration.

        Whether or not this hook is enabled: it is what makes them load and save at the right place.
        """
        complete_catalog(context.config_loader)

    @hook_impl
    def before_pipeline_run(self, pipeline: Any, catalog: Any) -> None:
        """Tell the pipeline's MLflow datasets which run they belong to."""
        self._connect(pipeline, catalog)

    @guarded
    def _connect(self, pipeline: Any, catalog: Any) -> None:
        recorder = getattr(catalog, runs.ATTRIBUTE, None)
        if recorder is None or not runs.in_force(self, recorder).enable_mlflow:
            return
        loaded = {name for node in pipeline.nodes for name in node.inputs}
        for name in pipeline.datasets():
            if not is_parameter(name) and name not in recorder.undeclared:
                dataset = dataset_of(catalog, name)
                if isinstance(dataset, MLflowDataSet):
                    dataset.connect(recorder, name, is_loaded=name in loaded)
                    record = dataset.record_at_end()
                    run = lifecycle.of(recorder)
                    if record is not None and run is not None:
                        run.at_end.append(record)

    @hook_impl(wrapper=True, tryfirst=True)
    def before_node_run(
        self, catalog: Any, inputs: dict[str, Any]
    ) -> Generator[None, list[Any], list[Any]]:
        """Record a node's params and the files it was given.

        Around all other hooks: what they return replaces inputs of the node.
        """
        # What another hook changes in the mapping itself does not reach the node.
        given = dict(inputs)
        answers = yield
        self._log_node_inputs(catalog, given, answers)
        return answers

    @guarded
    def _log_node_inputs(self, catalog: Any, given: dict[str, Any], answers: list[Any]) -> None:
        recorder = runs.of_catalog(catalog)
        if recorder is None or not runs.in_force(self, recorder).enable_mlflow:
            return
        for answer in answers:
            if isinstance(answer, Mapping):
                given.update(answer)
        for name, value in given.items():
            if name == "parameters":
                recorder.log_params(value)
            elif is_parameter(name):
                recorder.log_params(value, name.removeprefix("params:"))
            elif name in recorder.inputs:
                log_input(recorder, catalog.get(name), name, value)

    @hook_impl(wrapper=True, tryfirst=True)
    def after_node_run(
        self, catalog: Any, inputs: dict[str, Any], outputs: dict[str, Any]
    ) -> Generator[None, Any, Any]:
        """Record the outputs that are in no catalog, and what a model was trained on.

        Around all other hooks: what they change in the outputs is what the next nodes get.
        """
        try:
            return (yield)
        finally:
            self._log_node_outputs(catalog, inputs, outputs)

    @guarded
    def _log_node_outputs(
        self, catalog: Any, inputs: dict[str, Any], outputs: dict[str, Any]
    ) -> None:
        recorder = runs.of_catalog(catalog)
        mine = runs.in_force(self, recorder)
        if recorder is None or not mine.enable_mlflow:
            return
        for name, value in outputs.items():
            if name not in recorder.undeclared:
                _keep_sample(recorder, catalog, name, value, inputs)
            elif mine.auto:
                mine.automatic.record(recorder, name, value)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Record the version that a versioned dataset has saved."""
        self._log_version(dataset_name)

    @guarded
    def _log_version(self, name: str) -> None:
        recorder = runs.current()
        if recorder is None or not runs.in_force(self, recorder).enable_mlflow:
            return
        # Not `if recorder.catalog`, which counts the whole catalog.
        if recorder.catalog is not None and name not in recorder.undeclared:
            version = saved_version_of(unwrapped(recorder.catalog.get(name)))
            if version is not None:
                recorder.set_tag(f"kedro.save_version.{name}", version)


def _keep_sample(
    recorder: Recorder, catalog: Any, name: str, value: Any, inputs: dict[str, Any]
) -> None:
    dataset = catalog.get(name)
    if isinstance(dataset, MLflowDataSet) and dataset.kind == MODEL:
        data = [given for key, given in inputs.items() if not is_parameter(key)]
        sample = sample_for(value, data)
        if sample is not None:
            recorder.samples[name] = sample
