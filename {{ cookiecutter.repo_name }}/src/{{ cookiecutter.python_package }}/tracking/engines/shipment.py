"""What a node has recorded on a worker without the run's disk, on its way into the journal."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..journal import layout, snapshot
from ..journal.artifact_names import NAMES
from ..journal.reader import JournalReader
from ..journal.writer import JournalWriter
from ..logs import PlainLogger
from .log_lines import say_lines

logger = PlainLogger(__name__)

# A larger file goes to MLflow from the worker itself.
MAX_FILE = 64 * 1024 * 1024


@dataclass
class JournalPart:
    """Events of one journal, with the files that they name.

    Args:
        name: of its folder: the run's key, or that of what is saved elsewhere.
        header: of a journal of what is saved elsewhere; None of the run's own.
        events: what was said.
        files: contents, by their paths in the journal.
        names: which artifact has which name, see `journal/artifact_names.py`.
    """

    name: str
    header: dict[str, Any] | None
    events: list[dict[str, Any]]
    files: dict[str, bytes]
    names: dict[str, bytes] = field(default_factory=dict)


@dataclass
class Shipment:
    """What goes from a worker to the process of the run.

    Args:
        said: warnings for the log, by their keys.
        journals: what was recorded.
        notes: what the run's panel is to tell.
        lines: what nodes have said in the log, see `log_lines.py`.
    """

    said: dict[str, str] = field(default_factory=dict)
    journals: list[JournalPart] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def add(self, other: "Shipment") -> None:
        """Take in what another one has."""
        self.said.update(other.said)
        self.journals += other.journals
        self.notes += other.notes
        self.lines += other.lines


@dataclass(frozen=True)
class LargeFile:
    """A file, or a folder, that is too large to travel with the result of a node.

    Args:
        path: where it lies.
        folder: the folder inside the run's artifacts.
    """

    path: Path
    folder: str | None


def pack(recorder: Any) -> tuple[Shipment, list[LargeFile]]:
    """Return what is new in a node's passing journal, and what is too large to be in that.

    Args:
        recorder: the node's.
    """
    shipment = Shipment(recorder.take_said())
    large: list[LargeFile] = []
    own = recorder.new_events()
    names = {path.name: path.read_bytes() for path in (recorder.folder / NAMES).glob("*")}
    part, found = _part(recorder.folder, None, own)
    part.names = names
    kept, recorder.kept = recorder.kept, []
    part.files.update(_contents(recorder.folder, kept))
    shipment.journals.append(part)
    large += found
    for side in recorder.sides.values():
        if side is not recorder:
            header = layout.read_json(side.folder / layout.HEADER)
            # Without a limit: it is another run's, which an exporter here does not know.
            part, _ = _part(side.folder, header, [*JournalReader(side.folder).poll()], None)
            shipment.journals.append(part)
    return shipment, large


def _part(
    folder: Path,
    header: dict[str, Any] | None,
    events: list[dict[str, Any]],
    limit: int | None = MAX_FILE,
) -> tuple[JournalPart, list[LargeFile]]:
    kept: list[dict[str, Any]] = []
    files: dict[str, bytes] = {}
    large: list[LargeFile] = []
    for event in events:
        if event["e"] == "artifact":
            path = folder / event["f"]
            size = snapshot.size_of(path)
            if limit is not None and size > limit:
                large.append(LargeFile(path, event.get("p")))
                continue
            # As it arrives it is another file, which nobody else writes.
            event = {name: value for name, value in event.items() if name != "state"}
            event["size"] = size
        files.update(_contents(folder, snapshot.files_named_by(event)))
        kept.append(event)
    return JournalPart(folder.name, header, kept, files), large


def _contents(folder: Path, names: list[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name in names:
        top = folder / name
        paths = [top] if top.is_file() else [one for one in top.rglob("*") if one.is_file()]
        found.update((one.relative_to(folder).as_posix(), one.read_bytes()) for one in paths)
    return found


def bring_home(recorder: Any, shipment: Any) -> None:
    """Put what a worker has sent into the run's journal; never raises.

    Args:
        recorder: the run's, in its own process; None if it is not tracked.
        shipment: what came; None if everything lies in the journal.
    """
    if recorder is None or shipment is None:
        return
    say_lines(shipment.lines)
    for key, message in shipment.said.items():
        recorder.warn(key, message)
    for note in shipment.notes:
        recorder.tell(note)
    for part in shipment.journals:
        try:
            _unpack(recorder, part)
        except OSError as error:
            logger.warning("What a worker has recorded does not get into the journal: %s.", error)


def _unpack(recorder: Any, part: JournalPart) -> None:
    def write(place: Path) -> Path:
        folder = place if part.header is None else place.with_name(part.name)
        folder.mkdir(mode=0o700, exist_ok=True)
        if part.header is not None and not (folder / layout.HEADER).exists():
            header = {**part.header, "main": str(recorder.folder)}
            layout.write_json(folder / layout.HEADER, header, lasting=True)
        _write_files(folder, part)
        return folder

    folder = recorder.places.store(write)
    if part.header is None:
        for event in part.events:
            recorder.append(event)
        return
    writer = JournalWriter(folder)
    for event in part.events:
        writer.append(event)
    writer.close()


def _write_files(folder: Path, part: JournalPart) -> None:
    for name, content in part.files.items():
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(content)
    for name, content in part.names.items():
        path = folder / NAMES / name
        if not path.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            path.write_bytes(content)
