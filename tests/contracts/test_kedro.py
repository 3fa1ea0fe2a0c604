"""What `kedro_internals.py` uses of Kedro."""

from __future__ import annotations

import inspect
import subprocess
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader
from kedro.framework.context import KedroContext
from kedro.io import (
    AbstractDataset,
    AbstractVersionedDataset,
    CachedDataset,
    DataCatalog,
    DatasetError,
    MemoryDataset,
    Version,
)
from kedro_datasets.json import JSONDataset
from kedro_datasets.pandas import CSVDataset

from tests.harness.baked import BakedProject

pytestmark = pytest.mark.contract


@pytest.fixture
def internals(baked: BakedProject) -> Any:
    return baked.tracking("kedro_internals")


def test_configure_worker(project: BakedProject) -> None:
    code = (
        "from kedro.framework import project\n"
        "assert project.PACKAGE_NAME is None\n"
        f"from {project.package}.tracking.kedro_internals import configure_worker\n"
        f"configure_worker({project.package!r})\n"
        "print(*(type(hook).__name__ for hook in project.settings.HOOKS))\n"
    )
    done: subprocess.CompletedProcess[str] = project.run(
        "python", "-c", code, env={"PYTHONPATH": "src"}
    )
    assert "MLflowBasicLoggerHook" in done.stdout


def test_configure_worker__is_not_needed_where_kedro_knows_the_project(
    project: BakedProject,
) -> None:
    code = (
        "from kedro.framework import project\n"
        f"project.configure_project({project.package!r})\n"
        "before = project.settings.HOOKS\n"
        f"from {project.package}.tracking.kedro_internals import configure_worker\n"
        "configure_worker('none_such')\n"
        "assert project.settings.HOOKS is before\n"
    )
    project.run("python", "-c", code, env={"PYTHONPATH": "src"})


def test_project_package(project: BakedProject) -> None:
    code = (
        f"from {project.package}.tracking.kedro_internals import project_package\n"
        "assert project_package() is None\n"
        "from kedro.framework.project import configure_project\n"
        f"configure_project({project.package!r})\n"
        "print(project_package())\n"
    )
    done = project.run("python", "-c", code, env={"PYTHONPATH": "src"})
    assert done.stdout.split() == [project.package]


def test_pipeline_called(project: BakedProject) -> None:
    """Also where `kedro run --pipelines` has asked for others, which stay the ones asked for."""
    code = (
        "from kedro.framework.project import configure_project, pipelines\n"
        f"configure_project({project.package!r})\n"
        f"from {project.package}.tracking.kedro_internals import pipeline_called\n"
        "whole, names = pipeline_called('inference')\n"
        "assert names == ['__default__', 'data_science', 'inference', 'reporting'], names\n"
        "assert pipeline_called('nothing') == (None, names)\n"
        "if not hasattr(pipelines, 'set_requested'):\n"  # Kedro 1.0 always has them all
        "    raise SystemExit\n"
        "pipelines.set_requested(['data_science'])\n"
        "assert 'inference' not in pipelines\n"
        "found, _ = pipeline_called('inference')\n"
        "assert [node.name for node in found.nodes] == [node.name for node in whole.nodes]\n"
        "assert 'data_science' in pipelines and 'inference' not in pipelines\n"
    )
    project.run("python", "-c", code, env={"PYTHONPATH": "src"})


@pytest.mark.parametrize(
    "name", ["parameters", "params:a", "params:a.b", "a", "params", "x_params:a"]
)
def test_is_parameter(internals: Any, name: str) -> None:
    from kedro.io.core import is_parameter

    assert internals.is_parameter(name) is is_parameter(name)


def test_file_of(internals: Any, tmp_path: Path) -> None:
    local = CSVDataset(filepath=str(tmp_path / "a.csv"))
    remote = CSVDataset(filepath="memory://bucket/a.csv")
    assert internals.file_of(local) == str(tmp_path / "a.csv")
    assert internals.file_of(remote) == "memory:///a.csv"
    assert internals.file_of(MemoryDataset()) is None


