"""The hook that records a pipeline as one model."""

import os
from collections.abc import Mapping
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines

from ..arguments import hook_options
from ..hooks.guard import guarded
from ..hooks.preflight import RunRefusedError
from ..models.options import ModelOptions
from ..program import mlflow_command
from ..recording import runs
from ..redact import masked_repr
from . import keeping
from .plan import PackingError, Plan, plan_of

# Of a catalog, which comes to each worker: the values and samples that are to be kept.
_WANTED = "_mlflow_pipeline_models"
_BY_COMMAND = mlflow_command("package-model")
# What of a run says that it is not the whole default pipeline.
_FILTERS = (
    *("pipeline_names", "tags", "node_names", "from_nodes", "to_nodes", "from_inputs"),
    *("to_outputs", "namespaces", "only_missing_outputs"),
)


@hook_options
class MLflowPipelineModelHook:
    """Records a pipeline as one MLflow model, with its code, params and the values that it needs.

    Each run that makes one of these values records it: what its nodes made as they made it, the
    rest as the catalog has it. An input that is loaded by the alias of a registered model
    (`models:/iris@champion`) is the version that this run makes of that model. The exporter makes
    the model, tries it, and gives it signature, input example and pinned packages. `kedro mlflow
    package-model` does it without a run. Nodes in the model are the same functions, called by
    `predict`, and nothing is tracked there.

    Args:
        pipeline: the pipeline, say `inference`.
        input: its free input that a prediction is asked for; the example is made of its first rows.
        output: the dataset that is the answer; its only output by default.
        name: the model's name in the run; that of the pipeline by default.
        registered_model_name: the registered model that gets it as a new version.
        alias: the alias that moves to the new version, once the run has finished.
        promote_if: moves the alias only if a metric of the run is better, as for `MLflowDataSet`.
        enable_mlflow: False turns this hook off.

    Raises:
        ValueError: an unknown argument, with the nearest right name, or options that do not go
            together.
    """

    def __init__(  # noqa: PLR0913  the contract
        self,
        pipeline: str = "",
        input: str = "",
        output: str | None = None,
        name: str | None = None,
        registered_model_name: str | None = None,
        alias: str | None = None,
        promote_if: Mapping[str, Any] | None = None,
        enable_mlflow: bool = True,
    ) -> None:
        for what, value in (("pipeline", pipeline), ("input", input), ("output", output)):
            if not (isinstance(value, str) and value) and (value is not None or what != "output"):
                raise ValueError(f"{what} is {masked_repr(value)}; a model has one: give its name.")
        self.pipeline = pipeline
        self.input = input
        self.output = output
        self.name = name or pipeline
        self.model_options = ModelOptions(registered_model_name, alias, promote_if)
        self.enable_mlflow = enable_mlflow
        # Of the runs of this process that have not recorded it yet, by their keys.
        self._plans: dict[str, Plan] = {}
        self._pid = os.getpid()

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Any, catalog: Any) -> None:
        """Refuse a pipeline that can't be a model; note what is to be kept of this run."""
        refusals: list[str] = []
        self._look_ahead(run_params, pipeline, catalog, refusals)
        for told in refusals:
            raise RunRefusedError(f"No node was run: {type(self).__name__}: {told}")

    @hook_impl
    def before_node_run(self, catalog: Any, inputs: dict[str, Any]) -> None:
        """Keep a few rows of what predictions are asked for."""
        self._keep_samples(catalog, inputs)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Keep a value that the model needs."""
        self._keep_value(dataset_name, data)

    @hook_impl
    def after_pipeline_run(self, catalog: Any) -> None:
        """Record the model."""
        self._record(catalog)

    @hook_impl
    def on_pipeline_error(self, catalog: Any) -> None:
        """Forget a run that makes no model."""
        self._forget(catalog)

    @guarded
    def _look_ahead(
        self, run_params: dict[str, Any], pipeline: Any, catalog: Any, refusals: list[str]
    ) -> None:
        recorder = runs.of_catalog(catalog)
        mine = runs.in_force(self, recorder)
        if recorder is None or not mine.enable_mlflow:
            return
        made = pipeline.all_outputs()
        try:
            plan = plan_of(mine.pipeline, mine.input, mine.output, catalog, made)
        except PackingError as error:
            refusals.append(str(error))
            return
        if not made & set(plan.values.values()):
            if not any(run_params.get(name) for name in _FILTERS):
                needed = ", ".join(map(repr, plan.values)) or "no value"
                recorder.tell(
                    f"model {mine.name!r} is not recorded: it holds {needed}, and no node of this "
                    f"run makes that; `{_BY_COMMAND}` records it"
                )
        elif recorder.part_folder is not None and (theirs := elsewhere(run_params, plan, made)):
            recorder.warn(
                mine.name,
                f"model {mine.name!r} is not recorded: another part of the run makes "
                f"{theirs!r}; `{_BY_COMMAND}` records it when it has ended",
            )
        else:
            values, samples = getattr(catalog, _WANTED, (frozenset(), frozenset()))
            wanted = (values | made & set(plan.values.values()), samples | {plan.input})
            setattr(catalog, _WANTED, wanted)
            self._plans[recorder.key] = plan
            self._pid = os.getpid()

    @guarded
    def _keep_samples(self, catalog: Any, inputs: dict[str, Any]) -> None:
        _, samples = getattr(catalog, _WANTED, ((), ()))
        for name in samples:
            recorder = runs.of_catalog(catalog)
            if name in inputs and recorder is not None:
                keeping.keep_sample(recorder, name, inputs[name])
                self._record(catalog, only_if_ready=True)

    @guarded
    def _keep_value(self, name: str, data: Any) -> None:
        recorder = runs.current()
        catalog = None if recorder is None else recorder.catalog
        values, _ = getattr(catalog, _WANTED, ((), ()))
        if recorder is None or name not in values:
            return
        try:
            if not keeping.is_kept(recorder, catalog, name):
                keeping.keep(recorder, name, data)
        except PackingError as error:
            recorder.warn(f"{_WANTED} {name}", f"{error}; a model of a pipeline needs it")
        self._record(catalog, only_if_ready=True)

    @guarded
    def _record(self, catalog: Any, only_if_ready: bool = False) -> None:
        """Record the model in the process of the run; early, the exporter has time to try it."""
        recorder = runs.of_catalog(catalog)
        plan = None if recorder is None else self._plans.get(recorder.key)
        if recorder is None or plan is None or self._pid != os.getpid():
            return
        wanted, _ = getattr(catalog, _WANTED)
        if only_if_ready and not keeping.is_ready(recorder, catalog, plan, wanted):
            return
        if self._plans.pop(recorder.key, None) is None:  # another thread is at it
            return
        mine = runs.in_force(self, recorder)
        try:
            options = mine.model_options.as_event()
            keeping.record(recorder, plan, catalog, mine.name, options)
        except (PackingError, OSError) as error:
            recorder.tell(f"model {mine.name!r} is not recorded: {error}")

    @guarded
    def _forget(self, catalog: Any) -> None:
        recorder = runs.of_catalog(catalog)
        if recorder is not None:
            self._plans.pop(recorder.key, None)


def elsewhere(run_params: Mapping[str, Any], plan: Plan, made: set[str]) -> str | None:
    """Return a value of the model that another part of the run makes."""
    names = run_params.get("pipeline_names") or ["__default__"]
    whole = {one for name in names if name in pipelines for one in pipelines[name].all_outputs()}
    return next(iter(sorted(set(plan.values.values()) & whole - made)), None)
