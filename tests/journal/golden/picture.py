"""All that a store holds of exported golden journals, as JSON that can be compared and read.

Ids that MLflow makes up are named by our own keys. Left out, each for its reason, is what the
journal does not decide: see `MADE_UP`, `OF_INSTALLED` and `OF_THE_EXPORT`.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.faults.picture import RUN_KEY, client_of, runs_in

MODEL_KEY = "kedro.model_key"
# A run that was given no name gets one from MLflow: `bold-fox-12`.
MADE_UP = re.compile(r"[a-z]+-[a-z]+-\d+")
# Files of a model that name the versions of the packages that are installed at its export.
OF_INSTALLED = ("conda.yaml", "python_env.yaml", "requirements.txt")
# Entries of `MLmodel`: versions that are installed at its export, its time, and ids of MLflow's.
OF_THE_EXPORT = (
    "mlflow_version",
    "model_id",
    "model_uuid",
    "python_version",
    "run_id",
    "sklearn_version",
    "utc_time_created",
)
_NODE = re.compile(r'<div class="node" .*?data-told="node (.*?): .*?">(.*?)</div>', re.DOTALL)
_BAR = re.compile(r'<[ib](?: class="(\w+)")? style="left:(.*?)%;width:(.*?)%"')

Json = Any


class Album:
    """The pictures of all runs of a store.

    Args:
        uri: the store.
        root: the folder that stood for `/golden` when the journals were copied.
    """

    def __init__(self, uri: str, root: Path) -> None:
        self.root = root
        self.client = client_of(uri)
        runs = runs_in(uri)
        self.runs = {run.data.tags[RUN_KEY]: run for run in runs}
        assert len(self.runs) == len(runs), [run.data.tags[RUN_KEY] for run in runs]
        self.keys = {run.info.run_id: key for key, run in self.runs.items()}

    def pictures(self) -> dict[str, Json]:
        """Return a picture for each run key, for the registered models, and for files written."""
        found: dict[str, Json] = {key: self._run(run) for key, run in self.runs.items()}
        found["registered-models"] = {
            model.name: self._registered(model) for model in self.client.search_registered_models()
        }
        out = self.root / "out"
        found["files-outside"] = {
            path.relative_to(out).as_posix(): _content(path) for path in sorted(out.rglob("*.*"))
        }
        return {name: self._neutral(picture) for name, picture in found.items()}

    def _run(self, run: Any) -> Json:
        info, data = run.info, run.data
        experiment = self.client.get_experiment(info.experiment_id)
        tags = {key: value for key, value in data.tags.items() if key != "mlflow.runName"}
        histories = {
            key: [
                [metric.step, metric.timestamp, _number(metric.value)]
                for metric in self.client.get_metric_history(info.run_id, key)
            ]
            for key in data.metrics
        }
        with TemporaryDirectory() as folder:
            top = Path(self.client.download_artifacts(info.run_id, "", folder))
            artifacts = {
                path.relative_to(top).as_posix(): _content(path)
                for path in top.rglob("*")
                if path.is_file()
            }
        return {
            "experiment": experiment.name,
            "name": None if MADE_UP.fullmatch(info.run_name) else info.run_name,
            "status": info.status,
            "start": info.start_time,
            "end": info.end_time,
            "params": dict(data.params),
            "metrics": {key: sorted(history, key=repr) for key, history in histories.items()},
            "tags": tags,
            "artifacts": artifacts,
            "inputs": sorted((_input(one) for one in run.inputs.dataset_inputs), key=repr),
            "models": [
                {"step": one.step, **self._model(self.client.get_logged_model(one.model_id))}
                for one in run.outputs.model_outputs
            ]
            if run.outputs
            else [],
            "traces": self._traces(run),
        }

    def _model(self, model: Any) -> Json:
        import yaml

        folder = Path(model.artifact_location.removeprefix("file://"))
        files = {
            path.relative_to(folder).as_posix(): (
                "names installed versions" if path.name in OF_INSTALLED else _content(path)
            )
            for path in folder.rglob("*")
            if path.is_file()
        }
        files["MLmodel"] = _without(yaml.safe_load((folder / "MLmodel").read_text()), OF_THE_EXPORT)
        return {
            "name": model.name,
            "status": str(model.status),
            "source run": self.keys[model.source_run_id],
            "tags": dict(model.tags),
            "params": dict(model.params or {}),
            "metrics": sorted(
                [one.key, one.step, one.timestamp, _number(one.value)]
                for one in model.metrics or ()
            ),
            "files": files,
        }

    def _traces(self, run: Any) -> Json:
        found = self.client.search_traces(
            locations=[run.info.experiment_id], run_id=run.info.run_id
        )
        return [
            {
                "id": trace.info.trace_id,
                "name": trace.info.tags["mlflow.traceName"],
                "state": str(trace.info.state),
                "begin_ms": trace.info.request_time,
                "duration_ms": trace.info.execution_duration,
                "spans": sorted(
                    (_span(span) for span in trace.data.spans),
                    key=lambda span: (span["begin"], span["id"]),
                ),
            }
            for trace in found
        ]

    def _registered(self, model: Any) -> Json:
        versions = {}
        for found in self.client.search_model_versions(f"name = '{model.name}'"):
            version = self.client.get_model_version(model.name, found.version)
            logged = self.client.get_logged_model(version.source.removeprefix("models:/"))
            versions[str(version.version)] = {
                "status": version.status,
                "run": self.keys[version.run_id],
                "source": logged.tags[MODEL_KEY],
                "tags": dict(version.tags),
                "aliases": sorted(version.aliases),
            }
        aliases = {alias: str(version) for alias, version in model.aliases.items()}
        return {"aliases": aliases, "tags": dict(model.tags), "versions": versions}

    def _neutral(self, picture: Json) -> Json:
        """Return a picture as it is read from JSON, with the paths that the journals had."""
        text = json.dumps(picture, sort_keys=True)
        return json.loads(text.replace(f"{self.root.as_posix()}/", "/golden/"))


def _content(path: Path) -> Json:
    """Return a hash of a file, or what counts of one whose other parts are allowed to change.

    A Gantt chart may look otherwise one day; its bars stay, with their places in percent. A
    time log is shown as it is, to be read where it differs.
    """
    content = path.read_bytes()
    if path.name == "times.json":
        return json.loads(content)
    if path.name == "gantt.html":
        return {
            name: [
                [kind or "critical path", float(left), float(width)]
                for kind, left, width in _BAR.findall(bars)
            ]
            for name, bars in _NODE.findall(content.decode())
        }
    return f"{len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}"


def _input(one: Any) -> Json:
    of = one.dataset
    return {
        "name": of.name,
        "digest": of.digest,
        "source_type": of.source_type,
        "source": json.loads(of.source),
        "schema": json.loads(of.schema) if of.schema else None,
        "profile": json.loads(of.profile),
        "tags": {tag.key: tag.value for tag in one.tags},
    }


def _span(span: Any) -> Json:
    return {
        "id": span.span_id,
        "parent": span.parent_id,
        "name": span.name,
        "type": span.span_type,
        "begin": span.start_time_ns,
        "end": span.end_time_ns,
        "status": str(span.status.status_code),
        "message": span.status.description,
    }


def _without(content: Json, names: tuple[str, ...]) -> Json:
    if not isinstance(content, dict):
        return content
    return {key: _without(value, names) for key, value in content.items() if key not in names}


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def differences(expected: Json, found: Json, where: str = "") -> Iterator[str]:
    """Yield a line for each place where two pictures differ."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted({*expected, *found}):
            place = f"{where} / {key}" if where else str(key)
            if key not in found:
                yield f"{place}: expected {_short(expected[key])}, is missing"
            elif key not in expected:
                yield f"{place}: not expected, is {_short(found[key])}"
            else:
                yield from differences(expected[key], found[key], place)
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for number, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from differences(one, other, f"{where}[{number}]")
    elif expected != found:
        yield f"{where}: expected {_short(expected)}, is {_short(found)}"


def _short(value: Json) -> str:
    text = json.dumps(value)
    return text if len(text) <= 300 else f"{text[:300]} … ({len(text)} characters)"
