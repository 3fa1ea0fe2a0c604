"""Opens a run again that has ended, because its tasks are run again: its next end decides anew."""

from typing import Any

from ..exporting.ending import TOLD
from ..logs import PlainLogger
from ..redact import redact_text
from ..store.mlflow_internals import artifacts_at

logger = PlainLogger(__name__)

OPEN = ("RUNNING", "SCHEDULED")
# What `end` says of a run that did not finish.
FAULT_TAGS = ("kedro.error", "kedro.failed_node")
TRACEBACK = "traceback.txt"


def reopen_run(client: Any, run: Any) -> None:
    """Open a run that has ended, and forget how; of one that is open it changes nothing.

    Args:
        client: an `MlflowClient`.
        run: the run.

    Raises:
        Exception: the store can't be used.
    """
    if run.info.status in OPEN:
        return
    run_id = run.info.run_id
    client.update_run(run_id, status="RUNNING")
    for key in run.data.tags:
        if key in FAULT_TAGS or key.startswith(f"{TOLD}."):
            client.delete_tag(run_id, key)
    try:
        if TRACEBACK in [one.path for one in client.list_artifacts(run_id)]:
            store = artifacts_at(run.info.artifact_uri, client.tracking_uri)
            store.delete_artifacts(TRACEBACK)
    except Exception as error:
        told = redact_text(str(error))
        logger.warning("The run's earlier %s stays, for it can't be deleted: %s", TRACEBACK, told)
