"""How fast MLflow alone takes metric steps; arguments: URI, how many batched, how many single."""

from __future__ import annotations

import sys
import time

from .session import report


def main() -> None:
    """Measure `log_batch` with the largest batch, and `mlflow.log_metric`."""
    import mlflow
    from mlflow.entities import Metric

    uri, batched, single = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    mlflow.set_tracking_uri(uri)
    client = mlflow.MlflowClient(uri)
    with mlflow.start_run() as run:
        mlflow.log_metric("warm", 1.0)
        begin = time.perf_counter()
        for start in range(0, batched, 1000):
            stamp = time.time_ns() // 1_000_000
            steps = range(start, start + 1000)
            client.log_batch(run.info.run_id, [Metric("loss", s / 7, stamp, s) for s in steps])
        batch_s = time.perf_counter() - begin
        begin = time.perf_counter()
        for step in range(single):
            mlflow.log_metric("slow", step / 7, step=step)
        single_s = time.perf_counter() - begin
    report(batch_s=batch_s, single_s=single_s)


if __name__ == "__main__":
    main()
