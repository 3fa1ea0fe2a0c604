"""A store with a run, and the spans of one, for contracts with MLflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from tests.harness.baked import BakedProject

KEY = "20261125T120000-0badcafe"


@pytest.fixture
def client(baked: BakedProject, tmp_path: Path) -> MlflowClient:
    """A client of a new store."""
    opened: MlflowClient = baked.tracking("store.client").open_client(
        f"sqlite:///{tmp_path / 'store.db'}"
    )
    return opened


@pytest.fixture
def run_id(client: MlflowClient) -> str:
    return str(client.create_run("0").info.run_id)


@pytest.fixture
def spans(baked: BakedProject) -> list[dict[str, Any]]:
    """The spans of a run with one node, the root first."""
    trace, nodes = baked.tracking("timeline.trace"), baked.tracking("timeline.nodes")
    run = {"kind": "run", "n": "train", "b": 1_000_000_000, "t": 2_000_000_000}
    node = nodes.NodeTimes("train", 1_000_000_000, spans=[run])
    root = trace.root_span(KEY, "__default__", 500_000_000, 3_000_000_000, None)
    return [root, *trace.node_spans(KEY, node)]
