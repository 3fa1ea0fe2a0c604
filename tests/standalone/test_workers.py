"""Worker processes, however they are started: the run is that of SequentialRunner."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.lab import Lab
from tests.faults.picture import Picture, only_run, picture_of
from tests.faults.test_runners import PARALLEL, START_METHOD

from .bare import make_bare

# By the runner's own setting, and as on macOS or with Python 3.14.
STARTS = [("KEDRO_MP_CONTEXT", "spawn")]
STARTS += [("LAB_START", method) for method in ("fork", "spawn", "forkserver")]


@pytest.fixture(scope="module")
def sequential(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Picture:
    """What SequentialRunner leaves in MLflow."""
    lab = make_bare(template, tmp_path_factory.mktemp("sequential") / "plain")
    assert lab.run().code == 0
    picture = picture_of(lab.store, only_run(lab.store)).shape()
    assert picture.params["weight"] == "0.5"
    assert picture.metrics["n_words"]
    assert picture.metrics["share"]
    assert picture.inputs
    assert {name for name, *_ in picture.spans} > {"count", "shout", "check", "join"}
    return picture


@pytest.mark.parametrize(("variable", "method"), STARTS)
def test_start_method(bare: Lab, variable: str, method: str, sequential: Picture) -> None:
    """Params, metrics, artifacts, inputs and spans are all there, without a line in the package."""
    (bare.root / "customize").mkdir()
    (bare.root / "customize/sitecustomize.py").write_text(START_METHOD)
    env = {variable: method, "PYTHONPATH": str(bare.root / "customize")}
    done = bare.run("kedro", "run", *PARALLEL, env=env)
    assert done.code == 0, done.output
    assert picture_of(bare.store, only_run(bare.store)).shape() == sequential


@pytest.mark.parametrize(
    ("package", "tracking"), [("acme.forecast", "tracking"), ("acme", "tools.tracking")]
)
def test_layer_deeper_down(
    template: Path, tmp_path: Path, package: str, tracking: str, sequential: Picture
) -> None:
    """The package has a dot in its name, or the layer lies in a folder of the package."""
    lab = make_bare(template, tmp_path / "plain", package, tracking)
    done = lab.run("kedro", "run", *PARALLEL, env={"KEDRO_MP_CONTEXT": "spawn"})
    assert done.code == 0, done.output
    found = picture_of(lab.store, only_run(lab.store)).shape()
    assert (found.params, found.spans) == (sequential.params, sequential.spans)
    assert set(found.metrics) == set(sequential.metrics)
