"""`mlflow.yml` and code of kedro-mlflow: what becomes an argument of a hook, and what is left."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from scripts.installing.kedro_mlflow.mlflow_yml import ARGUMENTS
from scripts.template_layer import module

from .test_kedro_mlflow_translation import make

# As `kedro mlflow init` of kedro-mlflow 2.0.3 writes it, without its comments.
GIVEN = """
server:
  mlflow_tracking_uri: null # if null, will use mlflow.get_tracking_uri() as a default
  mlflow_registry_uri: null
  credentials: null
  request_header_provider:
    type: null
    pass_context: False
    init_kwargs: {}
tracking:
  disable_tracking:
    disable_autologging: True
    pipelines: []
  experiment:
    name: forecast
    create_experiment_kwargs:
      artifact_location: null
      tags: null
    restore_if_deleted: True
  run:
    id: null
    name: null
    nested: True
  params:
    dict_params:
      flatten: False
      recursive: True
      sep: "."
    long_params_strategy: fail
ui:
  port: "5000"
  host: "127.0.0.1"
"""
FULL = """
server:
  mlflow_tracking_uri: https://mlflow.example.org
  mlflow_registry_uri: https://registry.example.org
  credentials: my_mlflow
  request_header_provider: {type: acme.Provider, pass_context: true, init_kwargs: {token: s3cr3t}}
tracking:
  disable_tracking: {disable_autologging: false, pipelines: [prepare, report]}
  experiment:
    name: "my experiment"
    create_experiment_kwargs: {artifact_location: s3://bucket/x, tags: {team: s3cr3t}}
    restore_if_deleted: false
  run: {id: 0a1b, name: nightly, nested: false}
  params: {dict_params: {flatten: true, recursive: false, sep: "-"}, long_params_strategy: tag}
ui: {port: "5001", host: 0.0.0.0}
old_key: 1
"""


def config(root: Path, **files: str) -> tuple[dict[str, Any], list[str]]:
    """Translate a project whose environments have these texts as `mlflow.yml`."""
    done = make(root, {f"conf/{name}/mlflow.yml": text for name, text in files.items()})
    return dict(done.config), done.left


def test_the_file_that_kedro_mlflow_makes(tmp_path: Path) -> None:
    """Its defaults are the layer's, but for the names of params."""
    found, left = config(tmp_path, base=GIVEN)
    assert found == {"experiment_name": "forecast"}
    assert [one.partition(": has")[0] for one in left] == [
        "conf/base/mlflow.yml:26: tracking.params.dict_params.flatten"
    ]


def test_every_setting(tmp_path: Path) -> None:
    """Each is an argument of a hook, or is told with its line and what to do."""
    found, left = config(tmp_path, base=FULL)
    assert found == {
        "uri": "https://mlflow.example.org",
        "experiment_name": "my experiment",
        "artifact_location": "s3://bucket/x",
        "run_id": "0a1b",
        "run_name": "nightly",
    }
    told = [one.removeprefix("conf/base/mlflow.yml:").split(": ")[:2] for one in left]
    assert sorted(told) == sorted(
        [
            ["4", "server.mlflow_registry_uri"],
            ["5", "server.credentials"],
            ["6", "server.request_header_provider.type"],
            ["6", "server.request_header_provider.init_kwargs"],
            ["8", "tracking.disable_tracking.disable_autologging"],
            ["8", "tracking.disable_tracking.pipelines"],
            ["11", "tracking.experiment.create_experiment_kwargs.tags"],
            ["14", "tracking.params.dict_params.recursive"],
            ["14", "tracking.params.dict_params.sep"],
            ["14", "tracking.params.long_params_strategy"],
            ["15", "ui.port"],
            ["15", "ui.host"],
            ["16", "old_key"],
        ]
    )
    assert "s3cr3t" not in str(left)
    assert "prepare, report" in str(left)


def test_arguments_are_those_of_the_hook() -> None:
    """What is given to the installer can be written into `mlflow_config.py`."""
    hook = module("hooks.basic_logger").MLflowBasicLoggerHook
    assert set(ARGUMENTS.values()) <= set(inspect.signature(hook).parameters)


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("${oc.env:MLFLOW_URI}", "filled in when Kedro runs"),
        ("$MLFLOW_URI", "filled in when Kedro runs"),
        ("https://me:s3cr3t@mlflow.example.org", "has a login in it"),
        ("sqlite+pysqlcipher://:s3cr3t@/x.db", "has a login in it"),
        ("my runs", "--backend-store-uri 'my runs'"),
        ("file:///home/me/mlruns", "--backend-store-uri /home/me/mlruns"),
    ],
)
def test_stores_that_are_not_taken_over(tmp_path: Path, uri: str, told: str) -> None:
    """The reason is told with the line, and no password."""
    found, left = config(tmp_path, base=f"server:\n  mlflow_tracking_uri: '{uri}'\n")
    assert "uri" not in found
    assert len(left) == 1
    assert left[0].startswith("conf/base/mlflow.yml:2: server.mlflow_tracking_uri: ")
    assert told in left[0]
    assert "s3cr3t" not in left[0]


