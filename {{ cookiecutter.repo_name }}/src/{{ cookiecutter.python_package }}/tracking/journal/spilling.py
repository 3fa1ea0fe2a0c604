"""What becomes of a journal that still waits as its process ends: it may go where it is kept."""

import os
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
ROOM = "the layer's optional room `spill/`, which is not in this project"


def place() -> str | None:
    """Return the URL that `KEDRO_MLFLOW_SPILL` names, or None."""
    return os.environ.get(env.SPILL, "").strip() or None


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
