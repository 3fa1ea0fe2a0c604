"""Workers that a run has lost on its way, as the scheduler's own record of events tells."""

from collections.abc import Iterator
from typing import Any

from ..logs import PlainLogger
from .dask_cluster import node_of_key

logger = PlainLogger(__name__)

# The events in which a scheduler tells of its workers.
_TOPIC = "all"


def tell_of_lost_workers(client: Any, token: str, recorder: Any) -> None:
    """Tell of each worker whose nodes were run again, in the log and in the panel; never raises.

    Args:
        client: of the cluster.
        token: the run's.
        recorder: the run's; None if it is not tracked.
    """
    try:
        events = client.get_events(_TOPIC)
    except Exception:  # as where the scheduler is lost, which the run tells
        logger.debug("The scheduler does not tell which workers were lost.", exc_info=True)
        return
    for note in _notes(events, token):
        logger.warning("%s.", note[0].upper() + note[1:])
        if recorder is not None:
            recorder.tell(note)


def _notes(events: Any, token: str) -> Iterator[str]:
    for _, event in events:
        if not isinstance(event, dict) or event.get("action") != "remove-worker":
            continue
        for kind, how in (("processing-tasks", ""), ("lost-computed-tasks", "the results of ")):
            keys = [str(key) for key in event.get(kind, ()) if str(key).endswith(f"-{token}")]
            nodes = sorted({repr(name) for key in keys if (name := node_of_key(key)) is not None})
            if nodes:
                yield (
                    f"the Dask worker {event['worker']} was lost with {how}{', '.join(nodes)}, and "
                    f"Dask runs again what is needed; look there for what ended it, often it needs "
                    f"more memory than it has"
                )
