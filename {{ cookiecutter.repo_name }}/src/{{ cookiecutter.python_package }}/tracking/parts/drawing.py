"""Draws one chart and one trace of all parts of a run, and decides over its models.

All of it may be done again: ids come from the run's key, and a version is decided over once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..exporting.mlflow_run import RUN_KEY
from ..journal.events import MAX_TAG
from ..models.later import LaterModels
from ..models.promotion import Deciding
from ..timeline.nodes import NodeTimes
from ..timeline.timeline import Timeline
from .part_files import PartFile, read_parts

# How often it is drawn anew because another part came meanwhile.
_ROUNDS = 5
_ON_DISK = ("gantt_filepath", "time_log_filepath")


@dataclass
class Drawn:
    """What there is to tell of a run that was drawn."""

    run: Any
    parts: list[PartFile]
    models: dict[str, str]
    deciding: Mapping[str, Deciding]
    notes: list[str] = field(default_factory=list)


def draw_again(client: Any, run_id: str, project: str | None) -> Drawn:
    """Draw a run that has ended, until no part has come meanwhile; its status stays.

    Args:
        client: an `MlflowClient`.
        run_id: the run.
        project: the project's folder.

    Raises:
        Exception: the store can't be used now; it may be done again.
    """
    folder, parts = Path(project) if project else None, read_parts(client, run_id)
    for _ in range(_ROUNDS):
        run = client.get_run(run_id)
        drawn = _draw(client, run, parts, folder)
        before, parts = parts, read_parts(client, run_id)
        if parts == before:
            break
    return drawn


def _draw(client: Any, run: Any, parts: list[PartFile], project: Path | None) -> Drawn:
    info, notes = run.info, list[str]()
    status, end_ns = info.status, int(info.end_time or 0) * 1_000_000
    title = next((str(part.content.get("pipeline")) for part in parts), "__default__")
    about = {"pipeline": title, "start_ms": info.start_time}
    key = run.data.tags.get(RUN_KEY, info.run_id)
    timeline = Timeline(key, about, notes.append, lambda _, upload: upload())
    timeline.nodes.update(_nodes(parts))
    timeline.ask_for_charts(_charts(parts, project))
    last = max([end_ns, *(node.end for node in timeline.nodes.values())])
    timeline.draw(last, lambda name, page: client.log_text(info.run_id, page.decode(), name))
    error = None if status == "FINISHED" else run.data.tags.get("kedro.error", status)
    if error is not None and (told := _later_word(error, parts)) != error:
        _set_tags(client, info.run_id, {"kedro.error": told[:MAX_TAG]})
        error = told
    timeline.finish(client, info.experiment_id, info.run_id, last, error)
    models = LaterModels([model for part in parts for model in part.content.get("models", ())])
    models.conclude(client, run, _last_metrics(parts), status == "FINISHED")
    _set_tags(client, info.run_id, models.tags)
    deciding = models.deciding_metrics(run.data.params)
    return Drawn(run, parts, models.lines, deciding, [*notes, *models.notes])


def _later_word(error: str, parts: list[PartFile]) -> str:
    """Return why a run failed, where a part that had not ended then has told since how it did."""
    for part in parts:
        if not part.is_running:
            since = part.fault or "it has finished since"
            error = error.replace(part.unended, f"{part.label} had not ended by then: {since}")
    return error


def _nodes(parts: list[PartFile]) -> dict[str, NodeTimes]:
    """Return the nodes of all parts; what two tasks have run is told by their names."""
    found: dict[str, NodeTimes] = {}
    for part in parts:
        for node in part.nodes:
            if node.name in found:
                node.name = f"{node.name} ({part.content['task']})"
            found[node.name] = node
    return found


def _charts(parts: list[PartFile], project: Path | None) -> dict[str, Any]:
    """Return which charts are wanted; on disk only where the project lies here as it lay there."""
    asked = [part.content["charts"] for part in parts if part.content.get("charts")]
    charts: dict[str, Any] = asked[0] if asked else {}
    elsewhere = [
        name
        for name in _ON_DISK
        if charts.get(name)
        and not (project and project.is_dir() and Path(charts[name]).is_relative_to(project))
    ]
    return {**charts, **dict.fromkeys(elsewhere)}


def _last_metrics(parts: list[PartFile]) -> list[Any]:
    from mlflow.entities import Metric

    found: dict[str, tuple[int, int, float]] = {}
    for part in parts:
        for key, (value, when, step) in part.content.get("metrics", {}).items():
            rank = int(step), int(when), float(value)
            if key not in found or rank[:2] >= found[key][:2]:
                found[key] = rank
    return [Metric(key, value, when, step) for key, (step, when, value) in found.items()]


def _set_tags(client: Any, run_id: str, tags: Mapping[str, str]) -> None:
    from mlflow.entities import RunTag

    if tags:
        client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])
