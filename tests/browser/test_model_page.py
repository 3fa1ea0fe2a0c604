"""What MLflow shows of a pipeline that is one registered model.

`KSM_SCREENSHOTS=folder` keeps the picture, for docs/pipeline-as-a-model.md.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import mlflow_ui_of
from tests.browser.test_ui import shoot
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.pipeline_model.sample import NAME, add_hook

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def address(baked: BakedProject, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `kedro mlflow ui` on a project whose run made one."""
    root = shutil.copytree(baked.root, tmp_path_factory.mktemp("packed") / "my-iris")
    project = BakedProject(Path(root), PYTHON)
    add_hook(project)
    project.run("kedro", "run")
    with mlflow_ui_of(project) as found:
        yield found


def test_version_says_what_it_takes_answers_and_holds(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 1100, "height": 760})
    page.goto(f"{address.split('#')[0]}#/models/{NAME}/versions/1")
    for text in ("The pipeline inference as one model.", "takes test_df", "answers scored_df"):
        page.get_by_text(text).first.wait_for()
    shoot(page, "model-card")
