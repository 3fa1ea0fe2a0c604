"""An image of a project that has secrets lying about, built once."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.server import Server, start_server
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON, ROOT
from tests.harness.images import Images, needs_images

from .containers import COMMIT, IMAGE, SECRETS, WAITING, Docker


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    """The images of the session; they are removed with it."""
    needs_images()
    made = Images(tmp_path_factory.mktemp("images"))
    made.take_base()
    yield made
    made.remove()


@pytest.fixture(scope="session")
def source(baked: BakedProject, tmp_path_factory: pytest.TempPathFactory) -> BakedProject:
    """The project that is built: as on the machine of a developer who has worked in it."""
    root = Path(shutil.copytree(baked.root, tmp_path_factory.mktemp("source") / "my-iris"))
    project = BakedProject(root, PYTHON)
    for name, text in {**SECRETS, **WAITING}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    registry = f"src/{project.package}/pipeline_registry.py"
    project.edit(registry, '("inference",)', '("inference", "waiting")')
    # As `umask 077` leaves them: in the image others must be able to read them.
    for folder in (root / "conf", root / "src"):
        for path in folder.rglob("*"):
            path.chmod(0o700 if path.is_dir() else 0o600)
    return project


@pytest.fixture(scope="session")
def image(images: Images, source: BakedProject) -> str:
    """The name of the project's image."""
    images.build(IMAGE, source.root, f"--build-arg=CI_COMMIT_SHA={COMMIT}")
    return IMAGE


@pytest.fixture(scope="session")
def program(images: Images) -> Path:
    """The folder of a program `docker` that has these images."""
    folder = images.folder / "bin"
    folder.mkdir()
    command = shlex.join([sys.executable, "-m", "tests.harness.docker", str(images.folder)])
    file = folder / "docker"
    file.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {command} "$@"\n')
    file.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real MLflow server."""
    running = start_server(tmp_path_factory.mktemp("server"))
    yield running
    running.stop()


@pytest.fixture
def docker(image: str, program: Path, source: BakedProject, server: Server) -> Docker:
    """Containers of the image, with the raw data of the project and the server at hand."""
    return Docker(program / "docker", image, source.root, {"MLFLOW_TRACKING_URI": server.uri})
