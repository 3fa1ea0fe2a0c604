"""Tell what a store holds of each run, as JSON; run by the Python of a trial.

    python -I scripts/trial/look.py sqlite:////path/to/sqlite.db

It imports MLflow and nothing of this repository: the store may be of a newer MLflow than the one
that the tools of this repository use.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from mlflow import MlflowClient


def runs(uri: str) -> list[dict[str, Any]]:
    """Return what a store holds of each of its runs.

    Args:
        uri: the tracking URI of the store.

    Returns:
        For each run its `id`, `status`, the names of its `metrics`, the size in bytes of each file
        among its `artifacts`, and for each of its `traces` the state and the number of spans.
    """
    client = MlflowClient(uri)
    found = []
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    for run in client.search_runs(experiments):
        run_id = run.info.run_id
        traces = client.search_traces(locations=[run.info.experiment_id], run_id=run_id)
        found.append(
            {
                "id": run_id,
                "status": run.info.status,
                "metrics": sorted(run.data.metrics),
                "artifacts": {item.path: item.file_size for item in client.list_artifacts(run_id)},
                "traces": [
                    {"state": trace.info.state.value, "spans": len(trace.data.spans)}
                    for trace in traces
                ],
            }
        )
    return found


if __name__ == "__main__":
    print(json.dumps(runs(sys.argv[1])))