@pytest.mark.parametrize(
    ("fields", "protocol"),
    [
        ({"_protocol": "s3"}, "s3"),
        ({"_protocol": "local"}, "file"),
        ({"_fs_prefix": "s3a://"}, "s3a"),
        ({"_fs_prefix": "file://"}, "file"),
        ({"_fs_prefix": ""}, "file"),
        ({}, "file"),
    ],
)
def test_protocol_of(internals: Any, fields: dict[str, str], protocol: str) -> None:
    """Spark's by what they have: Spark is not needed to know where they load from."""
    dataset = SimpleNamespace(_filepath=PurePosixPath("bucket/a"), **fields)
    assert internals.protocol_of(dataset) == protocol
    place = "bucket/a" if protocol == "file" else f"{protocol}://bucket/a"
    assert internals.file_of(dataset) == place


def test_saved_file_of(internals: Any, tmp_path: Path) -> None:
    plain = CSVDataset(filepath=str(tmp_path / "a.csv"))
    plain.save(pd.DataFrame({"a": [1]}))
    assert internals.saved_file_of(plain) == str(tmp_path / "a.csv")
    versioned = CSVDataset(filepath=str(tmp_path / "b.csv"), version=Version(None, None))
    versioned.save(pd.DataFrame({"a": [1]}))
    (file,) = (tmp_path / "b.csv").glob("*/b.csv")
    assert internals.saved_file_of(versioned) == str(file)
    assert internals.saved_file_of(MemoryDataset()) is None


def test_loaded_file_of(internals: Any, tmp_path: Path) -> None:
    plain = CSVDataset(filepath=str(tmp_path / "a.csv"))
    assert internals.loaded_file_of(plain) == str(tmp_path / "a.csv")
    versioned = CSVDataset(filepath=str(tmp_path / "b.csv"), version=Version(None, None))
    assert internals.loaded_file_of(versioned) == str(tmp_path / "b.csv")
    versioned.save(pd.DataFrame({"a": [1]}))
    (file,) = (tmp_path / "b.csv").glob("*/b.csv")
    assert internals.loaded_file_of(versioned) == str(file)


