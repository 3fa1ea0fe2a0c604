"""Runs in the project's own interpreter: makes an experiment, or prints its runs as JSON."""

import json
import os
import sys
from typing import Any


def make(uri: str, experiment: str, artifacts: str) -> str:
    """Make an experiment in a new store; returns its id."""
    from mlflow import MlflowClient

    made: str = MlflowClient(uri).create_experiment(experiment, artifact_location=artifacts)
    return made


def read(uri: str, experiment: str, _: str) -> list[dict[str, Any]]:
    """Return what an experiment has of each run."""
    import mlflow
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    mlflow.set_tracking_uri(uri)  # by which MLflow 3.17 reads a trace's file
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    told = []
    for run in client.search_runs([found.experiment_id]):
        inputs = run.inputs.dataset_inputs if run.inputs is not None else []
        traces = client.search_traces(locations=[found.experiment_id])
        told.append(
            {
                "name": run.info.run_name,
                "status": run.info.status,
                "params": list(run.data.params),
                "metrics": list(run.data.metrics),
                "artifacts": [file.path for file in client.list_artifacts(run.info.run_id)],
                "inputs": [one.dataset.name for one in inputs],
                "spans": [span.name for trace in traces for span in trace.data.spans],
            }
        )
    return told


if __name__ == "__main__":
    # Names of this folder are none to be imported.
    own = os.path.dirname(os.path.realpath(__file__))
    sys.path[:] = [one for one in sys.path if os.path.realpath(one) != own]
    print(json.dumps({"make": make, "read": read}[sys.argv[1]](*sys.argv[2:5])))
