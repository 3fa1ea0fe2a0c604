"""Journals that wait for their export: what they are, and their export."""

import datetime
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .. import env, wings
from ..journal import layout, locks, mending, parts, places, spilling
from ..journal.header import header_of, homeless
from ..journal.heartbeat import is_running, unseen
from ..program import mlflow_command
from ..redact import redact_text
from ..settings import TrackingSettings, redacted_equal
from ..store.reasons import StoreError, reason
from .journals import export_journal, journals_of, set_aside, waiting_journals
from .progress import size_text

BUSY = "another process is at work on it"
# How long `sync` waits in all for servers that ask to wait.
_PATIENCE = 120.0


def describe_waiting(project_path: Path) -> list[str]:
    """Return a line for each run that waits: key, experiment, since when, size, and why."""
    lines = [f"{folder.name}: {unseen(folder)}" for folder in _unseen_journals(project_path)]
    waiting = waiting_journals(project_path)
    lines += [described(folder) for folder in waiting]
    lines = lines or ["No run waits for its export."]
    lines += [described(folder) for folder in set_aside(project_path)]
    if (place := spilling.place()) is not None:
        command = mlflow_command(f"sync --from {redact_text(place)}")
        lines.append(f"What was spilled ({env.SPILL}) is not looked for here; `{command}` does.")
    if any(_can_fail(folder) for folder in waiting):
        lines.append(f"What can never be exported is deleted by `{mlflow_command('discard RUN')}`.")
    return lines


def described(folder: Path) -> str:
    """Return the line of a journal: key, experiment, since when, size, and why it waits."""
    if folder.suffix == mending.UNREADABLE:
        return (
            f"{folder.name}: set aside, for it can't be read; look into {folder}, then "
            f"`{mlflow_command(f'discard {folder.name}')}`"
        )
    header = header_of(folder)
    refused = layout.refusal(header)
    if refused is not None:
        return f"{folder.name}: {refused}"
    size = size_text(layout.folder_size(folder))
    if not mending.is_whole(header):
        since = _date(mending.start_of(folder))
        return f"{folder.name}  since {since}  {size}  {mending.told(folder)}"
    settings = header["settings"]
    why = (
        homeless(header)
        or layout.read_state(folder).get("error")
        or ('export="later"' if settings.get("export") == "later" else "its export was broken off")
    )
    return (
        f"{folder.name}  {settings['experiment_name']} at {settings['uri']}  "
        f"since {_date(header['start_ms'])}  {size}  {why}"
    )


def _can_fail(folder: Path) -> bool:
    """Whether something else than time may keep a journal from its export."""
    header = header_of(folder)
    if layout.refusal(header) is not None:
        return True
    # `sync` mends a damaged one, or sets it aside.
    return mending.is_whole(header) and (
        homeless(header) is not None or "error" in layout.read_state(folder)
    )


def sync_all(
    project_path: Path,
    own: TrackingSettings,
    of_env: Callable[[str | None], TrackingSettings | None] = lambda _: None,
) -> Iterator[tuple[str, bool]]:
    """Export the runs that wait, the oldest first, and yield a line for each.

    Args:
        project_path: the project's folder.
        own: the project's settings, with the credentials of its tracking URI, which no journal
            holds.
        of_env: returns the settings of another environment, or None if they can't be had.

    Yields:
        The line, and whether the run is in MLflow now.
    """
    for root in places.existing_roots(project_path):
        layout.remove_exported(root)
    folders, others = waiting_journals(project_path), _unseen_journals(project_path)
    if not folders and not others:
        yield "No run waits for its export.", True
    for folder in others:
        yield f"{folder.name}: {unseen(folder)}", True
    target, said = Target(own, of_env), SaidOnce()
    for folder in folders:
        line, done = export_waiting(folder, target)
        yield f"{folder.name}: {line if done else said.told(folder.name, line)}", done


def sync_from(
    url: str,
    project_path: Path,
    own: TrackingSettings,
    of_env: Callable[[str | None], TrackingSettings | None] = lambda _: None,
    run_id: str | None = None,
) -> Iterator[tuple[str, bool]]:
    """Export the runs that were sent to a place as their machines ended; else as `sync_all`.

    Args:
        url: the place's URL.
        project_path: the project's folder.
        own: the project's settings.
        of_env: as for `sync_all`.
        run_id: the parts of this run only; by default all.

    Yields:
        The line, and whether the run is in MLflow now.

    Raises:
        StoreError: the place can't be used.
    """
    if not wings.bringers():
        raise StoreError("the layer's optional room `spill/`, which brings them, is not there")
    for bring in wings.bringers():
        with env.added(own.credentials):
            yield from bring(url, project_path, Target(own, of_env), run_id)


