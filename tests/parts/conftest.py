"""A lab whose nodes pass data on through files, so that each may run in a process of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.lab import FILES, PIPELINE, SRC, Lab, bake_lab
from tests.faults.once import lab_once, picture_once
from tests.faults.picture import Picture
from tests.faults.server import Server, start_server
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.residents import own_residents

from .whole import without_parts

CATALOG = '''
"""Datasets of the lab; `share` and `length` are in no catalog."""

from ..tracking import MLflowDataSet

catalog_dict = {
    "n_words": MLflowDataSet(dataset="json"),
    "losses": MLflowDataSet(dataset="m"),
    "letters": MLflowDataSet(dataset="json"),
    "loud": MLflowDataSet(dataset="txt"),
    "quiet": MLflowDataSet(dataset="txt"),
    "joined": MLflowDataSet(dataset="txt"),
}
'''
MEASURE = '            node(len, "joined", "length", name="measure"),\n        ]\n'
CHANGED = {
    f"{SRC}/catalogs/catalog.py": CATALOG,
    f"{SRC}/pipelines/lab/pipeline.py": PIPELINE.replace("        ]\n", MEASURE),
}


@pytest.fixture(scope="session")
def parts_root(
    template: Path, cookiecutter_config: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The lab, to copy; what its nodes write is there, so that each may run before the others."""

    def bake(folder: Path) -> None:
        bake_lab(template, cookiecutter_config, folder)
        lab = Lab(BakedProject(folder / "fault-lab", PYTHON))
        for name, text in CHANGED.items():
            assert name in FILES
            (lab.root / name).write_text(text.lstrip("\n"))
        done = lab.run(env={"KEDRO_MLFLOW_ENABLED": "false"})
        assert done.code == 0, done.output

    return lab_once(tmp_path_factory, "parts-lab", bake)


@pytest.fixture
def lab(parts_root: Path, tmp_path: Path) -> Iterator[Lab]:
    """A lab of the test's own, with no store yet; its parts share a resident, as a user's do."""
    root = Path(shutil.copytree(parts_root, tmp_path / "lab"))
    with own_residents() as residents:
        yield Lab(BakedProject(root, PYTHON), dict(residents.env))


@pytest.fixture(scope="session")
def sequential(parts_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Picture:
    """What one run of SequentialRunner leaves in MLflow."""
    return without_parts(picture_once(tmp_path_factory, "parts-sequential", parts_root))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real MLflow server; each test begins a run of its own key."""
    running = start_server(tmp_path_factory.mktemp("server"))
    yield running
    running.stop()
