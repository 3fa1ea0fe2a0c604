"""Begins a run that others add parts to, and says what is of the run as a whole."""

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kedro.framework.session import KedroSession
from kedro.pipeline import Pipeline
from pluggy import PluginManager

from .. import env
from ..arguments import nearest
from ..commands.options import settings_in_force
from ..journal.events import MAX_TAG
from ..logs import PlainLogger
from ..program import mlflow_command
from ..project import chosen_env, project_path, settings_hook
from ..recording import lifecycle, runs
from ..redact import redact_text
from ..store.client import open_client, prepare_environment
from ..store.relocation import follow_move
from .one_run import OneRun
from .reopening import reopen_run

logger = PlainLogger(__name__)

# A tag of the run as a whole, and how many seconds it takes at the most until it is there.
_SAID = "kedro.command"
_SAYING = 60.0
_HOOKS = f"{__name__.rpartition('.parts.')[0]}.hooks."


def begin_run(
    key: str,
    name: str | None,
    tags: Mapping[str, str],
    pipeline: str | None,
    *,
    reopen: bool = False,
) -> str:
    """Begin the run of a key, or find it, and return its id.

    Args:
        key: what tells it from others.
        name: its name.
        tags: tags besides those of the project.
        pipeline: the pipeline that its parts run.
        reopen: a run that has ended is opened again.

    Raises:
        LookupError: tracking is off.
        Exception: the store can't be used.
    """
    hook = settings_hook()
    if hook is None or not hook.is_enabled():
        raise LookupError(
            f"tracking is off here, so there is no run to begin; see {env.ENABLED} and "
            f"`enable_mlflow` of MLflowBasicLoggerHook."
        )
    found, project = settings_in_force(), project_path()
    settings = replace(
        found,
        run_id=found.run_id if found.nested else None,
        run_name=name or found.run_name,
        tags={**found.tags, **tags},
    )
    prepare_environment()
    follow_move(settings, project)
    client = open_client(settings.uri)
    run, is_new = OneRun(client, settings, project, key).settle()
    if not is_new:
        _tell_others(run, name, tags, pipeline)
    if reopen:
        reopen_run(client, run)
    if is_new or _is_left(run):
        _record(run, pipeline, project)
    return str(run.info.run_id)


def refuse_pipeline(name: str) -> None:
    """Refuse a pipeline that the project does not have, before a run is made for it.

    Args:
        name: the pipeline.

    Raises:
        LookupError: there is none of that name.
    """
    from kedro.framework.project import pipelines

    known = list(pipelines)
    if name not in known:
        raise LookupError(
            f"there is no pipeline {name!r} here; there are {', '.join(known)}."
            f"{nearest(name, known)}"
        )


def _tell_others(run: Any, name: str | None, tags: Mapping[str, str], pipeline: str | None) -> None:
    """Say what a run that was begun before does not get: its first `begin` has said how it is."""
    has, command = run.data.tags, run.data.tags.get(_SAID)
    others = [f"--tag {k}={v}" for k, v in tags.items() if has.get(k) != redact_text(v)[:MAX_TAG]]
    if name is not None and name != run.info.run_name:
        others.insert(0, f"--name {name}")
    if pipeline is not None and command is not None and f"--pipelines={pipeline}" not in command:
        others.append(f"--pipeline {pipeline}")
    if others:
        logger.warning(
            "The run of this key was begun before (%s, as %r), so this is left out: %s; begin "
            "another with another --key.",
            run.info.run_id,
            run.info.run_name,
            redact_text(", ".join(others)),
        )


def _is_left(run: Any) -> bool:
    """Whether who made a run must have died before it had said what is of the run as a whole."""
    age = time.time() - run.info.start_time / 1000
    return run.info.status == "RUNNING" and _SAID not in run.data.tags and age > _SAYING


def _record(run: Any, pipeline: str | None, project: Path) -> None:
    """Say what is of the run as a whole, by the hooks that say it of any run."""
    os.environ.update({env.RUN_ID: run.info.run_id, env.EXPORT: "end"})
    os.environ.pop(env.PART, None)
    from kedro.framework.project import settings

    created: Any = KedroSession.create(project_path=project, env=chosen_env())
    with created as session:
        context = session.load_context()
        catalog = context.catalog
        setattr(catalog, runs.BEGUN, run.info.start_time * 1_000_000)
        run_params = {
            "run_id": session.session_id,
            "project_path": str(project),
            "env": context.env,
            "kedro_version": version("kedro"),
            "pipeline_names": [pipeline] if pipeline else None,
            "runtime_params": {},
            "runner": None,
        }
        # Those of this layer alone: to others a run begins where its nodes run.
        manager = PluginManager("kedro")
        for hook in settings.HOOKS:
            if any(cls.__module__.startswith(_HOOKS) for cls in type(hook).__mro__):
                manager.register(hook)
        manager.hook.before_pipeline_run(
            run_params=run_params, pipeline=Pipeline([]), catalog=catalog
        )
        begun = lifecycle.of(getattr(catalog, runs.ATTRIBUTE, None))
        if begun is None:
            logger.warning("The run has begun, but nothing was recorded of it.")
            return
        begun.is_shown = False
        begun.end("FINISHED")  # of what is said here; the run itself stays open
    for note in begun.summary.get("notes", ()):
        logger.warning("%s.", note)
    if begun.summary.get("state") != "exported":
        logger.warning(
            "What was recorded as the run began waits on disk (%s); `%s` exports it.",
            begun.summary.get("error"),
            mlflow_command("sync"),
        )
