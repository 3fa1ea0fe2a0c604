"""What a value leaves in a run's journal, and what was said of it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.harness.baked import BakedProject

UNDECLARED = "undeclared"


@dataclass(frozen=True)
class Said:
    """What of one value is in the journal.

    Args:
        metrics: values by name and step.
        params: texts by name.
        tags: tags by name.
        warnings: what the user is told.
    """

    metrics: dict[tuple[str, int], float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def say(baked: BakedProject, kind: str, value: Any, name: str = "x", /, **options: Any) -> Said:
    """Record a value by a kind of MLflowDataSet, or as an output that is in no catalog.

    Args:
        baked: the layer's project.
        kind: `m`, `p`, `a`, or UNDECLARED.
        value: the value.
        name: the dataset's name.
        options: of how outputs are recorded that are in no catalog.
    """
    with TemporaryDirectory() as folder, _warnings() as warnings:
        recorder = baked.tracking("recording.recorder").Recorder("key", Path(folder))
        if kind == UNDECLARED:
            baked.tracking("recording.automatic").Automatic(**options).record(recorder, name, value)
        else:
            baked.tracking("datasets.values").record(recorder, kind, name, value)
        recorder.journal.close()
        said = Said(warnings=warnings)
        for file in Path(folder).glob("events-*.jsonl"):
            for line in file.read_text("utf8").splitlines():
                _take(said, json.loads(line))
    return said


def _take(said: Said, event: dict[str, Any]) -> None:
    if event["e"] == "metric":
        said.metrics[event["k"], event["s"]] = event["v"]
    elif event["e"] == "history":
        for offset, value in enumerate(event["v"]):
            if value is not None:
                said.metrics[event["k"], event["s"] + offset] = value
    elif event["e"] == "param":
        said.params[event["k"]] = event["v"]
    elif event["e"] == "tag":
        said.tags[event["k"]] = event["v"]


@contextmanager
def _warnings() -> Iterator[list[str]]:
    found: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    handler = Handler(logging.WARNING)
    logging.getLogger().addHandler(handler)
    try:
        yield found
    finally:
        logging.getLogger().removeHandler(handler)
