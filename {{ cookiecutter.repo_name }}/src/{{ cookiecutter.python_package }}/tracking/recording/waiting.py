"""What is told of a run that is not in MLflow as it ends."""

from pathlib import Path
from typing import Any

from .. import env
from ..journal import layout, parts, spilling
from ..program import mlflow_command
from ..settings import TrackingSettings


def waiting_summary(folder: Path, settings: TrackingSettings, error: str | None) -> dict[str, Any]:
    """Return what is told of a run that no exporter has told anything of.

    Args:
        folder: its journal's folder.
        settings: of the run.
        error: why it is not exported.
    """
    header = layout.read_json(folder / layout.HEADER)
    return {
        "state": "waiting",
        "part": header.get(parts.HEADER),
        "experiment_name": settings.experiment_name,
        "run_env": settings.run_env,
        "run_name": settings.run_name,
        "tracking_uri": settings.public()["uri"],
        "journal": str(folder),
        "error": error,
        "notes": [],
    }


def told_if_missing(settings: TrackingSettings, summary: dict[str, Any]) -> str | None:
    """Return what to tell of a run that was to be in MLflow at its end, and is not; else None.

    Args:
        settings: of the run.
        summary: what is told of it.
    """
    if not settings.export_required or summary.get("state") in ("exported", "spilled"):
        return None
    why = summary.get("error") or "its export did not end"
    return (
        f"the run is recorded, and not in MLflow yet, which export_required=True asks for: {why}. "
        f"Run `{mlflow_command('sync')}` where its journal {summary.get('journal')} is"
        f"{'' if spilling.place() else f', or set {env.SPILL} to a place that outlives it'}"
    )
