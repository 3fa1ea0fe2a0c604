"""Records a pipeline as a model outside of a run of its nodes."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from kedro.framework.session import KedroSession

from .. import env
from ..arguments import given_options, with_options
from ..commands.options import settings_in_force
from ..kedro_internals import dataset_of
from ..logs import mask_logs
from ..program import mlflow_command
from ..project import chosen_env, mlflow_yml, project_path, settings_hook
from ..recording import lifecycle
from ..recording.known_secrets import known_secrets
from ..recording.panel import show
from ..recording.recorder import Recorder
from . import keeping
from .hook import MLflowPipelineModelHook
from .plan import plan_of


def package(pipeline: str | None, given: Mapping[str, str]) -> None:
    """Record a pipeline as a model, with the values that the catalog has now.

    Args:
        pipeline: the pipeline; None for that of the project's hook.
        given: arguments of the hook that were given.

    Raises:
        LookupError: tracking is off, or it is not recorded.
        ValueError: it can't be a model, or what was given does not go together.
    """
    hook = settings_hook()
    if hook is None or not hook.is_enabled():
        raise LookupError(
            f"tracking is off here, so nothing is recorded; see {env.ENABLED} and `enable_mlflow` "
            f"of MLflowBasicLoggerHook."
        )
    asked = _asked(pipeline, given)
    project = project_path()
    settings = replace(settings_in_force(), run_id=None, nested=False)
    settings = replace(settings, run_name=settings.run_name or f"package {asked.name}")
    created: Any = KedroSession.create(project_path=project, env=chosen_env())
    with created as session:
        catalog = session.load_context().catalog
        plan = plan_of(asked.pipeline, asked.input, asked.output, catalog, made=())
        # First, for what can't be loaded leaves no run behind.
        held = {one: keeping.load(catalog, one) for one in sorted(set(plan.values.values()))}
        is_known = dataset_of(catalog, plan.input) is not None
        rows = keeping.load(catalog, plan.input) if is_known else None
        secrets = known_secrets(settings)
        mask_logs(secrets)

        def make_recorder(key: str, folder: Path) -> Recorder:
            return Recorder(key, folder, secrets=secrets)

        header = {"pipeline": f"{asked.pipeline} as a model", "project": str(project)}
        run = lifecycle.begin(settings, project, make_recorder, header)
        run.is_shown = False
        try:
            run.recorder.set_tag("kedro.command", mlflow_command(f"package-model {asked.pipeline}"))
            for one, value in held.items():
                keeping.keep(run.recorder, one, value)
                if loaded := getattr(dataset_of(catalog, one), "source", None):  # from MLflow
                    run.recorder.set_tag(f"kedro.loaded_model.{one}", loaded[0])
            keeping.keep_sample(run.recorder, plan.input, rows)
            options = asked.model_options.as_event()
            keeping.record(run.recorder, plan, catalog, asked.name, options)
        except BaseException as error:
            run.end("FAILED", error)
            raise
        run.end("FINISHED")
    show(run.summary, sys.stdout)
    if run.summary.get("state") == "exported" and asked.name not in run.summary.get("models", {}):
        raise LookupError(f"the model {asked.name!r} is not recorded; the note above says why.")


def _asked(pipeline: str | None, given: Mapping[str, str]) -> MLflowPipelineModelHook:
    """Return the hook of the project that is meant, with what was given in place of its own."""
    from kedro.framework.project import settings

    found = mlflow_yml()
    changes = {} if found is None else found.hooks.get(MLflowPipelineModelHook.__name__, {})
    hooks = [
        with_options(hook, changes)
        for hook in settings.HOOKS
        if isinstance(hook, MLflowPipelineModelHook)
    ]
    names = [one.pipeline for one in hooks]
    if pipeline is None and len(hooks) != 1:
        told = (
            f"the project has {len(hooks)} of MLflowPipelineModelHook"
            if hooks
            else ("mlflow_config.py has no MLflowPipelineModelHook")
        )
        raise LookupError(f"{told}; name the pipeline{_listed(names)}.")
    own = next((one for one in hooks if pipeline in (None, one.pipeline)), None)
    base = {} if own is None else {**given_options(own)}
    for name in ("alias", "promote_if", "enable_mlflow"):
        base.pop(name, None)
    if own is None and "input" not in given:
        raise LookupError(
            f"no MLflowPipelineModelHook of mlflow_config.py has the pipeline {pipeline!r}, so "
            f"name the dataset that predictions are asked for: --input."
        )
    return MLflowPipelineModelHook(**{"pipeline": pipeline, **base, **given})


def _listed(names: list[str]) -> str:
    return f": {', '.join(names)}" if names else ""
