"""Brings the journal of a part into the run that it belongs to.

What is of the part alone stands in one file, `kedro_parts/<task>/<try>-<begin>.json`, from which
the end of the run draws chart and trace, decides over aliases, and learns how the part went.
"""

from functools import partial
from pathlib import Path
from typing import Any

from .. import wings
from ..journal import layout, parts, snapshot
from ..program import mlflow_command
from ..store.reasons import StoreError, reason, summed_up
from ..timeline.part_times import PartTimeline
from .run_export import RunExport

_BEGUN = "RUNNING"


class PartExport(RunExport):
    """Exports as any run, but for what is of the run as a whole; see `RunExport`."""

    timeline_class = PartTimeline
    # Its task may be tried again: what broke this try is no word on the run.
    keep_back = ("kedro.failed_node", "kedro.error")

    _is_told = False

    def flush(self) -> None:
        """Write what was read to MLflow; the first time also that the part has begun."""
        if not self._is_told and self.end is None:
            self._is_told = True
            self._keep_file(self._content(_BEGUN, None))
        super().flush()

    def _conclude(self, status: str, end_ns: int, until: float | None) -> None:
        run_id = self._ensure_run()
        self._write(partial(self._timeline.send, self.client, self.experiment_id, run_id), run_id)
        self._artifacts.finish(self._batches.known_params, until)
        if not self.waiting:  # it is the last word, also on what the models became
            self._keep_file(self._content(status, end_ns))
            self._artifacts.finish(self._batches.known_params, until)
        if self.waiting:
            raise StoreError(summed_up(self.waiting.values()))
        for model in self._models.undecided():
            if model["alias"]:
                self.model_lines[model["n"]] = f"@{model['alias']} is decided when the run ends"
        # In this order: whoever ends the run now looks for parts after that.
        ended = str(self.client.get_run(run_id).info.status)
        if ended != _BEGUN:
            self._join(run_id, ended)

    def _join(self, run_id: str, ended: str) -> None:
        """Let the end of the run be drawn again, for it came before this part's."""
        joins = wings.late_parts()
        if joins:
            self._note(
                f"the run had ended before this part as {ended}, and stays so; "
                "its chart and trace are drawn anew"
            )
        else:
            self._note("the run had ended before this part, and its chart and trace lack it")
        for join in joins:
            try:
                join(self.client, run_id, self.header.get("project"))
            except Exception as error:
                command = mlflow_command(f"end {run_id}")
                raise StoreError(
                    f"the run had ended before this part, whose times are not drawn yet: "
                    f"{reason(error)}; `{command}` draws them"
                ) from error

    def _content(self, status: str, end_ns: int | None) -> dict[str, Any]:
        told = self._batches.kept_back
        metrics = self._batches.last_metrics.values()
        return {
            **self.header[parts.HEADER],
            "state": status,
            "key": self.key,
            "pipeline": self.header.get("pipeline"),
            "begin": int(self.header["start_ms"]) * 1_000_000,
            "end": end_ns,
            "failed_node": told.get("kedro.failed_node"),
            "error": None if status == "FINISHED" else told.get("kedro.error"),
            "charts": self._timeline.charts,
            "nodes": [node.as_json() for node in self._timeline.nodes.values()],
            "models": self._models.undecided(),
            "metrics": {one.key: [one.value, one.timestamp, one.step] for one in metrics},
        }

    def _keep_file(self, content: dict[str, Any]) -> None:
        folder, _, attempt = str(content["folder"]).rpartition("/")
        name = parts.file_of_try(attempt, int(self.header["start_ms"]))
        stored = snapshot.write(self._places, name, layout.encode(content).encode("utf-8"))
        self.uploads.add(str(self._places.relative(stored)), folder)


def export_of(folder: Path, client: Any, **known: Any) -> RunExport:
    """Return what exports a journal, as its header says: a run, or a part of one.

    Args:
        folder: the run's journal folder.
        client: an `MlflowClient`.
        known: other arguments of `RunExport`.
    """
    is_part = parts.HEADER in layout.read_json(folder / layout.HEADER)
    return (PartExport if is_part else RunExport)(folder, client, **known)
