"""Which conflicts an update has left open, and how they are shown to Git.

Git's index then holds the update as it holds a merge with conflicts: all else is staged. The order
of an update is: write the record, put the stages into Git's index, swap the folder.
Stages first, because a folder with markers and a silent index could be committed unseen. Killed
between the two, Git refuses to commit a folder that is still the old one whole, and the next update
finds in the record that the swap never came, and takes the stages back.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..manifest import MANIFEST, Manifest, layer_files, read_manifest
from .checkout import Checkout, Entry, Stages, checkout_of
from .merge import has_markers
from .plan import File, Step
from .source import project_of


@dataclass
class Record:
    """What an update was about to do, kept until its conflicts are closed.

    It lies in Git's own folder as MERGE_HEAD does, or else at the project's root.

    Args:
        place: its file.
        version: the version that was to come.
        manifest: the SHA-256 of that version's manifest, by which a swap is known to have come.
        notes: by path, what each conflict is about.
        before: by path, the index entry that the stages took the place of; None if there was none.
        stages: by path, the stages that were put into the index.
    """

    place: Path
    version: str
    manifest: str
    notes: dict[str, str] = field(default_factory=dict)
    before: dict[str, Entry | None] = field(default_factory=dict)
    stages: dict[str, Stages] = field(default_factory=dict)

    def write(self) -> None:
        """Write it whole or not at all."""
        content = {key: value for key, value in vars(self).items() if key != "place"}
        part = self.place.with_name(f"{self.place.name}.part")
        part.write_text(json.dumps(content, indent=2) + "\n", "utf8")
        os.replace(part, self.place)

    def has_come(self, folder: Path) -> bool:
        """Whether the folder is the one that the update has built."""
        return fingerprint_of(folder) == self.manifest


def fingerprint(manifest: Manifest) -> str:
    """Return the SHA-256 by which a record knows a manifest again."""
    return hashlib.sha256(manifest.text().encode()).hexdigest()


def fingerprint_of(folder: Path) -> str | None:
    """Return that of a folder's manifest; None where it can't be read."""
    try:
        return fingerprint(read_manifest(folder))
    except ValueError:
        return None


def record_place(folder: Path, checkout: Checkout | None) -> Path:
    """Return where the record of a tracking folder lies."""
    if checkout is None:
        return project_of(folder) / ".layer-update.json"
    name = hashlib.sha256(checkout.prefix.encode()).hexdigest()[:8]
    return checkout.git_dir / f"kedro-layer-{name}.json"


def read_record(folder: Path, checkout: Checkout | None) -> Record | None:
    """Return the record of the last update; None where nothing is open."""
    place = record_place(folder, checkout)
    try:
        content = json.loads(place.read_text("utf8"))
    except FileNotFoundError:
        return None
    before = {path: tuple(entry) if entry else None for path, entry in content["before"].items()}
    stages = {
        path: {int(number): (mode, name) for number, (mode, name) in entries.items()}
        for path, entries in content["stages"].items()
    }
    return Record(place, content["version"], content["manifest"], content["notes"], before, stages)


def stage(checkout: Checkout, steps: Iterable[Step], manifest: bytes, record: Record) -> None:
    """Put an update with conflicts into the index, and the entries before into the record.

    Args:
        checkout: the owner's.
        steps: the plan.
        manifest: the content of the new manifest.
        record: where both are written down before.
    """
    now = {path: stages[0] for path, stages in checkout.index().items() if 0 in stages}
    keeps_modes = checkout.keeps_modes()

    def added(path: str, file: File, mine: Entry | None) -> Stages:
        name = checkout.add_blob(file.on_disk, None if file.link else path)
        return {0: (mine[0] if mine is not None and not keeps_modes else file.mode, name)}

    changes: dict[str, Stages] = {MANIFEST: added(MANIFEST, File(manifest), now.get(MANIFEST))}
    for step in steps:
        mine = now.get(step.moved_from or step.path)
        if step.moved_from is not None:
            changes[step.moved_from] = {}
        if step.kind == "conflict":
            changes[step.path] = _stages(checkout, step, mine)
        elif step.result is not None:
            changes[step.path] = added(step.path, step.result, mine)
        elif step.kind == "delete":
            changes[step.path] = {}
    record.before = {path: now.get(path) for path in changes}
    record.stages = changes
    record.write()
    checkout.write_index(changes)


def _stages(checkout: Checkout, step: Step, mine: Entry | None) -> Stages:
    crlf = mine is not None and b"\r\n" in checkout.blob(mine[1])
    found = {}
    for number, file in enumerate(step.stages, start=1):
        if number == 2 and mine is not None:
            found[number] = mine
        elif file is not None:
            content = replace(file, crlf=crlf).on_disk
            found[number] = (file.mode, checkout.add_blob(content))
    return found


def take_back(folder: Path, checkout: Checkout | None) -> None:
    """Undo what an update did that was killed before its swap; forget one that is closed."""
    record = was_broken_off(folder, checkout)
    if record is not None and checkout is not None:
        before = {path: record.before[path] for path in _still_staged(record, checkout)}
        checkout.write_index({p: {0: entry} if entry else {} for p, entry in before.items()})
    if not open_conflicts(folder, checkout):
        record_place(folder, checkout).unlink(missing_ok=True)


def open_conflicts(folder: Path, checkout: Checkout | None = None) -> dict[str, str]:
    """Return the conflicts of a folder that wait for the owner: by path, what each is about.

    With Git, one is closed by `git add` or `git rm` on a file without markers. Without Git, by a
    file without markers; one that has none is closed by deleting the record.

    Args:
        folder: the tracking folder.
        checkout: its working copy; looked up if not given.
    """
    checkout = checkout or checkout_of(folder)
    record = read_record(folder, checkout)
    unmerged = set(checkout.unmerged()) if checkout is not None else set()
    notes = record.notes if record is not None and record.has_come(folder) else {}
    found = {path: notes.get(path, "unmerged in Git") for path in unmerged}
    for path, note in notes.items():
        file = folder / path
        marked = file.is_file() and has_markers(file.read_bytes())
        waits = checkout is None and file.is_file() and note.startswith(("deleted", "no text"))
        if path not in unmerged and (marked or waits):
            found[path] = note
    # Also where the record is gone: what has our markers can't be imported.
    for path in set(layer_files(folder)) - set(found):
        if has_markers((folder / path).read_bytes()):
            found[path] = "has conflict markers"
    return dict(sorted(found.items()))


def was_broken_off(folder: Path, checkout: Checkout | None) -> Record | None:
    """Return the record of an update that was killed between its stages and its swap."""
    record = read_record(folder, checkout)
    if record is None or checkout is None or record.has_come(folder):
        return None
    # Stages of a conflict only: all else is in the index after each commit and pull of the update.
    ours = _still_staged(record, checkout)
    return record if any(record.stages[path].keys() - {0} for path in ours) else None


def _still_staged(record: Record, checkout: Checkout) -> list[str]:
    """Return the paths whose stages are ours, and not those of the owner's own merge."""
    now = checkout.index()
    return [path for path, stages in record.stages.items() if now.get(path, {}) == stages]
