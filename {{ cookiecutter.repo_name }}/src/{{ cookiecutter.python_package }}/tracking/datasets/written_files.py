"""The files that a Kedro dataset wrote: on this machine, far away, in versions or partitions."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import replace
from pathlib import Path, PurePosixPath
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Any

from kedro.io import DatasetError

from ..journal import snapshot
from ..kedro_datasets_internals import filesystem_of, partitions_of
from ..kedro_internals import file_of, saved_file_of, unwrapped
from ..recording.recorder import Recorder
from ..settings import MAX_AT_ONCE


@contextmanager
def replacing(place: Path) -> Iterator[Path]:
    """Yield a path beside a file; what was written there takes the file's place at the end.

    So nobody ever reads half a file, and a run that goes on at the same time keeps its own.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f".{secrets.token_hex(4)}-{place.name}")
    try:
        yield temporary
        if temporary.is_dir() and place.is_dir():
            rmtree(place)
        replace(temporary, place)
    finally:
        if temporary.exists():
            temporary.unlink()


def is_remote(path: str) -> bool:
    """Whether a path is a URL, of a file that may lie elsewhere."""
    return "://" in path


def has_files(dataset: Any) -> bool:
    """Whether a dataset writes one file, a version of it, or partitions."""
    dataset = unwrapped(dataset)
    return file_of(dataset) is not None or partitions_of(dataset, {}) is not None


def log_written_files(recorder: Recorder, name: str, dataset: Any, data: Any) -> None:
    """Record what a dataset wrote when it saved a value: its file, this version, these partitions.

    Args:
        recorder: records the run.
        name: the dataset's name, the artifact folder of its partitions.
        dataset: the dataset.
        data: what it saved.
    """
    dataset = unwrapped(dataset)
    partitions = partitions_of(dataset, data)
    files: list[tuple[str, str | None]] = [
        (place.path, str(PurePosixPath(name.replace(":", "_"), partition).parent))
        for partition, place in (partitions or {}).items()
    ]
    if partitions is None:
        files = [(str(saved_file_of(dataset)), None)]
    try:
        remote = filesystem_of(dataset)
    except ValueError as error:
        for path, _ in files:
            _say_missing(recorder, path, error)
        return
    if remote is None:
        for path, folder in files:
            recorder.log_artifact(path, folder, is_data=True)
        return
    # The disk has to take as many, beside their copies in the journal.
    for start in range(0, len(files), MAX_AT_ONCE):
        _log_far(recorder, remote, files[start : start + MAX_AT_ONCE])


def _log_far(recorder: Recorder, remote: Any, files: list[tuple[str, str | None]]) -> None:
    with TemporaryDirectory() as top:
        # In a folder each: those of two folders may be called the same.
        places = [Path(top, str(n), PurePosixPath(path).name) for n, (path, _) in enumerate(files)]
        for place in places:
            place.parent.mkdir()
        have_come = False
        with suppress(OSError):  # one by one it shows which of them can't be read
            _get(remote, [path for path, _ in files], list(map(str, places)))
            have_come = True
        for (path, folder), place in zip(files, places, strict=True):
            try:
                if not (have_come and place.is_file()):
                    # Not where half of it may lie.
                    place = place.parent.with_suffix(".alone") / place.name
                    place.parent.mkdir()
                    _get(remote, path, str(place), recursive=True)
                recorder.log_artifact(place, folder, is_data=True, origin=path)
            except OSError as error:
                _say_missing(recorder, path, error)


def _say_missing(recorder: Recorder, path: str, error: Exception) -> None:
    recorder.warn(path, f"artifact {path!r} is not recorded: {error}")


def send(written: Path, dataset: Any) -> None:
    """Copy a file of this machine to where a dataset far away has its own.

    Raises:
        DatasetError: its store does not take it.
        ValueError: the dataset does not tell how.
    """
    remote, path = filesystem_of(dataset), str(saved_file_of(dataset))
    if remote is None:  # `file://`, or a protocol that is one of this machine
        snapshot.copy(written, Path(path))
        return
    try:
        remote.put_file(str(written), path)
    except Exception as error:  # each file system has errors of its own
        raise DatasetError(f"Failed while saving data to dataset {dataset}.\n{error}") from error


def fetch_saved(dataset: Any, data: Any, place: Path) -> None:
    """Copy what a dataset saved, from wherever it lies; as `fetch`.

    Of one with partitions those that it saved now: others may lie in its folder.
    """
    partitions = partitions_of(dataset, data)
    if partitions is None:
        fetch(dataset, str(saved_file_of(dataset)), place)
        return
    place.mkdir()
    targets = {place / partition.inside: partition.path for partition in partitions.values()}
    for folder in {target.parent for target in targets}:
        folder.mkdir(parents=True, exist_ok=True)
    remote = filesystem_of(dataset)
    if remote is not None:
        _get(remote, list(targets.values()), list(map(str, targets)))
        return
    for target, path in targets.items():
        snapshot.copy(Path(path), target)


def fetch(dataset: Any, path: str, place: Path) -> None:
    """Copy a file or folder of a dataset to a place of this machine.

    Raises:
        OSError: it can't be read, or the disk takes no more.
        ValueError: the dataset does not tell how.
    """
    remote = filesystem_of(dataset)
    if remote is None:
        snapshot.copy(Path(path), place)
        return
    _get(remote, path, str(place), recursive=True)


def _get(remote: Any, source: Any, target: Any, **options: Any) -> None:
    """Fetch a file or folder, or several files at once, which costs less time."""
    try:
        remote.get(source, target, **options)
    except OSError:
        raise
    except Exception as error:  # each file system has errors of its own
        raise OSError(f"{type(error).__name__}: {error}") from error
