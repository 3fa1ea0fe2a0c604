"""What stands last on the screen when `kedro run` fails: the panel, below the traceback."""

import atexit
import inspect
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import click

from ..logs import PlainLogger
from ..recording.held_panel import holding, show_held

logger = PlainLogger(__name__)

Tell = Callable[[BaseException], None]

# What runs other people's code, and looks at its errors itself.
_CATCHERS = {"IPython", "_pydevd_bundle", "_pytest", "bdb", "code", "debugpy", "pdb", "pydevd"}
# Errors that click ends a command with, without a traceback.
_OF_CLICK = (click.ClickException, click.exceptions.Exit, click.Abort)


@contextmanager
def panel_below(tell: Tell | None = None) -> Iterator[None]:
    """Let the panel of a run that fails while this lasts stand below its traceback.

    The error goes on as it is: exit code, debuggers and other people's hooks stay what they were.

    Args:
        tell: prints the error in its own way, in the place of Python or Rich.
    """
    show_held()  # of an earlier run, whose error somebody has caught
    try:
        with holding():
            yield
    except Exception as error:
        if isinstance(error, _OF_CLICK) or not _is_printed_by_python():
            show_held()
        else:
            _follow_traceback(error, tell)
        raise


def _is_printed_by_python() -> bool:
    """Whether an error that is raised here is printed by `sys.excepthook`, as far as can be known.

    A debugger, a person at a prompt and a test's runner take it before.
    """
    is_seen = hasattr(sys, "ps1") or sys.gettrace() is not None or _is_called_by_catcher()
    is_own = sys.stderr is not None and sys.stderr is sys.__stderr__
    return is_own and not is_seen and threading.current_thread() is threading.main_thread()


def _is_called_by_catcher() -> bool:
    # A debugger without a breakpoint lets go of `sys.settrace` while the script goes on.
    frame = inspect.currentframe()
    while frame is not None:
        if str(frame.f_globals.get("__name__")).partition(".")[0] in _CATCHERS:
            return True
        frame = frame.f_back
    return False


def _follow_traceback(error: BaseException, tell: Tell | None) -> None:
    previous: Callable[..., Any] = sys.excepthook
    is_plain = previous is sys.__excepthook__ or previous.__module__.startswith("rich.")

    def excepthook(
        kind: type[BaseException], value: BaseException, trace: TracebackType | None
    ) -> None:
        try:
            if value is not error or tell is None or not is_plain or not _told(value, tell):
                previous(kind, value, trace)
        finally:
            show_held()

    sys.excepthook = excepthook
    atexit.register(show_held)  # whoever has caught the error prints none


def _told(error: BaseException, tell: Tell) -> bool:
    try:
        tell(error)
    except Exception:
        logger.debug("The error is printed whole.", exc_info=True)
        return False
    return True
