"""Figures of Plotly, by the lowest and the highest version that the layer is used with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.lab import Lab
from tests.faults.picture import only_run, picture_of
from tests.harness.baked import explain

# The newest that `kedro-datasets[plotly]` takes.
LOWEST = "5.24.1"

PIPELINE = '''
"""Draws one figure."""

from kedro.pipeline import Pipeline, node


def draw():
    import plotly
    import plotly.graph_objects as go
    from numpy import array

    figure = go.Figure(go.Scatter(y=array([1.5, 2.5])), {"title": {"text": "scores"}})
    return plotly.__version__, figure, figure


def create_pipeline():
    return Pipeline([node(draw, None, ["version", "page", "drawn"], name="draw")])
'''
CATALOG = """
page: {type: plain.tracking.MLflowDataset, dataset: html}
drawn: {type: plain.tracking.MLflowDataset, dataset: json}
"""
READ = """
import base64
import numpy
from pathlib import Path
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

bootstrap_project(Path.cwd())
catalog = KedroSession.create(Path.cwd()).load_context().catalog
y = catalog.load("drawn")["data"][0]["y"]
if isinstance(y, dict):  # as Plotly 6 and later write an array
    y = numpy.frombuffer(base64.b64decode(y["bdata"]), y["dtype"]).tolist()
print("again", y, catalog.load("page")[:15])
"""


@pytest.fixture(params=["installed", LOWEST])
def plotly(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Variables with which a program imports that version."""
    if request.param == "installed":
        return {}
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile"]
    target = str(tmp_path / "plotly")
    words = [*command, f"--target={target}", f"plotly=={request.param}"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, explain(done)
    return {"PYTHONPATH": target}


def test_figure(bare: Lab, plotly: dict[str, str]) -> None:
    """A page that needs nothing else, and JSON that Plotly reads."""
    (bare.root / "src/plain/pipeline.py").write_text(PIPELINE.lstrip("\n"))
    (bare.root / "conf/base/catalog.yml").write_text(CATALOG)
    (bare.root / "read.py").write_text(READ)
    done = bare.run(env=plotly)
    assert done.code == 0, done.output
    picture = picture_of(bare.store, only_run(bare.store))
    assert picture.status == "FINISHED"
    assert (picture.params["version"] == LOWEST) is bool(plotly)
    assert {"page.html", "drawn.json", "gantt.html"} <= set(picture.artifacts)
    page = (bare.root / "data/mlflow/page.html").read_text("utf8")
    assert "<title>scores</title>" in page
    assert "src=" not in page.partition("<body>")[0]
    read = bare.project.run("python", "read.py", env=plotly).stdout
    assert "again [1.5, 2.5] <!doctype html>" in read
