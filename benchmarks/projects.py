"""The projects that are run: the generated one, and others of the same work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .environments import Environment, compile_bytecode

ROOT = Path(__file__).parents[1]
PARTS = Path(__file__).parent / "parts"
NAME, PACKAGE = "Bench Lab", "bench_lab"
_PLAIN_SETTINGS = """\
import warnings

warnings.filterwarnings("ignore", message=r"(?s).*register_(new_)?resolver\\(\\)")
CONFIG_LOADER_ARGS = {"base_env": "base", "default_run_env": "local"}
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-viz",)
"""
# What the settings of a project lose with the layer.
_LAYER_SETTINGS = (
    "from .catalogs.config_loader import CatalogConfigLoader\n",
    "from .mlflow.mlflow_config import mlflow_hooks\n",
    "CONFIG_LOADER_CLASS = CatalogConfigLoader\n",
    "HOOKS = mlflow_hooks\n",
)


@dataclass(frozen=True)
class Project:
    """A Kedro project and the environment that it runs in.

    Args:
        root: the project's folder.
        environment: the environment.
        variables: set for each run.
    """

    root: Path
    environment: Environment
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def package(self) -> Path:
        """The folder of the Python package."""
        return self.root / "src" / PACKAGE

    @property
    def store(self) -> Path:
        """The file of its SQLite store."""
        return self.root / "mlruns" / "sqlite.db"

    def kedro(self, *arguments: str, extra: Mapping[str, str] | None = None) -> float:
        """Run `kedro` and return the seconds it took.

        Raises:
            RuntimeError: it failed; with what it printed.
        """
        return self.python("-m", "kedro", *arguments, extra=extra)[0]

    def python(self, *arguments: str, extra: Mapping[str, str] | None = None) -> tuple[float, str]:
        """Run Python in the project; returns the seconds it took and its output.

        Raises:
            RuntimeError: it failed; with what it printed.
        """
        variables = self.environment.variables({**self.variables, **(extra or {})})
        begin = time.perf_counter()
        done = subprocess.run(
            [str(self.environment.python), *arguments],
            cwd=self.root,
            env=variables,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        seconds = time.perf_counter() - begin
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)} in {self.root}:\n{done.stdout}{done.stderr}")
        return seconds, done.stdout

    def probe(
        self, name: str, *arguments: object, extra: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Run a module of `benchmarks.probes` in the project and return what it reports."""
        words = ("-m", f"benchmarks.probes.{name}", *map(str, arguments))
        _, output = self.python(*words, extra={**(extra or {}), "PYTHONPATH": str(ROOT)})
        found = json.loads(output.splitlines()[-1])
        if not isinstance(found, dict):
            raise RuntimeError(f"the probe {name} reported {output!r}.")
        return found

    def with_variables(self, **variables: str) -> Project:
        """Return the same project with more variables set."""
        return Project(self.root, self.environment, {**self.variables, **variables})


def bake(folder: Path) -> Path:
    """Generate a project from this template into a new folder, and commit it to Git."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = folder / "cookiecutter.yml"
    config.write_text(f"cookiecutters_dir: {folder}\nreplay_dir: {folder}\n", "utf8")
    command = [sys.executable, "-m", "cookiecutter", str(ROOT), "--no-input"]
    command += [f"project_name={NAME}", "--config-file", str(config), "--output-dir", str(folder)]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    subprocess.run(command, check=True, env=clean)
    root = folder / "bench-lab"
    for arguments in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "-m", "bench")):
        author = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
        signing = ("-c", "commit.gpgsign=false")
        subprocess.run(["git", *author, *signing, *arguments], cwd=root, check=True, env=clean)
    return root


def generated(baked: Path, folder: Path, environment: Environment) -> Project:
    """Copy the generated project as it is."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(baked, folder)
    return Project(folder, environment)


