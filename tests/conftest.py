"""Projects at three prices: to look at, to edit and run, and with an environment of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.harness.baked import BakedProject, explain
from tests.harness.doors import LAYER, PYTHON, cookiecutter, copy_template
from tests.harness.environments import make_venv, python_of
from tests.harness.sharing import made_once
from tests.harness.signals import heed_signals

if TYPE_CHECKING:  # a plugin, which pytest imports itself
    from tests.harness.residents import Residents

heed_signals()

# A machine that is busy with something else decides no test.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")

pytest_plugins = [
    "tests.harness.temporary",
    "tests.harness.matrix",
    "tests.harness.residents",
    "tests.harness.s3",
    "tests.harness.workers",
]

# Some tests import modules of the project that others compare file by file, in this process or in
# one that inherits its environment; `BakedProject.run` gives a user's environment without this.
sys.dont_write_bytecode = True
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a clone of this repository holds.

    `KSM_WITHOUT_WINGS=history,autolog` leaves these optional rooms of the tracking layer out.
    """
    folder = copy_template(tmp_path_factory.mktemp("template") / "kedro-starter-mlflow")
    for wing in filter(None, os.environ.get("KSM_WITHOUT_WINGS", "").split(",")):
        shutil.rmtree(folder / LAYER / wing)
    return folder


@pytest.fixture(scope="session")
def cookiecutter_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration of cookiecutter that keeps its clones and replays out of the user's home."""
    folder = tmp_path_factory.mktemp("cookiecutter")
    config = folder / "config.yml"
    config.write_text(f"cookiecutters_dir: {folder / 'clones'}\nreplay_dir: {folder / 'replay'}\n")
    return config


@pytest.fixture(scope="session")
def baked(
    template: Path, cookiecutter_config: Path, tmp_path_factory: pytest.TempPathFactory
) -> BakedProject:
    """The project `My Iris`, to look at: tests must not write into it."""
    out = tmp_path_factory.mktemp("baked")
    done = cookiecutter(template, "My Iris", out, cookiecutter_config)
    assert done.returncode == 0, explain(done)
    return BakedProject(out / "my-iris", PYTHON)


@pytest.fixture(scope="session")
def compiled(baked: BakedProject, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same project with its bytecode, to copy: compiling costs each first run half a second."""
    root = shutil.copytree(baked.root, tmp_path_factory.mktemp("compiled") / "my-iris")
    # By their hashes, not their times: a test may edit a file within the second of its making.
    command = [str(PYTHON), "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", "src"]
    subprocess.run(command, cwd=root, check=True)
    return Path(root)


@pytest.fixture
def project(compiled: Path, tmp_path: Path) -> BakedProject:
    """A copy of the project to run and edit, with the interpreter of the tests."""
    return BakedProject(Path(shutil.copytree(compiled, tmp_path / "my-iris")), PYTHON)


@pytest.fixture(scope="session")
def environment(baked: BakedProject, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a new environment with requirements.lock and nothing else.

    `KSM_TEST_VENV=/path/to/venv` takes an existing one: for developers, who cannot wait.
    """
    if given := os.environ.get("KSM_TEST_VENV"):
        return Path(given).absolute() / "bin" / "python"
    lock = str(baked.root / "requirements.lock")
    folder = made_once(tmp_path_factory, "venv", lambda folder: make_venv(folder, "-r", lock))
    return python_of(folder)


@pytest.fixture(scope="session")
def installed(
    baked: BakedProject,
    environment: Path,
    tmp_path_factory: pytest.TempPathFactory,
    shared_residents: Residents,
) -> BakedProject:
    """A copy of the project with an environment of its own, shared by the tests of a session."""
    root = shutil.copytree(baked.root, tmp_path_factory.mktemp("installed") / "my-iris")
    return BakedProject(Path(root), environment, shared_residents.env)
