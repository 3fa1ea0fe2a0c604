"""A package that a store needs and lacks is named, with the command that installs it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject, clean_env
from tests.harness.doors import PYTHON, ROOT

# Store -> a URI of it, the modules to hide, and what must be said.
ROWS = {
    "postgresql+psycopg2": ("psycopg2", "psycopg2-binary"),
    "postgresql+psycopg": ("psycopg", "'psycopg[binary]'"),
    "mysql": ("MySQLdb", "mysqlclient"),
    "mysql+mysqldb": ("MySQLdb", "mysqlclient"),
    "mysql+pymysql": ("pymysql", "pymysql"),
    "mssql+pymssql": ("pymssql", "pymssql"),
    "mssql+pyodbc": ("pyodbc", "pyodbc"),
    "s3": ("boto3", "boto3"),
    "gs": ("google.cloud", "google-cloud-storage"),
    "wasbs": ("azure", "azure-storage-blob azure-identity"),
    "abfss": ("azure", "azure-storage-file-datalake azure-identity"),
    "hdfs": ("pyarrow", "pyarrow"),
    "viewfs": ("pyarrow", "pyarrow"),
    "sftp": ("pysftp", "pysftp 'paramiko<4'"),
}
PLACES = {
    "wasbs": "wasbs://box@account.blob.core.windows.net/runs",
    "abfss": "abfss://box@account.dfs.core.windows.net/runs",
}
# Opens the store as the exporter does, with the modules hidden, and prints what a user is told.
PROGRAM = """
import sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from pathlib import Path

src, package, hidden, uri = sys.argv[1:]
sys.path.insert(0, src)


class Hidden(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if f"{name}.".startswith(f"{hidden}."):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Hidden())
lean, client, reasons, packages = (
    import_module(f"{package}.tracking.store.{name}")
    for name in ("lean_imports", "client", "reasons", "packages")
)
lean.import_lean()
try:
    if "+" in uri or uri.startswith("mysql"):
        client.open_client(uri)
    else:
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        Path("a.txt").write_text("a")
        get_artifact_repository(uri).log_artifact("a.txt")
except Exception as error:
    print(reasons.reason(error))
print(packages.missing_for(uri))
"""


@pytest.mark.parametrize("scheme", ROWS)
def test_a_store_whose_package_is_hidden_names_it(
    scheme: str, baked: BakedProject, tmp_path: Path
) -> None:
    hidden, install = ROWS[scheme]
    uri = PLACES.get(scheme, f"{scheme}://me:pass-word-1@127.0.0.1:9/box")
    command = [sys.executable, "-c", PROGRAM, str(baked.root / "src"), baked.package, hidden, uri]
    env = {**clean_env(PYTHON), "PYTHONDONTWRITEBYTECODE": "1"}  # others compare the folder
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    met, asked = done.stdout.splitlines()
    assert met == asked
    assert f"`pip install {install}`" in met
    assert "this store needs" in met
    assert "requirements-run.txt" in met
    assert "pass-word-1" not in done.stdout


def test_each_store_has_its_row_above(baked: BakedProject) -> None:
    assert set(baked.tracking("store.packages").NEEDS) == set(ROWS)


IN_PART = [
    (ModuleNotFoundError("No module", name="azure.storage"), "azure-storage-blob"),
    (ImportError("cannot import name 'storage'", name="google.cloud"), "google-cloud-storage"),
    (ImportError("requires the azure-identity package."), "azure-storage-blob azure-identity"),
    (ImportError("no pq wrapper available."), "'psycopg[binary]'"),
    (NameError("name 'HadoopFileSystem' is not defined", name="HadoopFileSystem"), "pyarrow"),
    (ModuleNotFoundError("No module named 'botocore'", name="botocore"), "boto3"),
    (ModuleNotFoundError("No module named 'oss2.api'", name="oss2.api"), "oss2"),
]


@pytest.mark.parametrize(("error", "install"), IN_PART)
def test_a_package_that_is_there_in_part_is_named(
    baked: BakedProject, error: Exception, install: str
) -> None:
    assert f"`pip install {install}" in baked.tracking("store.reasons").reason(error)


@pytest.mark.parametrize(
    "error", [NameError("name 'x' is not defined", name="x"), ImportError("cannot import y")]
)
def test_an_error_of_another_kind_names_no_package(baked: BakedProject, error: Exception) -> None:
    assert "pip install" not in baked.tracking("store.reasons").reason(error)


def test_a_driver_that_the_uri_does_not_name_is_sqlalchemys(
    baked: BakedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages: Any = baked.tracking("store.packages")
    for version, install in (("2.0.58", "psycopg2-binary"), ("2.1.9", "'psycopg[binary]'")):
        monkeypatch.setattr(packages, "version", lambda _name, version=version: version)
        assert packages.need_of("postgresql://h/b").install == install
    assert packages.missing_for("sqlite:///a.db") is None
    assert packages.missing_for("https://example.org") is None


def test_page_and_extras_say_the_same_as_the_layer(baked: BakedProject) -> None:
    """docs/stores.md, the extras of pyproject.toml, and what a run says."""
    page = (ROOT / "docs" / "stores.md").read_text("utf8")
    section = baked.read_file("pyproject.toml").split("[project.optional-dependencies]\n")[1]
    extras = {
        name: ast.literal_eval(packages)
        for name, packages in re.findall(r"^(\w+) = (\[.*\])$", section.split("\n[")[0], re.M)
    }
    need_of = baked.tracking("store.packages").need_of
    told = {}
    for row in re.findall(r"^\|(.*)\|$", page, re.MULTILINE):
        cells = [cell.strip() for cell in row.split("|")]
        if len(cells) == 4 and "pip install" in cells[2]:
            for scheme in re.findall(r"`([\w+]+)://`", cells[1]):
                need = need_of(f"{scheme}://")
                assert f"`pip install {need.install}`" in cells[2], row
                told[cells[3].strip("`")] = need.install
    plain = {
        extra: [re.split("[><]", one)[0] for one in packages] for extra, packages in extras.items()
    }
    assert plain == {
        extra: [re.split("[><]", one.strip("'"))[0] for one in install.split()]
        for extra, install in told.items()
    }
