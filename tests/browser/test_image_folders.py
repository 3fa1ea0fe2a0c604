"""What MLflow shows of a folder of images that a run has saved.

`KSM_SCREENSHOTS=folder` keeps the picture, for docs/images-and-apis.md.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import mlflow_ui_of
from tests.browser.test_ui import open_artifact, shoot
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.lab import replace_pipelines
from tests.harness.store import runs_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytest.importorskip("PIL", reason="Pillow is not installed: requirements-data.txt")
pytestmark = [pytest.mark.browser, pytest.mark.slow]

NODES = """
    import numpy as np

    SIZES = {"herring": (30, 15), "cod": (50, 30), "halibut": (75, 60)}


    def draw():
        y, x = np.mgrid[:240, :320]
        sea = np.stack([40 + y / 6, 90 + y / 3, 150 + y / 4 + 12 * np.sin(x / 9)], axis=-1)
        drawn = {}
        for name, (length, height) in SIZES.items():
            fish = sea.copy()
            middle = ((x - 170) / length) ** 2 + ((y - 120) / height) ** 2 < 1
            tail = (abs(y - 120) < (170 - x) - length * 0.8) & (x > 160 - 1.6 * length)
            fish[middle | tail] = 235, 150, 60
            fish[(x - 170 - length * 0.6) ** 2 + (y - 112) ** 2 < 16] = 20
            fish = fish.clip(0, 255).astype("uint8")
            drawn |= {f"{name}/0": fish, f"{name}/1": fish[:, ::-1]}
        return drawn
"""
CATALOG = """{
    "drawings": MLflowDataSet(ImagesDataset("data/02_intermediate/drawings")),
}"""
# A picture of docs shows no folder of a test.
NO_TEMPORARY_FOLDER = """folder => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode())
        texts.currentNode.nodeValue = texts.currentNode.nodeValue.replace(folder, "/home/you");
}"""


@pytest.fixture(scope="module")
def drawn(baked: BakedProject, tmp_path_factory: pytest.TempPathFactory) -> BakedProject:
    """A project whose run saves six images, in folders."""
    root = shutil.copytree(baked.root, tmp_path_factory.mktemp("drawn") / "my-iris")
    project = BakedProject(Path(root), PYTHON)
    replace_pipelines(project, NODES, '[node(n.draw, None, "drawings", name="draw")]', CATALOG)
    catalog = f"src/{project.package}/catalogs/catalog.py"
    project.edit(
        catalog, "from ..tracking", "from ..datasets import ImagesDataset\nfrom ..tracking"
    )
    project.run("kedro", "run")
    return project


@pytest.fixture(scope="module")
def address(drawn: BakedProject) -> Iterator[str]:
    """The address of `kedro mlflow ui`."""
    with mlflow_ui_of(drawn) as found:
        yield found


def test_image_of_a_folder_is_shown_beside_the_others(
    page: Page, address: str, drawn: BakedProject
) -> None:
    (run,) = runs_of(drawn)
    page.set_viewport_size({"width": 1100, "height": 520})
    open_artifact(page, address, run, "drawings/halibut/1.png")
    # MLflow draws pictures on a canvas of Plotly's, or as an image.
    shown = "img[src^='blob:'], img[src*='get-artifact'], .js-plotly-plot image"
    page.locator(shown).first.wait_for()
    for name in ("cod", "herring", "halibut", "0.png"):
        page.get_by_text(name, exact=True).first.wait_for()
    page.wait_for_timeout(500)
    page.evaluate(NO_TEMPORARY_FOLDER, str(drawn.root.parent))
    shoot(page, "folder-of-images")
