"""Files that are too large to travel: an exporter of the worker's own brings them to MLflow."""

import json
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import env
from ..redact import redact_text
from .shipment import LargeFile

_PROGRAM = f"{__name__.rpartition('.')[0]}.upload"
_LATER = (
    "the run is made in MLflow when it has ended (`export`), and only files of up to 64 MB wait"
)


class LargeFiles:
    """Sends large files of a run from this worker, each node's by a process of its own.

    Args:
        about: the run, an `on_worker.RunOnWorkers`.
    """

    def __init__(self, about: Any) -> None:
        self._about = about
        self._under_way: list[tuple[Any, Path, list[LargeFile]]] = []

    def send(self, files: Sequence[LargeFile]) -> None:
        """Begin to send files; nobody waits for it before the end of the run.

        Args:
            files: they are moved to a folder of their own, which goes when all are sent.
        """
        folder = Path(tempfile.mkdtemp(prefix="mlflow-large-"))
        moved = [_moved(one, folder / str(number)) for number, one in enumerate(files)]
        header = self._about.journal["header"]
        if header.get("settings", {}).get("export") != "live":
            self._under_way.append((None, folder, moved))
            return
        job = {
            **self._about.store,
            "header": header,
            "files": [[str(one.path), one.folder] for one in moved],
        }
        process = subprocess.Popen(
            [sys.executable, "-m", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=env.for_child(__name__, __file__),
        )
        assert process.stdin is not None
        # Through a pipe: an environment can be read by others.
        process.stdin.write(json.dumps(job).encode())
        process.stdin.close()
        self._under_way.append((process, folder, moved))

    def wait(self) -> list[str]:
        """Wait until all are sent; returns what could not be, with host, path and reason."""
        notes = []
        for process, folder, files in self._under_way:
            failed = _failed(process, files)
            notes += [_told(one, failed[str(one.path)]) for one in files if str(one.path) in failed]
            if not failed:
                shutil.rmtree(folder, ignore_errors=True)
        self._under_way.clear()
        return notes


def _moved(one: LargeFile, folder: Path) -> LargeFile:
    folder.mkdir(mode=0o700)
    return LargeFile(Path(shutil.move(one.path, folder / one.path.name)), one.folder)


def _failed(process: Any, files: Sequence[LargeFile]) -> dict[str, str]:
    """Return why files could not be sent, by their paths."""
    if process is None:
        return {str(one.path): _LATER for one in files}
    with process:
        answer = process.stdout.read()
    try:
        return dict(json.loads(answer))
    except ValueError:
        reason = f"its exporter ended with exit code {process.returncode}"
        return {str(one.path): reason for one in files}


def _told(one: LargeFile, reason: str) -> str:
    name = f"{one.folder or ''}/{one.path.name}".lstrip("/")
    host = socket.gethostname()
    return redact_text(
        f"the artifact {name!r} is not in MLflow: {reason}. It lies on {host}: {one.path}"
    )