@pytest.mark.parametrize("uri", ["sqlite:///mlflow.db", "databricks", "http://127.0.0.1:5000"])
def test_stores_that_are_taken_over(tmp_path: Path, uri: str) -> None:
    found, left = config(tmp_path, base=f"server: {{mlflow_tracking_uri: '{uri}'}}\n")
    assert (found["uri"], left) == (uri, [])


def test_environments(tmp_path: Path) -> None:
    """The base's values count; what another environment has of its own is told."""
    base = "server: {mlflow_tracking_uri: sqlite:///a.db}\nui: {port: '5000'}\n"
    local = "server:\n  mlflow_tracking_uri: sqlite:///a.db\ntracking: {run: {name: mine}}\n"
    prod = "server:\n  mlflow_tracking_uri: http://prod\n  credentials: x\n"
    found, left = config(tmp_path, base=base, local=local, prod=prod)
    assert found["uri"] == "sqlite:///a.db"
    assert "run_name" not in found
    assert [one.split("; ")[0] for one in left] == [
        f"conf/{place} has a value of its own"
        for place in (
            "local/mlflow.yml:3: tracking.run.name: the environment 'local'",
            "prod/mlflow.yml:2: server.mlflow_tracking_uri: the environment 'prod'",
            "prod/mlflow.yml:3: server.credentials: the environment 'prod'",
        )
    ]


def test_only_the_default_environment_has_settings(tmp_path: Path) -> None:
    """There `kedro mlflow init` puts them, so they are what the project is run with."""
    found, left = config(tmp_path, local="server: {mlflow_tracking_uri: sqlite:///a.db}\n")
    assert (found["uri"], left) == ("sqlite:///a.db", [])


def test_no_settings_and_runs_in_a_folder(tmp_path: Path) -> None:
    """How the old runs are read is told; the experiment is called after the package anyway."""
    done = make(tmp_path, {"requirements.txt": "Kedro-MLflow>=2\n", "mlruns/0/meta.yaml": ""})
    assert done.config == {}
    assert len(done.left) == 1
    assert "MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri mlruns" in done.left[0]


def test_settings_without_the_name_of_an_experiment(tmp_path: Path) -> None:
    """Then kedro-mlflow takes the name of the package."""
    files = {"src/acme/forecast/settings.py": "", "conf/base/mlflow.yml": "ui: {port: '5000'}\n"}
    assert make(tmp_path, files).config == {"experiment_name": "acme.forecast"}


def test_a_project_without_kedro_mlflow(tmp_path: Path) -> None:
    """Nothing is said of it, whatever else is wrong."""
    files = {
        "src/acme/forecast/settings.py": "",
        "src/acme/forecast/nodes.py": "import mlflow\nmlflow.log_metric('a', 1)\n",
        "conf/base/catalog.yml": "a: [",
        "mlruns/0/meta.yaml": "",
        "requirements.txt": "kedro\nmlflow\n",
    }
    done = make(tmp_path, files)
    assert (done.texts, done.config, done.left) == ({}, {}, [])


def test_the_layer_is_not_taken_for_it(tmp_path: Path) -> None:
    """By the name of its table in pyproject.toml, where it stands after an installation."""
    table = {
        "pyproject.toml": "[tool.kedro-mlflow-layer]\nsource = 'x'\n",
        "mlruns/0/meta.yaml": "",
    }
    assert make(tmp_path, table).left == []
    for line in (
        "kedro-mlflow",
        "Kedro_MLflow[extra]>=2",
        "'kedro.mlflow'",
        "git+https://github.com/Galileo-Galilei/kedro-mlflow.git@0.14",
        "./wheels/kedro_mlflow-0.14.0-py3-none-any.whl",
    ):
        assert len(make(tmp_path, {"requirements.txt": f"{line}\n"}).left) == 1, line


def test_code_that_needs_kedro_mlflow(tmp_path: Path) -> None:
    """Each place is told with its line and what is there instead, but for the layer's own files."""
    code = (
        "import mlflow\n"
        "from kedro_mlflow.pipeline import pipeline_ml_factory\n"
        "import kedro_mlflow.io\n\n\n"
        "def f():\n"
        "    mlflow.log_metric('a', 1)\n"
        "    return {'type': 'kedro_mlflow.io.metrics.MlflowMetricDataset'}\n"
    )
    files = {
        "src/acme/forecast/settings.py": "from kedro_mlflow.framework.hooks import MlflowHook\n",
        "src/acme/forecast/a/b.py": code,
        "src/acme/forecast/broken.py": "def",
        "src/acme/forecast/tracking/x.py": code,
    }
    assert [one.split(": ")[:2] for one in make(tmp_path, files).left] == [
        ["src/acme/forecast/a/b.py:2", "pipeline_ml_factory"],
        ["src/acme/forecast/a/b.py:3", "import kedro_mlflow.io"],
        ["src/acme/forecast/a/b.py:7", "mlflow.log_metric"],
        ["src/acme/forecast/a/b.py:8", "MlflowMetricDataset"],
        ["src/acme/forecast/settings.py:1", "MlflowHook"],
    ]
