"""Pictures of a run: each rendered, and all pages of a run together below 5 MB."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.harness.baked import BakedProject
from tests.harness.lab import replace_pipelines
from tests.harness.store import artifacts_of, client_of, runs_of

pytestmark = pytest.mark.slow

PICTURES = (
    "predicted_vs_actual.png",
    "diagnostics.png",
    "feature_importance.png",
    "prediction_histogram.png",
)


def colors_of(path: Path) -> int:
    from PIL import Image

    with Image.open(io.BytesIO(path.read_bytes())) as image:
        assert min(image.size) > 100
        return len(image.convert("RGB").getcolors(1 << 24))


def test_run_page_has_the_pictures_of_the_model(project: BakedProject) -> None:
    project.run("kedro", "run")
    (run,) = runs_of(project)
    client = client_of(project)
    sizes = artifacts_of(client, run.info.run_id)
    for name in PICTURES:
        path = Path(client.download_artifacts(run.info.run_id, name))
        assert colors_of(path) > 10, f"{name} is blank"
        assert path.stat().st_size < 100_000
    assert sum(size for name, size in sizes.items() if name.endswith(".html")) < 5_000_000


@pytest.mark.parametrize(
    "model", ["sklearn.svm.LinearSVC", "sklearn.neighbors.KNeighborsClassifier"]
)
def test_models_without_probabilities_or_coefficients_get_their_pictures(
    project: BakedProject, model: str
) -> None:
    project.edit(
        "conf/base/parameters.yml",
        "  class: sklearn.linear_model.LogisticRegression\n  C: 1.23456\n  max_iter: 987\n"
        "  random_state: 42\n",
        f"  class: {model}\n",
    )
    project.run("kedro", "run")
    (run,) = runs_of(project)
    assert set(PICTURES) <= set(artifacts_of(client_of(project), run.info.run_id))


def test_plotly_figures_and_pages_find_their_writer(project: BakedProject) -> None:
    replace_pipelines(
        project,
        "import plotly.graph_objects as go\n\n\ndef draw():\n"
        '    figure = go.Figure(go.Bar(y=[3, 1, 2]), layout={"title": {"text": "Bars"}})\n'
        '    return figure, figure, "<p>hello</p>"\n',
        '[node(n.draw, None, ["page", "data", "text"], name="draw")]',
        '{"page": MLflowDataSet("html"), "data": MLflowDataSet("json"),'
        ' "text": MLflowDataSet("html")}',
    )
    project.run("kedro", "run")
    (run,) = runs_of(project)
    sizes = artifacts_of(client_of(project), run.info.run_id)
    assert sizes["text.html"] < 100
    assert 1_000_000 < sizes["page.html"] < 2_500_000
    assert sum(size for name, size in sizes.items() if name.endswith(".html")) < 5_000_000


def test_a_figure_of_an_unknown_type_says_what_is_taken(project: BakedProject) -> None:
    replace_pipelines(
        project,
        "def draw():\n    return object()\n",
        '[node(n.draw, None, "picture", name="draw")]',
        '{"picture": MLflowDataSet("png")}',
    )
    done = project.run("kedro", "run", code=None)
    assert done.returncode != 0
    printed = " ".join((done.stdout + done.stderr).split())
    assert "cannot write object as .png; give a Plotly or Matplotlib figure" in printed
    (run,) = runs_of(project)
    assert run.info.status == "FAILED"
