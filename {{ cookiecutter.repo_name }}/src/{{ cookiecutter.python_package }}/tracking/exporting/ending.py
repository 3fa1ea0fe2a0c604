"""Lets optional rooms know how a run has ended: once, whatever is tried again after that."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from .. import wings
from ..logs import PlainLogger
from ..redact import redact_text

logger = PlainLogger(__name__)

# How long an answer is waited for where somebody waits for the run's end, and where nobody does.
SECONDS = 1.0
PATIENCE = 10.0
# The beginning of the tags by which a run knows who was told of its end.
TOLD = "kedro.notified"


@dataclass(frozen=True)
class Ended:
    """How a run has ended.

    Args:
        status: as in MLflow.
        pipeline: its name.
        experiment_name: the experiment.
        run_name: None where MLflow has not made one up yet.
        run_id: None where the run is not in MLflow.
        experiment_id: the same.
        tracking_uri: where it goes, without secrets.
        failed_node: the node that broke it, if one did.
        error: why it did not finish.
        seconds: how long it took; None where nobody knows.
        missing: why it is not in MLflow, or not all of it; None if that is not known to be so.
        folder: its journal; None for a run of parts.
        client: an `MlflowClient`; None where the store did not open.
        is_first: nobody else can have told of it: its journal has just been written here.
        is_attached: the run was somebody else's, who adds to it, and ends it.
        asked: what hooks have asked of optional rooms, by the room's name; None for a run of parts,
            which has no journal.
    """

    status: str
    pipeline: str
    experiment_name: str
    run_name: str | None
    run_id: str | None
    experiment_id: str | None
    tracking_uri: str
    failed_node: str | None
    error: str | None
    seconds: float | None
    missing: str | None = None
    folder: Path | None = None
    client: Any = None
    is_first: bool = False
    is_attached: bool = False
    asked: Mapping[str, Sequence[dict[str, Any]]] | None = None


class Telling(Protocol):
    """What goes on in an optional room meanwhile."""

    def note(self, seconds: float) -> str | None:
        """Return what is to be said of it, waiting for so long at the most; None for nothing."""

    def close(self, client: Any, run_id: str | None) -> None:
        """Wait for its end, and keep in MLflow what came of it, if the run is there."""


class Ending:
    """Tells each room once, in whatever order and how often it is called."""

    def __init__(self) -> None:
        self._tellings: list[Telling] | None = None
        self._notes: list[str] = []

    @property
    def is_told(self) -> bool:
        """Whether the rooms know."""
        return self._tellings is not None

    def tell(self, make: Callable[[], Ended | None]) -> None:
        """Let the rooms know, the first time.

        Args:
            make: returns how the run has ended; None where that is not known.
        """
        if self.is_told or not (starts := wings.enders()):
            return
        ended = make()
        if ended is None:
            return
        self._tellings = []
        for start in starts:
            try:
                telling = start(ended)
            except Exception as error:  # the run's end must not hang on it
                logger.warning("What a run's end is told to has failed.", exc_info=True)
                self._notes.append(f"{start.__module__} has failed: {type(error).__name__}")
                continue
            if telling is not None:
                self._tellings.append(telling)

    def notes(self, seconds: float) -> list[str]:
        """Return what the rooms have to say, waiting for so long in all."""
        until = time.monotonic() + seconds
        told = [one.note(max(0.0, until - time.monotonic())) for one in self._tellings or ()]
        return [redact_text(text) for text in (*self._notes, *told) if text is not None]

    def close(self, client: Any, run_id: str | None) -> None:
        """Wait until the rooms are ready.

        Args:
            client: an `MlflowClient`; None where the store is away.
            run_id: the run; None where it is not in MLflow.
        """
        for one in self._tellings or ():
            one.close(client, run_id)
