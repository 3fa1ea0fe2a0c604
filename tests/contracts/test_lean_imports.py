"""What `store/lean_imports.py` keeps MLflow from importing; each in a process of its own."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject

pytestmark = pytest.mark.contract

START = """
import sys
from {package}.tracking.store import client, lean_imports
client.prepare_environment()
lean_imports.import_lean()

def imported(*names):
    return [name for name in names if name in sys.modules]
"""
USED_BY_NONE = "'numpy', 'pandas', 'pyarrow', 'fastapi', 'IPython.core', 'alembic.util'"
USED_BY_NONE += ", 'mlflow.genai.judges.base', 'pydantic.main'"
RUN_BY_NONE = ["mlflow.tracing.processor.base_mlflow", "mlflow.tracking.fluent"]
USED_BY_SERVERS = "'requests', 'urllib3'"


def said(baked: BakedProject, folder: Path, code: str, *paths: Path) -> list[str]:
    """Run code in a process that imports lean; returns the lines that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", START.format(package=baked.package) + code],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, (baked.root / "src", *paths))),
            "PYTHONDONTWRITEBYTECODE": "1",  # others compare the folder
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def store(baked: BakedProject, tmp_path: Path) -> Path:
    """A store that exists already."""
    baked.tracking("store.client").open_client(f"sqlite:///{tmp_path / 'store.db'}")
    return tmp_path / "store.db"


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a server that has one experiment."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = b'{"experiment": {"experiment_id": "7", "name": "wine"}}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_import_lean(baked: BakedProject, tmp_path: Path, store: Path) -> None:
    code = f"""
from mlflow.entities import Metric, Param, RunTag, Span, TraceInfo, Dataset
opened = client.open_client("sqlite:///{store}")
run_id = opened.create_run("0").info.run_id
opened.log_batch(run_id, metrics=[Metric("score", 0.5, 1, 0)])
open("a.txt", "w").write("a")
opened.log_artifact(run_id, "a.txt")
print(opened.get_run(run_id).data.metrics, [one.path for one in opened.list_artifacts(run_id)])
opened.set_terminated(run_id)
opened.create_registered_model("wine")
late = [name for name, one in sys.modules.items() if type(one).__name__ == "_LateModule"]
print([name for name in {RUN_BY_NONE} if name in sys.modules and name not in late])
print(imported({USED_BY_NONE}, {USED_BY_SERVERS}))
"""
    assert said(baked, tmp_path, code) == ["{'score': 0.5} ['a.txt']", "[]", "[]"]


