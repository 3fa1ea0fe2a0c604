"""The virtual environments that the benchmarks run in."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

# What a developer's shell may hold and a user's does not.
_FOREIGN = ("MLFLOW_", "KEDRO_", "PYTHON", "VIRTUAL_ENV", "GIT_", "MPLBACKEND")
# Of Kedro's official starter `spaceflights-pandas`, what its runs import.
_SPACEFLIGHTS = (
    "kedro",
    "kedro-datasets[pandas-csvdataset,pandas-exceldataset,pandas-parquetdataset]",
    "kedro-viz",
    "scikit-learn",
)


@dataclass(frozen=True)
class Environment:
    """A virtual environment.

    Args:
        folder: where it lies.
    """

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def variables(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the variables of a user's shell with this environment active."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(_FOREIGN)}
        kept["PATH"] = f"{self.python.parent}{os.pathsep}{kept['PATH']}"
        kept["DO_NOT_TRACK"] = "1"
        kept["COLUMNS"] = "200"
        return {**kept, **(extra or {})}

    def install(self, *packages: str) -> None:
        """Install what a case needs and the project does not."""
        command = [str(self.python), "-m", "pip", "install", "--quiet", *packages]
        subprocess.run(command, check=True, env=self.variables())

    def versions(self) -> dict[str, str]:
        """Return the version of each installed package."""
        command = [str(self.python), "-m", "pip", "list", "--format=json"]
        done = subprocess.run(command, capture_output=True, check=True, env=self.variables())
        return {
            item["name"].lower().replace("_", "-"): item["version"]
            for item in json.loads(done.stdout)
        }


@dataclass(frozen=True)
class Environments:
    """The three environments, with the same version of each package that they share."""

    project: Environment
    kedro_mlflow: Environment
    spaceflights: Environment


def make_environments(folder: Path, lock: Path, reuse: bool) -> Environments:
    """Make the environments, with compiled bytecode.

    Args:
        folder: where they go.
        lock: the generated project's requirements.lock.
        reuse: keep those of an earlier call that was given the same lock file.
    """
    pinned = ("--requirement", str(lock))
    wanted = {
        "project": pinned,
        "kedro-mlflow": (*pinned, "kedro-mlflow"),
        "spaceflights": (*_SPACEFLIGHTS, "--constraint", str(lock)),
    }
    with ThreadPoolExecutor() as pool:
        made = pool.map(lambda name: _make(folder / name, lock, reuse, *wanted[name]), wanted)
        return Environments(*made)


def compile_bytecode(python: Path, *folders: Path) -> None:
    """Compile what lies in the folders; without bytecode `import mlflow` alone takes 4 s."""
    command = [str(python), "-m", "compileall", "-q", *map(str, folders)]
    subprocess.run(command, check=True, env=Environment(python.parents[1]).variables())


def _make(folder: Path, lock: Path, reuse: bool, *requirements: str) -> Environment:
    environment = Environment(folder)
    state = hashlib.sha256(lock.read_bytes() + repr((requirements, sys.version)).encode())
    stamp = folder / "bench.stamp"
    if reuse and stamp.exists() and stamp.read_text() == state.hexdigest():
        return environment
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    command = [str(environment.python), "-m", "pip", "install", "--quiet", "--compile"]
    subprocess.run([*command, *requirements], check=True, env=environment.variables())
    stamp.write_text(state.hexdigest())
    return environment