def test_loaded_version_of(internals: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert internals.loaded_version_of(CSVDataset(filepath=str(path))) is None
    CSVDataset(filepath=str(path), version=Version(None, "1")).save(pd.DataFrame({"a": [1]}))
    CSVDataset(filepath=str(path), version=Version(None, "2")).save(pd.DataFrame({"a": [1]}))
    newest = CSVDataset(filepath=str(path), version=Version(None, None))
    newest.load()
    assert internals.loaded_version_of(newest) == "2"
    pinned = CSVDataset(filepath=str(path), version=Version("1", None))
    assert internals.loaded_version_of(pinned) == "1"
    nothing = CSVDataset(filepath=str(tmp_path / "b.csv"), version=Version(None, None))
    assert internals.loaded_version_of(nothing) is None


def test_saved_version_of(internals: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    dataset = CSVDataset(filepath=str(path), version=Version(None, None))
    dataset.save(pd.DataFrame({"a": [1]}))
    (folder,) = path.iterdir()
    assert internals.saved_version_of(dataset) == folder.name
    named = CSVDataset(filepath=str(tmp_path / "b.csv"), version=Version(None, "7"))
    assert internals.saved_version_of(named) == "7"
    assert internals.saved_version_of(MemoryDataset()) is None


def test_unwrapped(internals: Any, tmp_path: Path) -> None:
    inner = CSVDataset(filepath=str(tmp_path / "a.csv"))
    assert internals.unwrapped(CachedDataset(inner)) is inner
    assert internals.unwrapped(inner) is inner


def test_config_of(internals: Any, tmp_path: Path) -> None:
    given = CSVDataset(
        filepath=str(tmp_path / "a.csv"),
        save_args={"sep": ";"},
        credentials={"key": "value"},
    )
    config = internals.config_of(given)
    assert config["filepath"] == str(tmp_path / "a.csv")
    assert config["save_args"] == {"sep": ";"}
    assert config["credentials"] == {"key": "value"}
    again = AbstractDataset.from_config("again", config)
    assert type(again) is CSVDataset


class _Folder(AbstractVersionedDataset[Any, Any]):
    """One with a `path`; Kedro's class keeps it as its file."""

    def __init__(self, *, path: str) -> None:
        super().__init__(PurePosixPath(path), None)

    def load(self) -> Any: ...

    def save(self, data: Any) -> None: ...

    def _describe(self) -> dict[str, Any]:
        return {}


def test_definition_of(internals: Any) -> None:
    given = {"type": "json.JSONDataset", "filepath": "a.json"}
    assert internals.definition_of(given) == (JSONDataset, {"filepath": "a.json"})
    assert internals.definition_of({"type": JSONDataset}) == (JSONDataset, {})
    assert internals.definition_of({"type": "kedro.io.MemoryDataset"}) == (MemoryDataset, {})
    # What Hugging Face's datasets are.
    assert internals.file_of(_Folder(path="folder")) == "folder"
    with pytest.raises(DatasetError):
        internals.definition_of({"type": "none.SuchDataset"})


@pytest.mark.parametrize("mode", [None, "assign", "copy", "deepcopy"])
def test_copy_mode_of(internals: Any, mode: Any) -> None:
    assert internals.copy_mode_of(MemoryDataset(copy_mode=mode)) == mode


def test_takes_versions(internals: Any) -> None:
    class Asked(MemoryDataset):
        _version = None

        def _copy(self, **changes: Any) -> MemoryDataset:
            return MemoryDataset(changes["_version"].load)

    catalog = DataCatalog({"a": Asked("newest")})
    assert catalog.load("a", version="old") == "newest"
    internals.takes_versions(Asked)
    assert catalog.load("a", version="old") == "old"
    assert catalog.load("a") == "newest"


def test_plugins_of(internals: Any) -> None:
    """By the project's own settings, and one that a distribution brings."""
    from kedro.framework.hooks.manager import _create_hook_manager
    from kedro.framework.session.session import KedroSession

    manager = _create_hook_manager()
    own, brought = type("Own", (), {})(), type("Brought", (), {})()
    manager.register(own)
    manager.register(brought)
    found: Any = SimpleNamespace(project_name="kedro_mlflow")
    manager._plugin_distinfo.append((brought, found))
    context = KedroContext(Path.cwd(), OmegaConfigLoader("conf"), None, "a", manager)
    assert "hook_manager=self._hook_manager" in inspect.getsource(KedroSession.load_context)
    assert sorted(internals.plugins_of(context), key=str) == [
        (__name__, "kedro_mlflow"),
        (__name__, None),
    ]
    manager.unregister(brought)
    assert internals.plugins_of(context) == [(__name__, None)]


def test_dataset_of(internals: Any) -> None:
    broken = {"type": "pandas.NoSuchDataset", "filepath": "a.csv"}
    entries = {"a": broken, "{b}_c": broken, "d": {"type": "MemoryDataset"}}
    catalog = DataCatalog.from_config(entries)
    for name in ("a", "a_c", "none"):
        assert internals.dataset_of(catalog, name) is None
    assert type(internals.dataset_of(catalog, "d")) is MemoryDataset
    for name in ("a", "a_c"):
        with pytest.raises(DatasetError, match="NoSuchDataset"):
            catalog[name]


def test_version_of(internals: Any) -> None:
    version = Version("1", None)
    assert internals.version_of(CSVDataset(filepath="a.csv", version=version)) == version
    assert internals.version_of(CSVDataset(filepath="a.csv")) is None
    assert internals.version_of(MemoryDataset()) is None


def test_hold(internals: Any) -> None:
    value = [1]
    memory = MemoryDataset()
    internals.hold(memory, value)
    assert internals.value_in(memory) is value
    assert memory.load() == value
    assert memory.load() is not value


def test_value_in(internals: Any) -> None:
    value = [1]
    assert internals.value_in(MemoryDataset(value, copy_mode="assign")) is value


def test_hooks_of_worker(project: BakedProject) -> None:
    code = (
        f"from {project.package}.tracking import kedro_internals\n"
        f"kedro_internals.configure_worker({project.package!r})\n"
        "hooks_of_worker = kedro_internals.hooks_of_worker\n"
        "print(*(type(hook).__name__ for hook in hooks_of_worker().get_plugins()))\n"
    )
    done = project.run("python", "-c", code, env={"PYTHONPATH": "src"})
    assert "MLflowBasicLoggerHook" in done.stdout
