"""What is recorded of a node beside other plugins: what it got, and what it handed on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from kedro.framework.hooks import hook_impl
from kedro.framework.hooks.specs import DatasetSpecs, NodeSpecs, PipelineSpecs
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner
from pluggy import PluginManager

from tests.harness.baked import BakedProject

ORDERS: dict[str, Any] = {
    "as registered": {},
    "first": {"tryfirst": True},
    "last": {"trylast": True},
}


def run(baked: BakedProject, folder: Path, plugins: list[Any]) -> tuple[dict[str, str], Any]:
    """Run one node that hands its param on; returns params and metrics, and what the node got."""
    got: list[Any] = []

    def work(lr: Any, extra: Any) -> float:
        got.extend([lr, extra])
        return float(lr)

    recorder = baked.tracking("recording.recorder").Recorder(
        "key", folder, undeclared=frozenset(["out"])
    )
    catalog = DataCatalog({"params:lr": MemoryDataset(0.1), "params:extra": MemoryDataset({})})
    setattr(catalog, baked.tracking("recording.runs").ATTRIBUTE, recorder)
    manager = PluginManager("kedro")
    for specs in (NodeSpecs, DatasetSpecs, PipelineSpecs):
        manager.add_hookspecs(specs)
    for plugin in plugins:
        manager.register(plugin)
    pipeline = Pipeline([node(work, ["params:lr", "params:extra"], "out", name="work")])
    SequentialRunner().run(pipeline, catalog, manager)
    recorder.journal.close()
    events = [
        json.loads(line)
        for file in folder.glob("events-*.jsonl")
        for line in file.read_text("utf8").splitlines()
    ]
    return {event["k"]: event["v"] for event in events if event["e"] in ("param", "metric")}, got


# Row 21.
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("is_before", [True, False], ids=["registered before", "after"])
def test_a_param_is_the_value_that_the_node_got(
    baked: BakedProject, tmp_path: Path, order: Any, is_before: bool
) -> None:
    class Replacing:
        @hook_impl(**order)  # type: ignore[untyped-decorator]
        def before_node_run(self, inputs: dict[str, Any]) -> dict[str, Any]:
            inputs["params:lr"] = 0.9  # a copy: the node never sees it
            inputs["params:extra"]["depth"] = 3  # what it holds is the node's own
            return {"params:lr": 0.2}

        @hook_impl(**order)  # type: ignore[untyped-decorator]
        def after_node_run(self, outputs: dict[str, Any]) -> None:
            outputs["out"] = 0.7

    ours = baked.tracking("hooks.catalog_logger").MLflowCatalogLoggerHook()
    plugins = [Replacing(), ours] if is_before else [ours, Replacing()]
    recorded, got = run(baked, tmp_path, plugins)
    assert got == [0.2, {"depth": 3}]
    assert recorded == {"lr": "0.2", "extra.depth": "3", "out": 0.7}


def test_of_two_plugins_the_one_that_kedro_takes_counts(
    baked: BakedProject, tmp_path: Path
) -> None:
    class Replacing:
        def __init__(self, value: float) -> None:
            self.value = value

        @hook_impl
        def before_node_run(self) -> dict[str, Any]:
            return {"params:lr": self.value}

    ours = baked.tracking("hooks.catalog_logger").MLflowCatalogLoggerHook()
    recorded, got = run(baked, tmp_path, [Replacing(0.2), ours, Replacing(0.3)])
    assert recorded["lr"] == str(got[0])


def test_outputs_are_recorded_if_another_plugin_raises(baked: BakedProject, tmp_path: Path) -> None:
    class Raising:
        @hook_impl
        def after_node_run(self) -> None:
            raise ValueError("another plugin")

    ours = baked.tracking("hooks.catalog_logger").MLflowCatalogLoggerHook()
    with pytest.raises(ValueError, match="another plugin"):
        run(baked, tmp_path, [ours, Raising()])
    (file,) = tmp_path.glob("events-*.jsonl")
    assert '"out"' in file.read_text("utf8")


def test_no_hook_of_a_dataset_counts_the_catalog(baked: BakedProject, tmp_path: Path) -> None:
    """Kedro's catalog lists all its names for that, at each node."""
    counted: list[int] = []

    class Counted(DataCatalog):
        def __len__(self) -> int:
            counted.append(1)
            return int(super().__len__())

    runs = baked.tracking("recording.runs")
    recorder = baked.tracking("recording.recorder").Recorder("key", tmp_path)
    catalog = Counted({"table": MemoryDataset(0.1)})
    setattr(catalog, runs.ATTRIBUTE, recorder)
    artifacts = baked.tracking("hooks.artifacts_logger").MLflowArtifactsLoggerHook
    runs.begin(recorder)
    try:
        assert runs.of_catalog(catalog) is recorder
        counted.clear()
        baked.tracking("hooks.catalog_logger").MLflowCatalogLoggerHook().after_dataset_saved(
            "table"
        )
        artifacts(datasets_after_node_run=["table"]).after_dataset_saved("table", 0.1)
    finally:
        runs.finish(recorder)
        recorder.journal.close()
    assert counted == []
