"""How long MLflow alone takes to log a folder; arguments: URI, location of artifacts, folder."""

from __future__ import annotations

import sys
import time

from .session import peak_mb, report


def main() -> None:
    """Measure `MlflowClient.log_artifacts`, imports and opening the store left out."""
    import mlflow

    uri, location, folder = sys.argv[1:]
    client = mlflow.MlflowClient(uri)
    experiment = client.create_experiment("alone", artifact_location=location)
    run = client.create_run(experiment)
    begin = time.perf_counter()
    client.log_artifacts(run.info.run_id, folder)
    report(seconds=time.perf_counter() - begin, peak_mb=peak_mb())


if __name__ == "__main__":
    main()
