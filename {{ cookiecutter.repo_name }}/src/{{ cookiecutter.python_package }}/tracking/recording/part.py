"""Whether the run that begins here is a part of one that other processes add to too."""

import os
import re
import selectors
import socket
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, BinaryIO

from .. import env
from ..journal import parts
from ..program import mlflow_command
from ..redact import redact_text
from ..settings import TrackingSettings
from .repeat_command import repeat_command, runner_name

_FORM = "set it to <task>/<try>, say train/1"


class PartRefusedError(Exception):
    """A part that can't belong to its run, for a reason that its text tells with the remedy."""


def is_part() -> bool:
    """Whether the environment says that runs of this process are parts."""
    return bool(os.environ.get(env.PART, "").strip())


def part_of_run(run_id: str | None, run_params: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what the journal's header says of a part; None where the run is whole.

    Args:
        run_id: the run that it belongs to.
        run_params: of Kedro.

    Raises:
        PartRefusedError: `KEDRO_MLFLOW_PART` can't be used.
    """
    text = os.environ.get(env.PART, "").strip()
    if not text:
        return None
    task, mark, attempt = (word.strip() for word in text.rpartition("/"))
    if not mark:
        raise PartRefusedError(f"{env.PART} is {text!r}, without a try; {_FORM}")
    if not task:
        raise PartRefusedError(f"{env.PART} is {text!r}, without a task; {_FORM}")
    if not re.fullmatch("[0-9]{1,15}", attempt) or int(attempt) < 1:
        told = f"whose try {attempt!r} is no number from 1 on"
        raise PartRefusedError(f"{env.PART} is {text!r}, {told}; {_FORM}")
    if not run_id:
        raise PartRefusedError(
            f"{env.PART} is set, and {env.RUN_ID} is not; set it to what "
            f"`{mlflow_command('begin')}` printed"
        )
    task = redact_text(task)
    return {
        "task": task,
        "try": int(attempt),
        "folder": parts.folder_of_try(task, int(attempt)),
        "host": socket.gethostname(),
        "runner": runner_name(run_params.get("runner") or "SequentialRunner"),
        "command": repeat_command(run_params),
    }


def run_of(settings: TrackingSettings) -> dict[str, Any]:
    """Return what an exporter is told of the run that a part is to belong to."""
    return {"run_id": settings.run_id, "experiment_id": settings.experiment_id}


def first_line(stream: BinaryIO, seconds: float) -> bytes:
    """Return the first line that a process writes; what follows stays for another reader.

    Args:
        stream: its standard output.
        seconds: how long to wait at the most; then the line is empty.
    """
    if sys.platform == "win32":  # pipes can't be waited for there, threads can
        found: list[bytes] = []
        reader = threading.Thread(target=lambda: found.append(stream.readline()), daemon=True)
        reader.start()
        reader.join(seconds)
        return found[0] if found else b""
    line, deadline = b"", time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            # One by one: there is no way to give back what was read too far.
            byte = os.read(stream.fileno(), 1) if left > 0 and selector.select(left) else b""
            if not byte:
                return b""
            line += byte
    return line


def refuse_part_here(settings: TrackingSettings) -> None:
    """Do what `ExporterProcess.refuse_part` does, from this very process, with `export="end"`.

    Args:
        settings: where the run goes, with the credentials.

    Raises:
        PartRefusedError: the run can't have this part.
    """
    from ..exporting.belonging import refusal_of_part
    from ..store.client import http_settings

    with http_settings(), env.added(settings.credentials):
        refused = refusal_of_part(settings.uri, settings.experiment_name, run_of(settings))
    if refused is not None:
        raise PartRefusedError(refused)
