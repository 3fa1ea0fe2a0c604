"""What the end of a run tells its user: the run's metrics beside the best and the previous run."""

from pathlib import Path
from typing import Any

from . import journal
from .export import RunExport
from .redact import redact_text
from .store import reason

# Each is a search of its own, which the end of the run waits for.
MAX_COMPARED = 3
MAX_SHOWN = 10

_LOWER_IS_BETTER = ("loss", "error", "mse", "rmse", "mae", "mape", "logloss", "perplexity")
# Times of the run and its nodes have their own place in MLflow.
_NOT_SHOWN = ("__", "_time_to_", "system/")


def is_lower_better(metric: str) -> bool:
    """Whether a metric of this name is usually an error or a loss."""
    words = metric.lower().replace(".", "_").replace("-", "_").replace(" ", "_").split("_")
    return any(word in _LOWER_IS_BETTER for word in words)


def summarize(folder: Path, export: RunExport | None, error: str | None) -> dict[str, Any]:
    """Return the summary of a run as a JSON-ready dict.

    Args:
        folder: the run's journal folder.
        export: the export, where it came that far.
        error: why the run, or a part of it, is not in MLflow; None if all of it is.
    """
    header = export.header if export is not None else journal.read_json(folder / journal.HEADER)
    settings = header.get("settings", {})
    end = export.end if export is not None else None
    summary: dict[str, Any] = {
        "state": "exported" if error is None else "waiting",
        "run_id": export.run_id if export is not None else None,
        "experiment_id": export.experiment_id if export is not None else None,
        "experiment_name": settings.get("experiment_name"),
        "run_name": (export.run_name if export is not None else None) or settings.get("run_name"),
        "status": end["status"] if end else None,
        "duration_s": (end["t"] - header.get("start_ms", end["t"])) / 1000 if end else None,
        "tracking_uri": redact_text(str(settings.get("uri"))),
        "journal": str(folder) if error is not None else None,
        "error": error,
        "notes": list(export.notes) if export is not None else [],
        "models": dict(export.model_lines) if export is not None else {},
        "metrics": {},
        "previous": {},
        "best": {},
    }
    if export is not None:
        shown = {k: v for k, v in export.metrics_seen.items() if not k.startswith(_NOT_SHOWN)}
        summary["metrics"] = dict(list(shown.items())[:MAX_SHOWN])
        if len(shown) > MAX_SHOWN:
            summary["notes"].append(f"{len(shown) - MAX_SHOWN} more metrics are in MLflow")
        if error is None and shown:
            try:
                summary["previous"], summary["best"] = _compare(export, list(shown))
            except Exception as failure:
                summary["notes"].append(f"no comparison with other runs: {reason(failure)}")
    return summary


def _compare(export: RunExport, metrics: list[str]) -> tuple[dict[str, float], dict[str, float]]:
    """Return these metrics of the previous run, and of the best other run for each."""
    finished = "attributes.status = 'FINISHED'"
    start = int(export.header["start_ms"])
    client, experiments = export.client, [export.experiment_id]
    runs = client.search_runs(
        experiments,
        filter_string=f"{finished} AND attributes.start_time < {start}",
        order_by=["attributes.start_time DESC"],
        max_results=20,
    )
    # The last run may have been of another pipeline, with other metrics.
    before = next((run for run in runs if set(metrics) & set(run.data.metrics)), None)
    known = before.data.metrics if before is not None else {}
    previous = {metric: known[metric] for metric in metrics if metric in known}
    best: dict[str, float] = {}
    for metric in metrics[:MAX_COMPARED]:
        order = "ASC" if is_lower_better(metric) else "DESC"
        for run in client.search_runs(
            experiments,
            filter_string=finished,
            order_by=[f"metrics.`{metric}` {order}"],
            max_results=2,
        ):
            if run.info.run_id != export.run_id and metric in run.data.metrics:
                best[metric] = run.data.metrics[metric]
                break
    return previous, best
