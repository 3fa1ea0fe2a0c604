"""What lies in the folder of a run's journal besides its events: header, state, signs of life."""

import contextlib
import json
import os
import secrets
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..logs import PlainLogger
from ..program import mlflow_command
from ..version import LAYER
from .disk import sync
from .places import JournalPlaces

logger = PlainLogger(__name__)

FORMAT = 1
HEADER = "run.json"
STATE = "state.json"
ALIVE = "alive.json"
EXPORTED_HEADER = "exported-run.json"
KEPT = "exported.json"

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, default=str).encode
# What `JSONEncoder.encode` makes anew for each value, which takes 0.8 of its 2.1 us (Python 3.10 to
# 3.14). Tried below; another Python may have it no longer.
_make_encoder: Any = getattr(json.encoder, "c_make_encoder", None)


def _encoder() -> Callable[[Any], str]:
    escape = json.encoder.encode_basestring_ascii
    try:
        parts = _make_encoder(None, str, escape, None, ":", ",", False, False, True)
        if "".join(parts({"a": [1.5, None]}, 0)) != '{"a":[1.5,null]}':
            return _encode
    except TypeError:
        return _encode
    return lambda value: "".join(parts(value, 0))


encode = _encoder()


def new_key() -> str:
    """Return a key for a run: sortable by time, and unique (Kedro's own `run_id` is not)."""
    return f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(4)}"


def write_json(path: Path, content: dict[str, Any], lasting: bool = False) -> None:
    """Write a JSON file so that a reader sees the old or the new content, never half of it.

    Args:
        path: the file.
        content: what stands in it.
        lasting: wait until it is on its disk, so that a power cut leaves it.

    Raises:
        OSError: the disk does not take it.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(2)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(encode(content))
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    if lasting:
        sync(path.parent)


def read_json(path: Path) -> dict[str, Any]:
    """Read what `write_json` wrote; an absent or damaged file is an empty dict."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def refusal(header: dict[str, Any]) -> str | None:
    """Return why this layer leaves a journal alone; None if it can read it.

    Args:
        header: what the journal's header says; one without a format has the first.
    """
    found = header.get("format", 1)
    if type(found) is int and 1 <= found <= FORMAT:
        return None
    by = header.get("layer")
    writer, reader = (f"layer {by}", f"layer {by} or newer") if by else ("another", "a newer one")
    return (
        f"its journal has format {found!r}, written by {writer}; this layer, {LAYER}, reads up to "
        f"format {FORMAT}; it stays untouched. Bring the project to {reader} with "
        f"`{mlflow_command('layer update')}`, then sync again"
    )


def places_of(folder: Path) -> JournalPlaces:
    """Return the folders of a run's journal, its own and the spare ones that its header names."""
    return JournalPlaces(folder, read_json(folder / HEADER))


def main_folder(folder: Path) -> Path:
    """Return the journal of the run that a side journal belongs to; else the journal itself."""
    header = read_json(folder / HEADER)
    main = header.get("side_of") or folder.name.partition(".")[0]
    # Beside it; elsewhere if one disk of the two was full.
    for place in (folder.with_name(str(main)), Path(str(header.get("main") or folder))):
        if place.is_dir():
            return place
    return folder


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """Write how far the export of a journal has come; logged only where no disk takes it."""

    def write(place: Path) -> Path:
        write_json(place / STATE, state)
        return place / STATE

    try:
        places_of(folder).store(write)
    except OSError as error:
        logger.warning("The state of the export is not written: %s", error)


def read_state(folder: Path) -> dict[str, Any]:
    """Read what `write_state` wrote last; an empty dict if there is nothing."""
    found = [path for place in places_of(folder).existing() if (path := place / STATE).exists()]
    newest = max(found, key=lambda path: path.stat().st_mtime_ns, default=None)
    return read_json(newest) if newest is not None else {}


def event_files(folder: Path) -> dict[str, int]:
    """Return the sizes of a journal's files of events, by their names: what an end was said of."""
    places = places_of(folder).existing()
    files = (path for place in places for path in place.glob("events-*.jsonl"))
    return {path.name: path.stat().st_size for path in files}


def folder_size(folder: Path) -> int:
    """Return the size of all files of a journal, in bytes."""
    places = places_of(folder).existing()
    sizes = (entry.lstat() for place in places for entry in place.rglob("*"))
    return sum(info.st_size for info in sizes if stat.S_ISREG(info.st_mode))


def mark_exported(folder: Path) -> None:
    """Make a journal one that no longer waits, in one step that a kill cannot cut in two."""
    os.replace(folder / HEADER, folder / EXPORTED_HEADER)
    sync(folder)  # before its events go: what is half removed must not count as waiting


def remove_exported(root: Path) -> None:
    """Delete exported journals, but those to keep; a kill may have left one half deleted."""
    for header in root.glob(f"*/{EXPORTED_HEADER}"):
        if not (header.parent / KEPT).exists():
            # The one that names the others goes last.
            for place in reversed(JournalPlaces(header.parent, read_json(header)).existing()):
                _remove(place)


def _remove(place: Path) -> None:
    """Delete a folder of a journal, its header last: it is how a later try finds the rest."""
    with contextlib.suppress(OSError):  # another exporter may remove it too
        for path in place.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != EXPORTED_HEADER:
                path.unlink()
        sync(place)
    shutil.rmtree(place, ignore_errors=True)