def keep_four_nodes(project: Project) -> Project:
    """Leave only the four nodes of `data_science`: what the others can do with the same content."""
    for path in (project.package / "pipelines").iterdir():
        if path.is_dir() and path.name != "data_science":
            shutil.rmtree(path)
    declared = project.package / "catalogs"
    if declared.exists():
        shutil.copy(PARTS / "iris_catalog.py", declared / "catalog.py")
    return project


def hand_written(baked: Path, folder: Path, environment: Environment) -> Project:
    """Copy the project with MLflow calls in the nodes instead of the tracking layer."""
    project = _without_tracking(baked, folder, environment)
    pipeline = project.package / "pipelines" / "data_science" / "pipeline.py"
    shutil.copy(PARTS / "iris_by_hand.py", pipeline)
    _append(project.root / "conf/base/catalog.yml", PARTS / "catalog_by_hand.yml")
    return project.with_variables(MLFLOW_TRACKING_URI=f"sqlite:///{project.store}")


def kedro_mlflow(baked: Path, folder: Path, environment: Environment) -> Project:
    """Copy the project with kedro-mlflow instead of the tracking layer."""
    project = _without_tracking(baked, folder, environment)
    _append(project.root / "conf/base/catalog.yml", PARTS / "catalog_kedro_mlflow.yml")
    return project.with_variables(MLFLOW_TRACKING_URI=f"sqlite:///{project.store}")


def without_layer(baked: Path, folder: Path, environment: Environment) -> Project:
    """Copy the project without the layer and what needs it; all else, its log too, is as it was."""
    project = _without_tracking(baked, folder, environment)
    settings = project.package / "settings.py"
    text = (baked / settings.relative_to(folder)).read_text("utf8")
    for line in _LAYER_SETTINGS:
        if line not in text:
            raise RuntimeError(f"{settings} has no line {line!r}.")
        text = text.replace(line, "")
    settings.write_text(text, "utf8")
    _append(project.root / "conf/base/catalog.yml", PARTS / "catalog_without_layer.yml")
    return project


def make_wide(project: Project, nodes: int, kind: str) -> Project:
    """Replace all pipelines by one of many nodes, each with one param and one metric.

    Args:
        project: changed in place.
        nodes: how many.
        kind: `generated`, `by_hand` or `kedro_mlflow`: who records them; `sleeping` as `generated`,
            of nodes that take two seconds each.
    """
    pipelines = project.package / "pipelines"
    for path in pipelines.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
    part = {"by_hand": "wide_by_hand.py", "sleeping": "sleeping.py"}.get(kind, "wide.py")
    text = (PARTS / part).read_text("utf8").replace("NODES = 3", f"NODES = {nodes}")
    (pipelines / "wide").mkdir()
    (pipelines / "wide" / "__init__.py").write_text(text, "utf8")
    conf = project.root / "conf/base"
    knobs = "".join(f"knob_{i}: {i / 7:.4f}\n" for i in range(nodes))
    (conf / "parameters.yml").write_text(knobs, "utf8")
    entry = "gauge_{}:\n  type: kedro_mlflow.io.metrics.MlflowMetricDataset\n"
    catalog = "".join(entry.format(i) for i in range(nodes)) if kind == "kedro_mlflow" else "{}\n"
    (conf / "catalog.yml").write_text(catalog, "utf8")
    if kind in ("generated", "sleeping"):
        declared = project.package / "catalogs" / "catalog.py"
        declared.write_text("catalog_dict: dict[str, object] = {}\n", "utf8")
    return project


def compile_project(project: Project) -> Project:
    """Compile the bytecode of a project's modules."""
    compile_bytecode(project.environment.python, project.root / "src")
    return project


def _without_tracking(baked: Path, folder: Path, environment: Environment) -> Project:
    project = generated(baked, folder, environment)
    for name in ("tracking", "mlflow", "catalogs"):
        shutil.rmtree(project.package / name)
    (project.package / "cli.py").unlink()
    (project.package / "settings.py").write_text(_PLAIN_SETTINGS, "utf8")
    return project


def _append(file: Path, part: Path) -> None:
    file.write_text(file.read_text("utf8") + part.read_text("utf8"), "utf8")