@pytest.mark.parametrize("value", ["", "m-1"])
def test_import_lean__active_model(
    baked: BakedProject, tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """Metrics are those of the model that the environment says is the active one."""
    monkeypatch.setenv("MLFLOW_ACTIVE_MODEL_ID", value)
    code = f"""
from mlflow.entities import Metric
opened = client.open_client("sqlite:///{store}")
model = opened.create_logged_model("0", name="wine")
import os
if os.environ["MLFLOW_ACTIVE_MODEL_ID"]:
    os.environ["MLFLOW_ACTIVE_MODEL_ID"] = model.model_id
else:
    del os.environ["MLFLOW_ACTIVE_MODEL_ID"]
run_id = opened.create_run("0").info.run_id
opened.log_batch(run_id, metrics=[Metric("score", 0.5, 1, 0)])
found = opened.get_logged_model(model.model_id).metrics
print([metric.key for metric in found or ()])
"""
    assert said(baked, tmp_path, code) == ["['score']" if value else "[]"]


def test_names_of_some_stores(baked: BakedProject, tmp_path: Path) -> None:
    """Each name is there, and each class is defined where it is said to be."""
    code = """
from importlib import import_module
from {package}.tracking.store.late_names import NAMES_OF_SOME_STORES
lean_imports.import_everything()
for module, names in NAMES_OF_SOME_STORES.items():
    for name in names:
        found = getattr(import_module(module), name)
        assert not isinstance(found, type) or found.__module__ == module, (module, name)
print(len(NAMES_OF_SOME_STORES) > 20)
""".replace("{package}", baked.package)
    assert said(baked, tmp_path, code) == ["True"]


def test_find_plugins_once(baked: BakedProject, tmp_path: Path) -> None:
    code = """
from mlflow.utils import plugins
import importlib.metadata
print({one.name for one in plugins.get_entry_points("console_scripts")} >= {"mlflow", "pip"})
importlib.metadata.entry_points = None
print(len(plugins.get_entry_points("mlflow.no_such_plugin")))
"""
    assert said(baked, tmp_path, code) == ["True", "0"]


def test_import_lean__server(baked: BakedProject, tmp_path: Path, server: str) -> None:
    code = f"""
opened = client.open_client("{server}")
print(opened.get_experiment_by_name("wine").experiment_id)
print(imported({USED_BY_NONE}, 'sqlalchemy', 'alembic', 'IPython.terminal'))
"""
    assert said(baked, tmp_path, code) == ["7", "[]"]


def test_import_lean__has_the_names_of_mlflow(baked: BakedProject, tmp_path: Path) -> None:
    """Those that it answers itself are the very things; all others are there."""
    code = """
import mlflow
import mlflow.data
from mlflow.data.evaluation_dataset import EvaluationDataset
from mlflow.store.artifact.hdfs_artifact_repo import HdfsArtifactRepository
names = ["__version__", "MlflowClient", "get_tracking_uri", "is_tracking_uri_set"]
names += ["set_tracking_uri"]
early = [getattr(mlflow, name) for name in names] + [mlflow.data.Dataset]
print(imported("mlflow.genai"))
late = [mlflow.start_run, mlflow.sklearn.log_model, mlflow.data.from_pandas]
print(all(callable(one) for one in late), imported("mlflow.genai"))
assert all(vars(mlflow)[name] is one for name, one in zip(names, early))
assert mlflow.data.Dataset is early[-1]
from mlflow.store.artifact import hdfs_artifact_repo, http_artifact_repo
assert isinstance(hdfs_artifact_repo.HdfsArtifactRepository, type)
class Own(HdfsArtifactRepository):
    pass
assert issubclass(Own, hdfs_artifact_repo.HdfsArtifactRepository)
assert isinstance(object.__new__(Own), HdfsArtifactRepository)
from mlflow.entities.model_registry import PromptVersion, prompt_version
maybe = PromptVersion | None
assert isinstance(None, maybe) and not isinstance("", None | PromptVersion | int)
assert prompt_version.IS_PROMPT_TAG_KEY == "mlflow.prompt.is_prompt"
assert PromptVersion("a", 1, "{{x}}").template == "{{x}}"
assert isinstance(PromptVersion("a", 1, "b"), maybe)
assert issubclass(prompt_version.PromptModelConfig, __import__("pydantic").BaseModel)
from mlflow.genai.scorers.scorer_utils import is_gateway_model
from mlflow.genai.judges.instructions_judge import EXPECTATIONS_FIELD, InstructionsJudge
from mlflow.genai.scorers.base import Scorer
assert issubclass(InstructionsJudge.__mro__[0], Scorer)
assert (is_gateway_model("gateway:/a"), EXPECTATIONS_FIELD.name) == (True, "expectations")
assert EvaluationDataset.__mro__[0] is mlflow.data.evaluation_dataset.EvaluationDataset
import alembic.command
from alembic.script import ScriptDirectory
assert isinstance(ScriptDirectory, type)
from IPython import get_ipython
assert get_ipython() is None
import IPython.core.interactiveshell
assert IPython.get_ipython() is None and IPython.version_info
"""
    assert said(baked, tmp_path, code) == ["[]", "True ['mlflow.genai']"]


def test_import_lean__plugin(baked: BakedProject, tmp_path: Path, store: Path) -> None:
    """An artifact store of a plugin has all of pandas and MLflow, whatever exporting needs."""
    plugin = tmp_path / "plugin"
    (plugin / "shelf-1.0.dist-info").mkdir(parents=True)
    (plugin / "shelf-1.0.dist-info" / "METADATA").write_text("Name: shelf\nVersion: 1.0\n")
    (plugin / "shelf-1.0.dist-info" / "entry_points.txt").write_text(
        "[mlflow.artifact_repository]\nshelf=shelf:Shelf\n"
    )
    (plugin / "shelf.py").write_text("""
import mlflow
import numpy.random
import pandas as pd
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository
from pandas.api.types import is_numeric_dtype

EMPTY = pd.DataFrame({"path": []})


class Shelf(LocalArtifactRepository):
    def __init__(self, uri, *args, **kwargs):
        super().__init__("file:///" + uri.removeprefix("shelf:").lstrip("/"), *args, **kwargs)

    def log_artifact(self, local_file, artifact_path=None):
        super().log_artifact(local_file, artifact_path)
        from mlflow.models import infer_signature
        import sklearn.linear_model
        frame = pd.concat([EMPTY, pd.DataFrame({"path": [local_file]})])
        print(frame.to_dict("list"), mlflow.active_run(), is_numeric_dtype(frame["path"]))
        print(infer_signature(frame).inputs.input_names(), mlflow.sklearn.load_model.__name__)
""")
    code = f"""
opened = client.open_client("sqlite:///{store}")
experiment = opened.create_experiment("e", artifact_location="shelf:///{tmp_path}/artifacts")
run_id = opened.create_run(experiment).info.run_id
open("a.txt", "w").write("a")
opened.log_artifact(run_id, "a.txt")
"""
    assert said(baked, tmp_path, code, plugin) == [
        "{'path': ['a.txt']} None False",
        "['path'] load_model",
    ]
    assert len(list((tmp_path / "artifacts").rglob("a.txt"))) == 1


def test_import_everything(baked: BakedProject, tmp_path: Path) -> None:
    code = """
from mlflow import MlflowClient
import mlflow.data
print("start_run" in vars(sys.modules["mlflow"]), imported("mlflow.genai"))
lean_imports.import_everything()
late = [name for name, one in sys.modules.items() if type(one).__name__ == "_LateModule"]
print("start_run" in vars(sys.modules["mlflow"]), imported("mlflow.genai"))
print(sorted({name for name in late if name.startswith("mlflow")}))
"""
    assert said(baked, tmp_path, code) == ["False []", "True ['mlflow.genai']", "[]"]


def test_check_schema_without_alembic(baked: BakedProject, tmp_path: Path, store: Path) -> None:
    code = f"""
try:
    print(client.open_client("sqlite:///{store}").get_experiment("0").name)
except Exception as error:
    print(str(error)[:70])
print(imported("alembic.util"))
"""
    assert said(baked, tmp_path, code) == ["Default", "[]"]
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'bd07f7e963c5'")
    told, imported = said(baked, tmp_path, code)
    assert told.startswith("Detected out-of-date database schema (found version bd07f7e963c5")
    assert imported == "['alembic.util']"


def test_newest_revisions(baked: BakedProject, tmp_path: Path) -> None:
    from alembic.script import ScriptDirectory
    from mlflow.store import db_migrations

    folder = Path(str(db_migrations.__file__)).parent
    newest = baked.tracking("store.lean_imports").newest_revisions
    assert newest(folder / "versions") == set(ScriptDirectory(str(folder)).get_heads())
    (tmp_path / "a.py").write_text('revision = "a"\ndown_revision = None\n')
    (tmp_path / "b.py").write_text('revision = "b"\ndown_revision = ("a", "c")\n')
    assert newest(tmp_path) == frozenset()


def test_mask_urls_in_logs(baked: BakedProject, tmp_path: Path) -> None:
    code = """
import logging
from mlflow import MlflowClient
logging.basicConfig(stream=sys.stdout, format="%(message)s")
logging.getLogger("urllib3.connectionpool").warning("at /a?X-Amz-Signature=%s", "secret")
"""
    assert said(baked, tmp_path, code) == ["at /a?X-Amz-Signature=[REDACTED]"]


@pytest.mark.parametrize("database", [True, False])
def test_import_early(baked: BakedProject, database: bool) -> None:
    """Nothing that opens a store imports more than a module or two, and nothing has a thread."""
    code = f"""
import os, sys
sys.path.insert(0, {str(baked.root / "src")!r})
from {baked.package}.tracking.store.lean_imports import import_early
import_early({database})
before = set(sys.modules)
print("sqlalchemy" in sys.modules, "alembic" in sys.modules, len(os.listdir("/proc/self/task")))
if {database}:
    from mlflow import MlflowClient
    MlflowClient("sqlite:///store.db").create_run("0")
late = [name.partition(".")[0] for name in set(sys.modules) - before]
print(late.count("mlflow") + late.count("sqlalchemy"))
"""
    folder = baked.root.parent / f"warm-{database}"
    folder.mkdir(exist_ok=True)
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.split()
    assert told[:3] == [str(database), str(database), "1"]
    assert int(told[3]) < 10
