"""`kedro run`, with a head start for the exporter, a screen to watch, and an end for every run."""

import copy
import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import click

from .. import env, wings
from ..logs import PlainLogger
from .last_words import Tell, panel_below

logger = PlainLogger(__name__)

_HELP = "On a terminal, show Kedro's log lines and the whole traceback of an error."


def tracked(command: click.Command) -> click.Command:
    """Return a copy of `kedro run` that starts the exporter at once, and ends a run that broke off.

    Kedro calls no hook on Ctrl-C and `SystemExit`; here they pass by, with their traceback. On a
    terminal the run is shown as the wing `screen/` shows it, unless `--verbose` is given.

    Args:
        command: Kedro's own command, with all its options.
    """
    assert command.callback is not None
    copied = copy.copy(command)
    copied.params = list(command.params)
    taken = {name for one in command.params for name in (str(one.name), *one.opts)}
    is_added = taken.isdisjoint({"verbose", "--verbose"})
    if is_added:
        names = [name for name in ("--verbose", "-v") if name not in taken]
        copied.params.append(click.Option(names, is_flag=True, help=_HELP))
    copied.callback = _tracked_callback(command.callback, is_added)
    return copied


def _tracked_callback(callback: Callable[..., Any], is_added: bool) -> Callable[..., Any]:
    @functools.wraps(callback)
    def run(*args: Any, **kwargs: Any) -> Any:
        # An owner's command may have this option itself.
        verbose = kwargs.pop("verbose", False) if is_added else kwargs.get("verbose")
        is_tracked = _start_exporter(kwargs)
        from ..recording import lifecycle, spare

        with _watched(is_tracked and not verbose) as tell, panel_below(tell):
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


@contextmanager
def _watched(is_wanted: bool) -> Iterator[Tell | None]:
    """Show the run on the terminal, if it is one; yields what then prints an error."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    if not is_wanted or not is_terminal or env.is_set("CI"):
        yield None
        return
    with ExitStack() as stack:
        found = [stack.enter_context(watch()) for watch in wings.watchers()]
        # In a file an error is whole.
        is_seen = sys.stderr is not None and sys.stderr.isatty()
        yield found[0] if found and is_seen else None


def _is_refused(error: BaseException) -> bool:
    """Whether a run of which nothing was run says in one sentence why."""
    from ..hooks.preflight import RunRefusedError

    return isinstance(error, RunRefusedError)


def _start_exporter(options: Mapping[str, Any]) -> bool:
    """Start the exporter, so that its imports overlap with those of the pipeline.

    Args:
        options: those of `kedro run`.

    Returns:
        Whether the run will be tracked.
    """
    from .. import project
    from ..recording import launcher, spare

    try:
        about = (options.get(name) for name in ("env", "conf_source", "params"))
        hook = project.hook_of_command(*about)
        if hook is None or not hook.is_enabled():
            return False
        if not launcher.can_export():
            return True
        path = project.project_path()
        settings = hook.settings.resolved(path)
        if settings.export == "live":
            spare.prepare(settings, path)
    except Exception:
        # The hooks meet the same fault again and tell it; the run itself must not fail of it.
        logger.debug("The exporter was not started early.", exc_info=True)
        return False
    return True