def sync_parts(
    run_id: str, project_path: Path, own: TrackingSettings
) -> Iterator[tuple[str, bool]]:
    """Export the parts of a run that wait in this project, and whose processes have ended.

    Args:
        run_id: the run.
        project_path: the project's folder.
        own: the project's settings.

    Yields:
        The line, and whether the part is in MLflow now.
    """
    for folder in waiting_journals(project_path):
        header = header_of(folder)
        if parts.HEADER in header and header["settings"].get("run_id") == run_id:
            line, done = export_waiting(folder, Target(own))
            yield f"{folder.name}: {line}", done and line != BUSY


class SaidOnce:
    """Says each reason once: of the next run that it holds up, that it is that of the first."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}

    def told(self, name: str, why: str) -> str:
        """Return what to say of a run, which has this name, and is not exported for this reason."""
        first = self._first.setdefault(why, name)
        return why if first == name else f"the same as {first}"


def export_waiting(folder: Path, target: "Target") -> tuple[str, bool]:
    """Export a journal; returns what became of it, and whether it is in MLflow now."""
    try:
        settings = target.settings_for(folder)
        with env.added(settings.credentials):
            return _synced(folder, settings, target.until)
    except Exception as error:  # the others can't help it
        return reason(error), False


def waiting_envs(project_path: Path) -> list[str]:
    """Return the names of the environments whose runs wait."""
    settings = [header_of(folder).get("settings") for folder in waiting_journals(project_path)]
    names = {one.get("run_env") for one in settings if isinstance(one, dict)}
    return sorted(name for name in names if name)


class Target:
    """Where journals go: to the project's store, or to that of the environment they are of.

    Args:
        own: the project's settings, with the credentials of its tracking URI, which no journal
            holds.
        of_env: returns the settings of another environment, or None if they can't be had.
    """

    def __init__(
        self,
        own: TrackingSettings,
        of_env: Callable[[str | None], TrackingSettings | None] = lambda _: None,
    ) -> None:
        self._own = own
        self._of_env = of_env
        self._known = {own.run_env: own}
        self.until = time.monotonic() + _PATIENCE

    def settings_for(self, folder: Path) -> TrackingSettings:
        """Return the settings with a journal's credentials: its environment's, if it has any."""
        own, recorded = self._own, header_of(folder).get("settings")
        if not isinstance(recorded, dict) or "run_env" not in recorded:
            return own
        if redacted_equal(recorded.get("uri"), own.uri) and own.credentials:
            return own  # what the command was told
        run_env = recorded["run_env"]
        if run_env not in self._known:
            self._known[run_env] = self._of_env(run_env) or own
        found = self._known[run_env]
        return found if redacted_equal(recorded.get("uri"), found.uri) else own


def _synced(folder: Path, own: TrackingSettings, until: float) -> tuple[str, bool]:
    """Export one journal; returns what became of it, and whether it is in MLflow now."""
    header = header_of(folder)
    refused = layout.refusal(header)
    if refused is not None:
        return refused, False
    if not mending.is_whole(header):
        with locks.ProcessLock(folder / locks.EXPORTER) as mine:
            if not mine or not mending.is_there(folder):
                return BUSY, True
            lost = mending.mend(folder, own.public())
        if lost is not None:
            return lost, False
        header = header_of(folder)
    gone = homeless(header)
    if gone is not None:
        return gone, False
    recorded = header["settings"]["uri"]
    if redacted_equal(recorded, own.uri):
        target = own.uri
    elif "***" in str(recorded):
        return (
            f"it goes to {recorded}, whose password is not kept; "
            f"set MLFLOW_TRACKING_URI to it and sync again"
        ), False
    else:
        target = str(recorded)
    summary = export_journal(folder, target, until=until)
    if summary["state"] == "exported":
        words = [f"exported as run {summary['run_name']} ({summary['run_id']})", *summary["notes"]]
        return "; ".join(words), True
    if summary["state"] == "busy":
        return BUSY, True
    return str(summary["error"]), False


def _unseen_journals(project_path: Path) -> list[Path]:
    return [folder for folder in journals_of(project_path) if is_running(folder) is None]


def _date(ms: int) -> str:
    return f"{datetime.datetime.fromtimestamp(ms / 1000).astimezone():%Y-%m-%d %H:%M:%S}"
