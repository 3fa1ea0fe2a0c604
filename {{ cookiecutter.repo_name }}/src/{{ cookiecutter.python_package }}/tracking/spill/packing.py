"""What of a journal goes on its way, as one archive, and how a journal is made of it again.

The files of other machines stay behind, so what the exporter would read of them goes along.
"""

import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from ..exporting.folder_digest import DIGESTS, has_parts, key_of_parts, parts_of
from ..journal import layout, locks, parts, snapshot
from ..journal.places import SPARE, JournalPlaces

_LEFT_BEHIND = (locks.OWNER, locks.EXPORTER)
_BLOCK = 1 << 20
_WITH_FILES = (b'"artifact"', b'"model"', b'"input"')
_ARRIVING = ".arriving"
# Between the name of a journal's folder and the id of the run that it is a part of.
_OF_RUN = "--"


class DamagedArchiveError(Exception):
    """An archive that is no journal, for a reason that its text tells."""


def pack(folder: Path, stream: Any) -> None:
    """Write a journal as an archive: what its events name, and nothing else of its files.

    Args:
        folder: the run's journal folder.
        stream: what it is written to, from first to last.

    Raises:
        OSError: it can't be read or written.
    """
    places = layout.places_of(folder)
    named, digests = set[str](), dict[str, Any]()
    with zipfile.ZipFile(stream, "w") as archive:
        for path in _own_files(places):
            if path.name == layout.HEADER:
                header = {**layout.read_json(path), SPARE: []}
                archive.writestr(path.name, layout.encode(header))
            else:
                _write(archive, path, path.name)
            if path.name.startswith("events-"):
                _look_through(path, places, named, digests)
        archive.writestr(DIGESTS, layout.encode(digests))
        for relative in sorted(named):
            for path, name in _files_at(places.find(relative), relative):
                _write(archive, path, name)


def archive_name(folder: Path) -> str:
    """Return the name of a journal's archive: that of its folder, of a part also the run's id."""
    header = layout.read_json(folder / layout.HEADER)
    run_id = header.get("settings", {}).get("run_id") if parts.HEADER in header else None
    return f"{folder.name}{_OF_RUN}{run_id}" if run_id else folder.name


def named_by(name: str) -> tuple[str, str | None]:
    """Return the folder and the run's id, if it is a part, that the name of an archive tells."""
    key, mark, run_id = name.partition(_OF_RUN)
    return key, run_id if mark else None


def unpack(fetch: Callable[[Path], None], root: Path, key: str) -> Path:
    """Make a journal of an archive: whole, or not at all.

    Args:
        fetch: copies the archive to a file.
        root: the folder that journals lie in.
        key: the journal's name there.

    Returns:
        The journal's folder.

    Raises:
        DamagedArchiveError: it is no archive of a journal.
        OSError: it can't be read or written.
    """
    arriving = root / _ARRIVING / f"{key}.{os.getpid()}"
    file = arriving.with_suffix(".zip")
    try:
        arriving.mkdir(mode=0o700, parents=True)
        fetch(file)
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                name = PurePosixPath(member.filename)
                if name.is_absolute() or ".." in name.parts or "\\" in member.filename:
                    raise DamagedArchiveError(f"it names {member.filename!r}, outside of a journal")
                path = archive.extract(member, arriving)  # which looks at its checksum
                if member.comment.isdigit():
                    os.utime(path, ns=(int(member.comment), int(member.comment)))
        if not (arriving / layout.HEADER).exists():
            raise DamagedArchiveError("it has no header of a journal")
        os.replace(arriving, root / key)
    except zipfile.BadZipFile as error:
        raise DamagedArchiveError(f"it is no archive of a journal ({error})") from error
    finally:
        file.unlink(missing_ok=True)
        shutil.rmtree(arriving, ignore_errors=True)
    return root / key


def _own_files(places: JournalPlaces) -> Iterator[Path]:
    """Yield the files at the top of a journal, but its locks; of two states the newer one."""
    found: dict[str, Path] = {}
    for place in places.existing():
        for path in place.iterdir():
            if not path.is_file() or path.name in _LEFT_BEHIND:
                continue
            other = found.get(path.name)
            if other is None or path.stat().st_mtime_ns > other.stat().st_mtime_ns:
                found[path.name] = path
    yield from (found[name] for name in sorted(found))


def _write(archive: zipfile.ZipFile, path: Path, name: str) -> None:
    about = zipfile.ZipInfo.from_file(path, name)
    about.compress_type = zipfile.ZIP_DEFLATED if path.suffix == ".jsonl" else zipfile.ZIP_STORED
    # The time to the nanosecond: by it the exporter sees that a file is as it was recorded.
    about.comment = str(path.stat().st_mtime_ns).encode()
    if path.is_dir():
        archive.writestr(about, b"")
        return
    with path.open("rb") as source, archive.open(about, "w", force_zip64=True) as target:
        shutil.copyfileobj(source, target, _BLOCK)


def _look_through(
    path: Path, places: JournalPlaces, named: set[str], digests: dict[str, Any]
) -> None:
    """Note which files of the journal events name, and what is to be known of files outside."""
    with path.open("rb") as lines:
        for line in lines:
            if not any(kind in line for kind in _WITH_FILES):
                continue  # metrics, the most of them
            try:
                event = json.loads(line)
            except ValueError:  # half a line, of a process that was killed as it wrote
                continue
            named.update(snapshot.files_named_by(event))
            if event["e"] == "input" and has_parts(event):
                with suppress(OSError, ValueError):  # as the exporter would be told there
                    digests[key_of_parts(event)] = list(parts_of(event, places))


def _files_at(path: Path, relative: str) -> Iterator[tuple[Path, str]]:
    if path.is_file():
        yield path, relative
    for top, folders, names in os.walk(path):
        place = PurePosixPath(relative, Path(top).relative_to(path).as_posix())
        yield from ((Path(top, name), str(place / name)) for name in names)
        if not folders and not names:
            yield Path(top), f"{place}/"
