"""What optional rooms do beside an export, from the begin of a run to its end."""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from .. import wings
from ..logs import PlainLogger
from .run_export import RunExport

logger = PlainLogger(__name__)


class Companion(Protocol):
    """What an optional room does meanwhile, from when it was begun: before MLflow is imported."""

    def pause(self) -> None:
        """Have no thread for a while, in which this process is forked."""

    def settle(self) -> None:
        """Go on, in the exporter itself: it has the environment of its run now."""

    def bring(self, export: RunExport) -> None:
        """Hand over what is new, before a batch is written."""

    def finish(self, export: RunExport) -> None:
        """Hand over the rest, when the journal has been read to its end; may be called again."""


class Companions:
    """Those of one export; one that fails is let go, and the export goes on.

    Args:
        pipeline: the run's process, see `journal/processes.py`, or its `pid` alone; None where it
            is not looked at.
    """

    def __init__(self, pipeline: dict[str, Any] | None = None) -> None:
        self._pid = None if pipeline is None else pipeline["pid"]
        self._all: list[Companion] = []
        for begin in wings.companions() if pipeline is not None else ():
            try:
                one = begin(pipeline)
            except Exception:
                _log_failure()
            else:
                self._all += [] if one is None else [one]

    def is_of(self, pipeline: dict[str, Any]) -> bool:
        """Whether they were begun for this process."""
        return bool(self._pid == pipeline["pid"])

    def pause(self) -> None:
        """Let none have a thread for a while."""
        for one in list(self._all):
            self._guarded(one, one.pause)

    def settle(self) -> None:
        """Let each go on, in the exporter itself."""
        for one in list(self._all):
            self._guarded(one, one.settle)

    def bring(self, export: RunExport) -> None:
        """Let each hand over what is new."""
        for one in list(self._all):
            self._guarded(one, partial(one.bring, export))

    def finish(self, export: RunExport) -> None:
        """Let each hand over the rest."""
        for one in list(self._all):
            self._guarded(one, partial(one.finish, export))

    def _guarded(self, one: Companion, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception:
            _log_failure()
            self._all.remove(one)


def _log_failure() -> None:
    logger.warning("What works beside the export has failed.", exc_info=True)
