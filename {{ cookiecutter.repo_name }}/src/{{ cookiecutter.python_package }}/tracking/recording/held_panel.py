"""The panel of a run that an error ends: it waits until the error's traceback has been printed."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from . import panel

_held: list[Mapping[str, Any]] = []
_thread = threading.local()


@contextmanager
def holding() -> Iterator[None]:
    """Hold back, while this lasts, the panels of runs that an error ends in this thread."""
    _thread.holds = True
    try:
        yield
    finally:
        _thread.holds = False


def show_or_hold(summary: Mapping[str, Any], error: BaseException | None) -> None:
    """Show the panel of a run; one that an error ended waits for `show_held`, if somebody holds it.

    Args:
        summary: what the panel tells.
        error: what ended the run. Ctrl-C and `SystemExit` have no traceback to wait for.
    """
    if isinstance(error, Exception) and getattr(_thread, "holds", False):
        _held.append(summary)
    else:
        panel.show(summary)


def show_held() -> None:
    """Show what is held back."""
    while _held:
        panel.show(_held.pop(0))
