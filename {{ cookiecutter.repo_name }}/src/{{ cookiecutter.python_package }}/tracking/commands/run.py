"""`kedro run`, with a head start for the exporter and an end for every run."""

import copy
import functools
from collections.abc import Callable, Mapping
from typing import Any

import click

from ..logs import PlainLogger

logger = PlainLogger(__name__)


def tracked(command: click.Command) -> click.Command:
    """Return a copy of `kedro run` that starts the exporter at once, and ends a run that broke off.

    Kedro calls no hook on Ctrl-C and `SystemExit`; here they pass by, with their traceback.

    Args:
        command: Kedro's own command, with all its options.
    """
    assert command.callback is not None
    copied = copy.copy(command)
    copied.callback = _tracked_callback(command.callback)
    return copied


def _tracked_callback(callback: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(callback)
    def run(*args: Any, **kwargs: Any) -> Any:
        _start_exporter(kwargs)
        from ..recording import lifecycle, spare

        try:
            return callback(*args, **kwargs)
        except BaseException as error:
            lifecycle.end_all(error)
            if _is_refused(error):
                raise click.ClickException(str(error)) from error
            raise
        finally:
            spare.discard()

    return run


def _is_refused(error: BaseException) -> bool:
    """Whether a run of which nothing was run says in one sentence why."""
    from ..hooks.preflight import RunRefusedError

    return isinstance(error, RunRefusedError)


def _start_exporter(options: Mapping[str, Any]) -> None:
    """Start the exporter, so that its imports overlap with those of the pipeline.

    Args:
        options: those of `kedro run`.
    """
    from .. import project
    from ..recording import launcher, spare

    try:
        about = (options.get(name) for name in ("env", "conf_source", "params"))
        hook = project.hook_of_command(*about)
        if hook is None or not hook.is_enabled() or not launcher.can_export():
            return
        path = project.project_path()
        settings = hook.settings.resolved(path)
        if settings.export == "live":
            spare.prepare(settings, path)
    except Exception:
        # The hooks meet the same fault again and tell it; the run itself must not fail of it.
        logger.debug("The exporter was not started early.", exc_info=True)
