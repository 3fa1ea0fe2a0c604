"""A `kedro run` that is watched on a terminal: a line a node, a bar, and short errors."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .. import env
from ..logs import PlainLogger, only_warnings_on_terminal
from ..project import mlflow_yml
from ..recording.lifecycle import Run
from ..recording.watched import watchers

logger = PlainLogger(__name__)

_TIMES = "MLflowTimeLoggerHook"


@contextmanager
def watch() -> Iterator[Callable[[BaseException], None]]:
    """Show the runs that begin while this lasts on the terminal, and nothing below a warning.

    Yields:
        What prints an error.
    """
    if not _has_times():
        yield _tell_error
        return
    os.environ[env.QUIET] = "1"  # for workers that are no forks
    watchers.append(_show)
    try:
        with only_warnings_on_terminal():
            yield _tell_error
    finally:
        watchers.remove(_show)
        os.environ.pop(env.QUIET, None)


def _has_times() -> bool:
    """Whether runs of the project record the times of their nodes, which the lines are made of."""
    from kedro.framework.project import settings

    found = mlflow_yml()
    given = found.hooks.get(_TIMES, {}) if found is not None else {}
    hooks = [
        hook for hook in settings.HOOKS if _TIMES in [one.__name__ for one in type(hook).mro()]
    ]
    return any(given.get("enable_mlflow", hook.enable_mlflow) for hook in hooks)


def _show(run: Run, pipeline: Any, run_params: Mapping[str, Any]) -> None:
    from .live import LiveRun

    try:
        LiveRun(run, pipeline, run_params).start()
    except Exception:  # the run goes on without it
        logger.debug("The run is not shown.", exc_info=True)


def _tell_error(error: BaseException) -> None:
    from .frames import tell_error

    tell_error(error)
