"""Finds the one run of a key, or makes it, however many processes ask at the same moment.

MLflow has no unique keys: who looks and finds nothing makes a run, and so may others meanwhile. So
a run counts once it is *confirmed*, by the tag `kedro.begun_on`. Its maker confirms it if it is the
first of those that it sees when its own is `_SETTLING` old: whoever has not seen that one by then
had looked before it was there, and lands within half that time. Who took longer to land yields to
any other.
"""

import random
import re
import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..exporting.mlflow_run import BEGUN_ON, RUN_KEY, MlflowRun
from ..journal.events import text_digest
from ..logs import PlainLogger
from ..redact import redact_text
from ..settings import TrackingSettings
from ..store.filters import quoted
from ..store.mlflow_internals import forget_run
from ..store.reasons import StoreError, is_permanent

logger = PlainLogger(__name__)

_SETTLING = 1.0
# How long a run that nobody confirms waits for its maker, which may have died.
_PATIENCE = 10.0
_GIVE_UP = 90.0
_PAUSE = 0.1


def run_key(key: str) -> str:
    """Return the tag `kedro.run_key` that a run has which was begun with a key.

    Example:
        >>> run_key("manual__2026-01-01T00:00:00+00:00")
        'begin-manual__2026-01-01T00_00_00_00_00-1e8dc70c2b69'
    """
    readable = re.sub(r"[^\w.\-]", "_", redact_text(key), flags=re.ASCII)[:100]
    return f"begin-{readable}-{text_digest(key)[:12]}"


def find_begun(client: Any, experiment_id: str, key: str) -> Any:
    """Return the run that was begun with a key, or None; a deleted one does not count."""
    return next(iter(_confirmed(_runs_of(client, experiment_id, key))), None)


class OneRun:
    """Finds or makes the run of a key.

    Args:
        client: an `MlflowClient`.
        settings: how it is made.
        project: the project's folder.
        key: what it is begun with.
    """

    def __init__(self, client: Any, settings: TrackingSettings, project: Path, key: str) -> None:
        self._client = client
        self._settings = settings
        self._project = project
        self._key = key
        self._own: str | None = None
        self._confirmed_here: str | None = None
        self._landed = 0.0
        self._was_slow = False
        # Since when the same run waits for somebody else to confirm it.
        self._awaited: tuple[str, float] = ("", 0.0)

    def settle(self) -> tuple[Any, bool]:
        """Return the run, and whether it is for this process to say what is of it as a whole.

        Raises:
            StoreError: it is not settled after a minute and a half.
            Exception: the store can't be used.
        """
        experiment_id = self._maker().ensure_experiment()
        until = time.monotonic() + _GIVE_UP
        while True:
            try:
                found = self._look(experiment_id)
            except Exception as error:
                # Ten that write at once are in each other's way for a moment.
                if is_permanent(error) or time.monotonic() > until - _GIVE_UP + _PATIENCE:
                    raise
                logger.debug("The run of %r is looked for again.", self._key, exc_info=True)
                found = None
            if found is not None:
                return found, found.info.run_id == self._confirmed_here
            if time.monotonic() > until:
                raise StoreError(
                    f"the run of the key {self._key!r} is not settled after {_GIVE_UP:g} s, for "
                    f"others begin it too; try again"
                )
            time.sleep(_PAUSE * random.uniform(0.5, 1.5))

    def _look(self, experiment_id: str) -> Any:
        """Look once, and do what is to be done now; returns the run when it is settled."""
        looked = time.monotonic()
        found = _runs_of(self._client, experiment_id, self._key)
        confirmed = _confirmed(found)
        ids = [run.info.run_id for run in found]
        if confirmed:
            winner = confirmed[0]
            if self._own is not None and self._own != winner.info.run_id:
                self._give_up_own()
            return winner
        if self._own is not None and self._own not in ids:
            self._own = None  # somebody has deleted it
        if self._own is None:
            if found:
                return self._confirm_for_another(ids[0])
            made = self._maker().create(experiment_id)
            self._own, self._landed = made.info.run_id, time.monotonic()
            self._was_slow = self._landed - looked > _SETTLING / 2
            return None
        if self._was_slow and len(found) > 1:
            self._give_up_own()
        elif ids[0] == self._own and looked - self._landed >= _SETTLING:
            return self._confirm(self._own)
        return None

    def _confirm_for_another(self, run_id: str) -> Any:
        if self._awaited[0] != run_id:
            self._awaited = run_id, time.monotonic()
        if time.monotonic() - self._awaited[1] < _PATIENCE:
            return None
        logger.warning("Whoever began the run %s has not come back; it is begun here.", run_id)
        return self._confirm(run_id)

    def _confirm(self, run_id: str) -> Any:
        self._client.set_tag(run_id, BEGUN_ON, socket.gethostname())
        self._confirmed_here = run_id
        run = self._client.get_run(run_id)  # its maker may have given it up at this moment
        return run if run.info.lifecycle_stage == "active" else None

    def _give_up_own(self) -> None:
        own, self._own = self._own, None
        forget_run(self._client, str(own))

    def _maker(self) -> MlflowRun:
        header = {
            "start_ms": time.time_ns() // 1_000_000,
            "settings": replace(self._settings, run_env=None, credentials={}).public(),
            "project": str(self._project),
        }
        return MlflowRun(self._client, header, run_key(self._key))


def _runs_of(client: Any, experiment_id: str, key: str) -> list[Any]:
    """Return all runs of a key, the first that began first."""
    found = client.search_runs(
        [experiment_id], filter_string=f"tags.`{RUN_KEY}` = {quoted(run_key(key))}"
    )
    return sorted(found, key=lambda run: (run.info.start_time, run.info.run_id))


def _confirmed(runs: list[Any]) -> list[Any]:
    return [run for run in runs if BEGUN_ON in run.data.tags]
