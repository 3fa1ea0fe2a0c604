"""Sends what waits of a run away as its process ends: the side of the pipeline, or its exporter.

In a process of its own: this one may be ending, and starts no threads any more.
"""

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import env
from ..logs import PlainLogger

logger = PlainLogger(__name__)

_SENDER = f"{__name__.rpartition('.')[0]}.sending"


def launch(
    folders: Sequence[Path], url: str, credentials: Mapping[str, str], patience: float
) -> dict[str, Any]:
    """Send journals to a place; those that arrive are removed here.

    Args:
        folders: the journals' folders.
        url: the place's URL, see `SpillPlace`.
        credentials: environment variables that open it, beside those that are set.
        patience: how long to wait while nothing goes on, in seconds.

    Returns:
        `sent`, the names of those that have arrived, and `error`, why the others have not.
    """
    told: dict[str, Any] = {"sent": [], "error": None}
    job = {"folders": [str(one) for one in folders], "url": url, "credentials": dict(credentials)}
    # Ctrl-C, said twice, and a closed terminal are for the pipeline.
    own_group: dict[str, Any] = {} if os.name == "nt" else {"start_new_session": True}
    with subprocess.Popen(
        [sys.executable, "-m", _SENDER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=env.for_child(__name__, __file__),
        **own_group,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(job).encode())
            process.stdin.close()
            for line in _lines(process, patience):
                said = json.loads(line)
                told["sent"] += [said["sent"]] if "sent" in said else []
                told["error"] = said.get("error") or told["error"]
        except (OSError, ValueError) as error:  # it was killed
            logger.debug("What was spilled is not known.", exc_info=True)
            told["error"] = str(error)
        if process.poll() is None:
            process.kill()
    left = len(folders) - len(told["sent"])
    if left and told["error"] is None:
        told["error"] = f"nothing goes on for {patience:g} s, or its sender was killed"
    return told


def _lines(process: "subprocess.Popen[bytes]", patience: float) -> Any:
    """Yield what a process says, until it ends, or says nothing for a time."""
    assert process.stdout is not None
    if sys.platform == "win32":  # pipes can't be waited for there
        yield from process.stdout
        return
    rest, deadline = b"", time.monotonic() + patience
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            block = os.read(process.stdout.fileno(), 65536)
            if not block:
                return
            deadline = time.monotonic() + patience
            *whole, rest = (rest + block).split(b"\n")
            yield from whole
