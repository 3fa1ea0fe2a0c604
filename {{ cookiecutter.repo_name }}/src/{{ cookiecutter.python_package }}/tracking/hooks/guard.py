"""Keeps a fault of the tracking layer from reaching the pipeline."""

import functools
from collections.abc import Callable
from typing import ParamSpec

from ..journal.events import as_text
from ..logs import PlainLogger

logger = PlainLogger(__name__)

_Arguments = ParamSpec("_Arguments")
_warned: set[str] = set()


def guarded(hook: Callable[_Arguments, None]) -> Callable[_Arguments, None]:
    """Turn an exception in a hook into one warning: it would fail the user's run."""

    @functools.wraps(hook)
    def safe(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> None:
        try:
            hook(*args, **kwargs)
        except Exception as error:
            key = f"{hook.__qualname__}: {type(error).__qualname__}: {as_text(error)}"
            if key not in _warned:
                _warned.add(key)
                logger.warning(
                    "Tracking: %s failed; the pipeline goes on.", hook.__qualname__, exc_info=True
                )

    return safe
