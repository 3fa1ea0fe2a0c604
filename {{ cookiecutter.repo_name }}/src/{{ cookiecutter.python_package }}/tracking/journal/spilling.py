"""What becomes of a journal that still waits as its process ends: it may go where it is kept."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import env, wings
from ..logs import PlainLogger
from ..redact import redact_text

logger = PlainLogger(__name__)

# Who sends SIGTERM waits for ten seconds (`docker stop`) until SIGKILL, and sending takes a while.
SECONDS_IF_KILLED = 3.0
# Clients of object stores try a refused connection again for some ten seconds.
_PATIENCE = 30.0
_READ_ONLY = ("data", "github", "http", "https", "libarchive", "reference", "tar", "zip")
ROOM = "the layer's optional room `spill/`, which is not in this project"


def place() -> str | None:
    """Return the URL that `KEDRO_MLFLOW_SPILL` names, or None."""
    return os.environ.get(env.SPILL, "").strip() or None


def fault_of(url: str) -> str | None:
    """Return why a URL is no place that outlives this machine; None if nothing speaks against it.

    Example:
        >>> fault_of("s3:/bucket")
        'is no URL, which begins with s3://'
    """
    protocol, mark, path = url.partition("://")
    protocol = protocol.rpartition("::")[2]
    if not mark:
        if no_url := re.match(r"([A-Za-z0-9+]{2,}):", url):
            return f"is no URL, which begins with {no_url[1]}://"
        is_whole = Path(url).expanduser().is_absolute()
        return None if is_whole else "is neither an absolute path nor a URL, say s3://bucket/folder"
    if protocol == "memory":
        return "is lost as its process ends"
    if protocol in _READ_ONLY:
        return "can only be read"
    if protocol in ("file", "local"):
        return None if path.startswith("/") else "is no absolute path, as file:///shared/folder is"
    return None if path.strip("/") else "names no bucket or folder"


def leave(
    folders: Sequence[Path],
    credentials: Mapping[str, str],
    wait: float,
    summary: dict[str, Any],
) -> None:
    """Send a run's journals, which wait, to the place that `KEDRO_MLFLOW_SPILL` names.

    Args:
        folders: the journals' folders.
        credentials: environment variables that open it, beside those that are set.
        wait: how long the end of a run may wait, in seconds.
        summary: what is told of the run; where the journal is now is added.
    """
    url = str(place())
    told: dict[str, Any] = {"sent": [], "error": None if wings.spillers() else ROOM}
    for send in wings.spillers():
        told = send(folders, url, credentials, max(_PATIENCE, wait))
    if str(summary.get("journal")) in [str(one) for one in folders if one.name in told["sent"]]:
        summary.update(state="spilled", journal=redact_text(url))
    if told["error"] is not None:
        summary["notes"].append(f"not spilled to {env.SPILL}: {told['error']}")
