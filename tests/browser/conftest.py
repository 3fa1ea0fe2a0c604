"""A project with two runs, MLflow's UI on it, and Chromium, cut off from the network."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.harness.baked import BakedProject, clean_env
from tests.harness.doors import PYTHON

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Route

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TIMEOUT = 60_000  # milliseconds; two cores, and a UI of 20 MB


@pytest.fixture(scope="session")
def viewed(baked: BakedProject, tmp_path_factory: pytest.TempPathFactory) -> BakedProject:
    """A project with two runs, the second one better."""
    root = tmp_path_factory.mktemp("viewed") / "my-iris"
    project = BakedProject(Path(shutil.copytree(baked.root, root)), PYTHON)
    # So that a run of a few seconds has a curve, and not its first and last point.
    points = "POINT_SECONDS, POINT_SHARE = 3.0"
    sampling = f"src/{project.package}/tracking/machine/sampling.py"
    project.edit(sampling, points, points.replace("3.0", "0.2"))
    project.run("kedro", "run")
    project.edit("conf/base/parameters.yml", "  # - sepal_width", "  - sepal_width")
    project.run("kedro", "run")
    return project


@contextmanager
def mlflow_ui_of(project: BakedProject) -> Iterator[str]:
    """Run `kedro mlflow ui`, and yield its address with the link to the run table."""
    command = [str(PYTHON.parent / "kedro"), "mlflow", "ui"]
    with background(command, project.root) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if found := re.search(r"MLflow UI: (\S+)", line):
                yield found[1]
                return
        pytest.fail("kedro mlflow ui ended without a link")


@pytest.fixture(scope="session")
def mlflow_ui(viewed: BakedProject) -> Iterator[str]:
    """The address of `kedro mlflow ui`."""
    with mlflow_ui_of(viewed) as address:
        yield address


@pytest.fixture(scope="session")
def kedro_viz(viewed: BakedProject) -> Iterator[str]:
    """The address of `kedro viz`."""
    port = 42137  # it refuses those above 49151, where free ports are
    command = [str(PYTHON.parent / "kedro"), "viz", "run", "--no-browser"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with background(command, viewed.root):
        address = f"http://127.0.0.1:{port}"
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/api/main", timeout=5).close()
                break
            except OSError:
                time.sleep(0.5)
        yield address


class background:  # noqa: N801  reads as a function
    """A server in a process group of its own, which is ended as a whole."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self.command = command
        self.folder = folder

    def __enter__(self) -> subprocess.Popen[str]:
        self.process = subprocess.Popen(
            self.command,
            cwd=self.folder,
            env=clean_env(PYTHON),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        return self.process

    def __exit__(self, *error: object) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    path = os.environ.get("KSM_CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.skip("needs Chromium: apt-get install chromium, or set KSM_CHROMIUM")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """An empty tab that reaches nothing outside of this machine."""
    context: BrowserContext = chromium.new_context(viewport={"width": 1360, "height": 800})
    context.set_default_timeout(TIMEOUT)
    context.route("**/*", _only_here)
    # Else a chat that nobody asked for covers a quarter of MLflow's page.
    context.add_init_script(
        "localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true');"
        "localStorage.setItem('mlflow.assistant.panelOpen_v1', 'false');"
    )
    yield context.new_page()
    context.close()


def _only_here(route: Route) -> None:
    if re.match(r"(http://127\.0\.0\.1|data:|blob:|about:)", route.request.url):
        route.continue_()
    else:
        route.abort()
