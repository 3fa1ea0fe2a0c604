"""Moved and copied projects: a local store names the folders of artifacts by absolute paths."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from ..locations import local_path, moved
from ..logs import PlainLogger
from ..redact import redact_text
from ..settings import TrackingSettings, default_location, sqlite_path
from .mlflow_database_internals import EXPERIMENTS, locations_in
from .reasons import StoreError, reason

logger = PlainLogger(__name__)

# As long as another writer may take.
_PATIENCE_SECONDS = 20


def lies_elsewhere(location: str | None, project: Path) -> bool:
    """Whether a location is a folder of this machine that is not in the project."""
    path = local_path(location or "")
    return path is not None and not _is_in(path, project)


def lies_already(
    name: str, location: str | None, artifact_location: str | None, project: Path
) -> str | None:
    """Return what to tell where `artifact_location` is set and the experiment lies elsewhere.

    Args:
        name: the experiment's name.
        location: where its artifacts lie.
        artifact_location: what the settings say, as an absolute path or a URL.
        project: the project's folder.

    Returns:
        What to tell; None where nobody has asked for another place.
    """
    if not location or not artifact_location or _place(location) == _place(artifact_location):
        return None
    wanted, found = local_path(artifact_location), local_path(location)
    if wanted is not None:
        if wanted.parts[-2:] == Path(default_location(name)).parts[-2:]:
            return None
        if found is not None and _is_in(wanted, project) and not _is_in(found, project):
            return None  # of a project that was moved, or of another copy of it
    return (
        f"the artifact_location {redact_text(artifact_location)} counts for a new experiment "
        f"only: {name!r} lies in {redact_text(location)} already"
    )


def _place(location: str) -> object:
    path, url = local_path(location), urlsplit(redact_text(location))
    if path is not None:
        return path.resolve()
    # The server writes its own address into one of its own.
    host = "" if url.scheme == "mlflow-artifacts" else url.netloc.rpartition("@")[2]
    return url.scheme, host, url.path.rstrip("/")


def relocate(uri: str, artifact_location: str | None, project: Path) -> str | None:
    """Let a store name the project's folder instead of the one that it was moved or copied from.

    That is a folder that the store names, and whose artifacts lie in the project now. What was put
    elsewhere on purpose stays as it is: it does not lie in the project.

    Args:
        uri: tracking URI of the store.
        artifact_location: where the project's settings want the artifacts of a new experiment.
        project: the project's folder.

    Returns:
        What was done, in words; None if there was nothing to do.

    Raises:
        StoreError: the store takes no change now.
    """
    store = sqlite_path(uri)
    if store is None or not store.is_file() or not _is_in(store.resolve(), project):
        return None  # it did not come along
    if lies_elsewhere(artifact_location, project):
        return None
    try:
        with _opened(store, "ro") as connection:
            # All else lies below them, and there are few.
            if not any(
                lies_elsewhere(found, project)
                for *_, found in locations_in(connection, EXPERIMENTS)
            ):
                return None
            old = _folders_before(connection, project)
        if not old:
            return None
        with _opened(store, "rw") as connection:
            changed, kept = _rewrite(connection, old, project.resolve())
    except sqlite3.Error as error:
        raise StoreError(
            f"the locations of artifacts in {store} are those of another folder, from which the "
            f"project may have been moved, and can't be changed now: {reason(error)}"
        ) from error
    if not changed:
        return None  # another process was first
    places = " and ".join(map(str, old))
    told = (
        f"the project was moved or copied from {places}: in MLflow, {changed} locations of "
        f"artifacts name {project.resolve()} now"
    )
    return f"{told}; {kept} stay, for they lie there and not here" if kept else told


def follow_move(settings: TrackingSettings, project: Path) -> None:
    """Do the same for a command or a dataset that is about to read, and say so in the log."""
    try:
        told = relocate(settings.uri, settings.artifact_location, project)
    except StoreError as error:
        told = str(error)
    if told:
        logger.warning("MLflow: %s.", redact_text(told))


@contextmanager
def _opened(store: Path, mode: str) -> Iterator[sqlite3.Connection]:
    uri = f"{store.absolute().as_uri()}?mode={mode}"
    with (
        closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE_SECONDS)) as connection,
        connection,  # one transaction
    ):
        yield connection


def _is_in(path: Path, project: Path) -> bool:
    return path.is_relative_to(project) or path.is_relative_to(project.resolve())


def _is_same(folder: Path, project: Path) -> bool:
    """Whether a folder is another way to the project, say a link to it."""
    return folder.exists() and folder.samefile(project)


def _folders_before(connection: sqlite3.Connection, project: Path) -> list[Path]:
    """Return the folders that the project was moved or copied from.

    An artifact's path has the id of its run, model or trace in it, so what is found under the same
    path in the project can only have come along.
    """
    found: dict[Path, None] = {}
    candidates: dict[Path, list[Path]] = {}
    for table, *_, location in locations_in(connection):
        path = local_path(location)
        if table == EXPERIMENTS or path is None or _is_in(path, project):
            continue
        above = path.parent.parent  # <experiment>/<run id>/artifacts
        if above not in candidates:
            candidates[above] = [
                base for base in above.parents if (project / above.relative_to(base)).is_dir()
            ]
        for base in candidates[above]:
            if (project / path.relative_to(base)).exists() and not _is_same(base, project):
                found[base] = None
    return list(found)


def _rewrite(connection: sqlite3.Connection, old: list[Path], new: Path) -> tuple[int, int]:
    """Change the locations below old folders; returns how many, and how many stay.

    What lies in an old folder and not in the new one stays where it can be found.
    """
    connection.execute("BEGIN IMMEDIATE")
    changed = kept = 0
    for table, column, row, location in list(locations_in(connection)):
        path = local_path(location)
        if path is None or _is_in(path, new):
            continue
        base = next((base for base in old if path.is_relative_to(base)), None)
        if base is None:
            continue
        is_lost = path.exists() and not (new / path.relative_to(base)).exists()
        if is_lost and table != EXPERIMENTS:  # new runs go to the new folder in any case
            kept += 1
        else:
            change = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"  # noqa: S608
            connection.execute(change, (moved(location, base, new), row))
            changed += 1
    return changed, kept
