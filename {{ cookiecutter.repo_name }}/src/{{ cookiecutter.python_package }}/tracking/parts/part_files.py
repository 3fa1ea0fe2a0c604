"""What the parts of a run have left in MLflow: the newest try of each task."""

import json
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from ..journal.parts import FOLDER, label_of, try_of_file
from ..store.client import together
from ..store.reasons import StoreError
from ..timeline.nodes import NodeTimes

# A store that is a folder shows a file while it is written.
_TRIES, _PAUSE = 10, 0.2


@dataclass(frozen=True)
class PartFile:
    """The newest try of a task, as its exporter wrote it last.

    Args:
        content: the file, see `exporting/part_export.py`.
        others: how many other processes have said the same try.
    """

    content: dict[str, Any]
    others: int = 0

    @property
    def label(self) -> str:
        """What people are told of it."""
        task, attempt = str(self.content["task"]), int(self.content["try"])
        return f"{label_of(task, attempt)} on {self.content.get('host')}"

    @property
    def told_of_others(self) -> str:
        """What is told where other processes have said the same try."""
        return (
            f"{self.label} was begun {1 + self.others} times by this number, and the last one "
            f"counts: give each a number of its own"
        )

    @property
    def failed_node(self) -> str | None:
        """The node that broke it."""
        found = self.content.get("failed_node")
        return None if found is None else str(found)

    @property
    def is_running(self) -> bool:
        """Whether it has not said yet how it ended."""
        return str(self.content.get("state")) == "RUNNING"

    @property
    def unended(self) -> str:
        """What is told where it has not."""
        return f"{self.label} began and never ended"

    @property
    def fault(self) -> str | None:
        """What went wrong with it; None if it has finished."""
        state, error = str(self.content.get("state")), self.content.get("error")
        if state == "FINISHED":
            return None
        if self.is_running:
            return self.unended
        where = f" in the node {self.failed_node!r}" if self.failed_node else ""
        return f"{self.label} {'was killed' if state == 'KILLED' else 'failed'}{where}: {error}"

    @property
    def begin(self) -> int:
        """When it began, in nanoseconds since 1970."""
        return int(self.content["begin"])

    @property
    def nodes(self) -> list[NodeTimes]:
        """The times of its nodes."""
        nodes = [NodeTimes.from_json(node) for node in self.content.get("nodes", ())]
        for node in nodes:
            node.part = f"{self.content['task']} on {self.content.get('host')}"
            node.until = int(self.content.get("end") or 0)
        return nodes


def read_parts(client: Any, run_id: str) -> list[PartFile]:
    """Return the newest try of each task of a run, the first that began first.

    Args:
        client: an `MlflowClient`.
        run_id: the run.

    Raises:
        StoreError: one can't be read.
        Exception: the store, or that of the artifacts, can't be used.
    """
    tasks = [one.path for one in client.list_artifacts(run_id, FOLDER) if one.is_dir]
    found: list[PartFile] = []
    together(client.tracking_uri, [partial(_read, client, run_id, one, found) for one in tasks])
    return sorted(found, key=lambda part: (part.begin, part.label))


def read_traceback(client: Any, run_id: str, part: PartFile) -> str | None:
    """Return where a part broke; None if it does not know."""
    folder = str(part.content["folder"])
    path = f"{folder}/traceback.txt"
    if path not in [one.path for one in client.list_artifacts(run_id, folder)]:
        return None
    return _text(client, run_id, path)


def _read(client: Any, run_id: str, task: str, found: list[PartFile]) -> None:
    files = [one.path for one in client.list_artifacts(run_id, task)]
    tries = [(known, path) for path in files if (known := try_of_file(PurePosixPath(path).name))]
    if not tries:
        return
    (attempt, _), newest = max(tries)
    others = sum(other == attempt for (other, _), _ in tries) - 1
    for _ in range(_TRIES):
        try:
            found.append(PartFile(dict(json.loads(_text(client, run_id, newest))), others))
            return
        except ValueError:
            time.sleep(_PAUSE)
    raise StoreError(f"the artifact {newest!r} of the run {run_id} can't be read")


def _text(client: Any, run_id: str, path: str) -> str:
    with TemporaryDirectory() as folder:
        return Path(client.download_artifacts(run_id, path, folder)).read_text("utf-8")
