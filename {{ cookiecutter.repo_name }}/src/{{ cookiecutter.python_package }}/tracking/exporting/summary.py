"""What the end of a run tells its user: the run's metrics beside the best and the previous run."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ..journal import layout, parts
from ..models.promotion import Deciding
from ..redact import redact_text
from ..store.reasons import counted, reason
from .comparison import Comparison, is_shown
from .run_export import RunExport

MAX_SHOWN = 10


def summarize(
    folder: Path,
    export: RunExport | None,
    error: str | None,
    comparison: Comparison | None = None,
) -> dict[str, Any]:
    """Return the summary of a run as a JSON-ready dict.

    Args:
        folder: the run's journal folder.
        export: the export, where it came that far.
        error: why the run, or a part of it, is not in MLflow; None if all of it is.
        comparison: what was asked of other runs before; asked now if None.
    """
    header = export.header if export is not None else layout.read_json(folder / layout.HEADER)
    settings = header.get("settings", {})
    end = export.end if export is not None else None
    summary = {
        **blank_summary(),
        "state": "exported" if error is None else "waiting",
        "run_id": export.run_id if export is not None else None,
        "experiment_id": export.experiment_id if export is not None else None,
        "experiment_name": settings.get("experiment_name"),
        "run_env": settings.get("run_env"),
        "run_name": (export.run_name if export is not None else None) or settings.get("run_name"),
        "status": end["status"] if end else None,
        "duration_s": (end["t"] - header.get("start_ms", end["t"])) / 1000 if end else None,
        "tracking_uri": redact_text(str(settings.get("uri"))),
        "journal": str(folder) if error is not None else None,
        "error": error,
        "notes": list(export.notes) if export is not None else [],
        "part": header.get(parts.HEADER),
        "models": dict(export.model_lines) if export is not None else {},
    }
    if export is not None:
        if error is not None or summary["part"]:
            comparison = None
        elif comparison is None or comparison.experiment_id != export.experiment_id:
            comparison = Comparison(export.client, export.experiment_id, int(header["start_ms"]))
        add_metrics(summary, export.metrics_seen, export.deciding_metrics, comparison)
    return summary


def blank_summary() -> dict[str, Any]:
    """Return a summary of a run of which all is in MLflow and nothing else is known."""
    nothing: dict[str, Any] = {"journal": None, "error": None, "notes": [], "part": None}
    return {"state": "exported", **nothing, "models": {}, "metrics": {}, "previous": {}, "best": {}}


def add_metrics(
    summary: dict[str, Any],
    seen: Mapping[str, float],
    deciding: Mapping[str, Deciding],
    comparison: Comparison | None,
) -> None:
    """Add a run's metrics to its summary, beside those of other runs.

    Args:
        summary: of the run; its notes are counted.
        seen: the last value of each metric of the run.
        deciding: how the metrics decide that decide over an alias.
        comparison: asks for the other runs; None for none.
    """
    shown = {k: v for k, v in seen.items() if is_shown(k)}
    common: Mapping[str, int] = {}
    if comparison is not None and shown:
        try:
            found = comparison.with_metrics(list(shown), summary["run_id"], deciding)
            summary["previous"], summary["best"] = found
            common = comparison.common_metrics() if len(shown) > MAX_SHOWN else {}
        except Exception as failure:
            summary["notes"].append(f"no comparison with other runs: {reason(failure)}")
    chosen = _most_telling(list(shown), deciding, common)
    summary["metrics"] = {name: shown[name] for name in chosen}
    if len(shown) > MAX_SHOWN:
        summary["notes"].append(f"{len(shown) - MAX_SHOWN} more metrics are in MLflow")
    summary["notes"] = counted(summary["notes"])


def _most_telling(
    names: list[str], deciding: Collection[str], common: Mapping[str, int]
) -> list[str]:
    """Return as many metrics as are shown.

    Those that decide over an alias, those that most of the last runs had, and those that stand for
    themselves before those of a dict.
    """

    def rank(name: str) -> tuple[bool, int, bool]:
        return name not in deciding, -common.get(name, 0), "." in name

    chosen = sorted(names, key=rank)[:MAX_SHOWN]
    return sorted(chosen, key=lambda name: (name not in deciding, name))
