"""Exports a run again and again until the store takes it: tries, pauses, and what is wrong."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..journal import layout, parts
from ..logs import PlainLogger
from ..models.promotion import Deciding
from ..store.client import open_client
from ..store.http_session import asked_to_wait
from ..store.lean_imports import import_everything
from ..store.reasons import is_forbidden, is_lasting, reason_in
from .companions import Companions
from .comparison import Comparison, is_shown
from .ending import Ended, Ending
from .part_export import export_of
from .pause import MAX_SECONDS, Pause
from .run_export import WITHOUT_A_WORD, RunExport

logger = PlainLogger(__name__)


@dataclass(frozen=True)
class Warm:
    """What an exporter has opened already: an `MlflowClient`, and the experiment if it exists.

    Where the store did not open, `error` is why: a server that hangs may say no more in time.
    """

    client: Any = None
    experiment: Any = None
    error: str | None = None


class Exporter:
    """Follows one run and exports it.

    Args:
        folder: the run's journal folder.
        uri: tracking URI, with its credentials.
        warm: what was opened before the run was known.
        is_new: nobody has tried to export this journal before.
        is_of_run: this is the exporter of the very run, and none that finds its journal later.
    """

    def __init__(
        self,
        folder: Path,
        uri: str,
        warm: "Warm | None" = None,
        is_new: bool = False,
        is_of_run: bool = False,
    ) -> None:
        self.folder = folder
        self.uri = uri
        self.is_of_run = is_of_run
        self.ending = Ending()
        self.companions = Companions()
        self._died = False
        self._warm = warm or Warm()
        self._is_new = is_new
        self.comparison: Comparison | None = None
        self.export: RunExport | None = None
        self.error: str | None = None
        # Whether the server permits no more than this run; it may take others.
        self.is_refused_here = False
        # What the other runs were asked by: metrics, and how they decide.
        self._compared_by: tuple[Sequence[str], Mapping[str, Deciding]] = ((), {})
        self._pause = Pause()
        if self._warm.error is not None:
            self._keep_error(self._warm.error)

    def step(self) -> bool:
        """Export what is new; False while the store can't be used."""
        if not self._pause.is_over:
            return False
        return self._try(self._flush)

    def prepare_comparison(self) -> None:
        """Ask for the other runs while there is time."""
        header = layout.read_json(self.folder / layout.HEADER)
        if self._warm.experiment is not None and parts.HEADER not in header:
            began = int(header.get("start_ms") or time.time() * 1000)
            experiment_id = str(self._warm.experiment.experiment_id)
            self.comparison = Comparison(self._warm.client, experiment_id, began)
            self.comparison.prepare()

    def finish(self, died: bool, held: list[str] | None = None, until: float | None = None) -> bool:
        """Export the rest and set the status; False if the store can't be used.

        Args:
            died: the pipeline's process is gone without a word.
            held: events that the journal's disk refused.
            until: how long to wait for uploads, by `time.monotonic`; None as long as they take.
        """
        self._died = died
        self._until = until
        self._held = held or []
        return self._try(self._finish)

    def told(self) -> str:
        """Return what it is at; asked by another thread."""
        if self.error is not None:
            waits_long = self.asked_to_wait() > MAX_SECONDS
            begin = "not in MLflow" if waits_long or is_lasting(self.error) else "trying again"
            return f"{begin}, for {self.error}"
        return (self.export and self.export.uploads.told()) or "writing to MLflow"

    def tell_of_end(self, done: bool = False) -> None:
        """Let optional rooms know how the run has ended, where that is known and not told yet.

        Args:
            done: all of it is in MLflow.
        """
        self.ending.tell(lambda: self._ended(done))

    def close(self) -> None:
        """Wait until optional rooms are ready that were told of the run's end."""
        if self.export is not None:
            self.ending.close(self.export.client, self.export.run_id)

    def _ended(self, done: bool) -> Ended | None:
        export = self.export
        if export is None or parts.HEADER in export.header:
            return None  # `kedro mlflow end` tells of a run of parts
        if export.end is None and (done or not self._died):
            return None  # its end is in MLflow already: an older copy of its journal
        header, settings = export.header, export.settings
        end = export.end or {"status": "KILLED"}
        begun, ended_ms = int(header.get("start_ms", 0)), end.get("t")
        return Ended(
            status=str(end["status"]),
            pipeline=str(header.get("pipeline")),
            experiment_name=self._experiment_name(),
            run_name=export.run_name or settings.get("run_name"),
            run_id=export.run_id,
            experiment_id=export.experiment_id or None,
            tracking_uri=str(settings.get("uri")),
            failed_node=export.failed_node or None,
            error=export.error or (WITHOUT_A_WORD if export.end is None or export.died else None),
            seconds=None if ended_ms is None else (int(ended_ms) - begun) / 1000,
            missing=None if done else self.error,
            folder=self.folder,
            client=export.client,
            is_first=self.is_of_run,
            is_attached=bool(settings.get("run_id")) and not settings.get("nested"),
            asked=export.asked,
        )

    def _try(self, action: Any) -> bool:
        try:
            action()
        except Exception as error:
            self._pause.failed(self.asked_to_wait())
            if self._pause.failures == 2:
                import_everything()  # it may be for want of something that was left out
            self.is_refused_here = is_forbidden(error)
            told = reason_in(self._experiment_name(), error)
            if told != self.error:
                self._keep_error(told)
                logger.warning("Cannot export now: %s", told)
            return False
        self._pause.succeeded()
        self.error = None
        self.is_refused_here = False
        return True

    def _keep_error(self, told: str) -> None:
        """Keep why nothing is exported, also for whoever ends this process."""
        self.error = told
        layout.write_state(self.folder, {**layout.read_state(self.folder), "error": told})

    def asked_to_wait(self) -> float:
        """Return for how many seconds the server wants no more requests; 0 if it takes them."""
        return asked_to_wait(self.uri)

    def _experiment_name(self) -> str:
        settings = layout.read_json(self.folder / layout.HEADER).get("settings") or {}
        return str(settings.get("experiment_name") or settings.get("experiment_id"))

    def _flush(self) -> None:
        export = self._opened()
        self.companions.bring(export)
        while export.read() or export.has_pending() or export.run_id is None:
            if export.end is not None:
                break  # the rest goes with the last words, which are on their way
            self._compare_early(export)
            is_behind = export.is_behind
            export.flush()
            if export.waiting or not is_behind:
                break  # few large calls are cheaper than many small ones

    def _finish(self) -> None:
        export = self._opened()
        while export.read(last=True) and export.is_behind:
            export.flush()
        held, self._held = self._held, []
        export.read_lines(held)
        self.companions.finish(export)
        self._compare_early(export, [name for name in export.metrics_seen if is_shown(name)])
        export.finish(self._died, self._until)

    def _compare_early(self, export: RunExport, metrics: Sequence[str] = ()) -> None:
        """Ask for the other runs again, once more is known of what this one is compared by."""
        about = metrics, export.deciding_metrics
        if self.comparison is not None and about != self._compared_by:
            self._compared_by = about
            self.comparison.prepare(*about)

    def _opened(self) -> RunExport:
        if self.export is None:
            if not (self.folder / layout.HEADER).exists():
                # Its pipeline makes it again, see `recording/lifecycle.py`.
                raise FileNotFoundError(f"the journal {self.folder} was deleted")
            client = self._warm.client or open_client(self.uri)
            known = {"is_new": self._is_new, "experiment": self._warm.experiment}
            self.export = export_of(self.folder, client, **known)
            if self.is_of_run:
                self.export.on_end = partial(self.tell_of_end, True)
        return self.export
