"""The recorded configuration is the one that the run used, wherever it came from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.lab import configure_hooks, replace_pipelines
from tests.harness.store import client_of, runs_of

pytestmark = pytest.mark.slow

NODES = "def first(rate):\n    return rate + 1\n"
PIPELINE = '[node(n.first, "params:rate", "made", name="first")]'
BASE = "# The rate.\nrate: 1.0e-3\nmodel: {depth: 3, token: hunter2-a}\n"
OTHER = "rate: 2\nmodel: {depth: 4, token: hunter2-b}  # of the other source\n"
HOOKS = """(
    MLflowBasicLoggerHook(),
    MLflowCatalogLoggerHook(),
    MLflowArtifactsLoggerHook(
        filepaths_before_pipeline_run=["conf/base/parameters.yml", "conf/base/catalog.yml"],
        filepaths_after_pipeline_run=["conf/base/parameters_more.yml"],
    ),
)"""


@pytest.fixture(scope="module")
def lab(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> BakedProject:
    """A project with parameters in two files, another environment and two other sources."""
    root = Path(shutil.copytree(compiled, tmp_path_factory.mktemp("config") / "my-iris"))
    project = BakedProject(root, PYTHON)
    replace_pipelines(project, NODES, PIPELINE, '{"made": MLflowDataSet("m")}')
    configure_hooks(project, HOOKS)
    (root / "conf/base/parameters.yml").write_text(BASE)
    (root / "conf/base/parameters_more.yml").write_text("more: [1, 2]\n")
    (root / "conf/prod").mkdir()
    (root / "conf/prod/parameters_rate.yml").write_text("rate: 3\n")
    for folder in ("other/base", "other/local"):
        (root / folder).mkdir(parents=True)
    (root / "other/base/parameters.yml").write_text(OTHER)
    (root / "other/base/catalog.yml").write_text("# of the other source\n{}\n")
    shutil.make_archive(str(root / "packed"), "zip", root, "other")
    return project


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", {"rate": 0.001, "model": {"depth": 3, "token": "***"}}),
        ("--conf-source=other", {"rate": 2, "model": {"depth": 4, "token": "***"}}),
        ("--conf-source=packed.zip", {"rate": 2, "model": {"depth": 4, "token": "***"}}),
        (
            "--env=prod",
            {"rate": 3, "model": {"depth": 3, "token": "***"}, "more": [1, 2]},
        ),
        (
            "--params=model.depth=9",
            {"rate": 0.001, "model": {"depth": 9, "token": "***"}, "more": [1, 2]},
        ),
    ],
    ids=["default", "folder", "archive", "env", "params"],
)
def test_recorded_parameters_are_those_that_the_run_used(
    lab: BakedProject, tmp_path: Path, options: str, expected: object
) -> None:
    done = lab.run("kedro", "run", *options.split())
    run = runs_of(lab)[0]
    client = client_of(lab)
    files = {item.path for item in client.list_artifacts(run.info.run_id)}

    def text_of(name: str) -> str:
        path = client.download_artifacts(run.info.run_id, name, str(tmp_path))
        return Path(path).read_text("utf8")

    text = text_of("parameters.yml")
    found = yaml.safe_load(text.replace("1.0e-3", "0.001"))
    assert found == expected
    assert run.data.metrics["made"] == found["rate"] + 1
    # Once, with their comments, where the files say just what was used.
    assert ("#" in text) == (options in ("", "--conf-source=other"))
    assert ("parameters_more.yml" in files) == (options == "")
    log = " ".join((done.stdout + done.stderr).split())
    assert "secrets in 'parameters.yml' are masked" in log
    if "packed" in options:
        assert "catalog.yml" not in files
        assert "'conf/base/catalog.yml' is not recorded: the configuration of this run" in log
    else:
        assert ("of the other source" in text_of("catalog.yml")) == ("other" in options)
