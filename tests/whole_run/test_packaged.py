"""The packaged project, installed and run in a folder that is no project."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from tests.harness.baked import BakedProject, explain
from tests.harness.store import runs_of

pytestmark = pytest.mark.slow


class Deployed(BakedProject):
    """A folder with data and an archive of `conf/`, for which the wheel is installed."""

    def mlflow(self, *words: str, **options: object) -> str:
        """Run a command of the group `mlflow` by the package, and return what it printed."""
        done = self.run("python", "-m", "my_iris", "mlflow", *words, **options)  # type: ignore[arg-type]
        return done.stdout


@pytest.fixture(scope="module")
def packaged(compiled: Path, tmp_path_factory: pytest.TempPathFactory, baked: BakedProject) -> Path:
    """`dist/` of a project, as `kedro package` leaves it."""
    root = Path(shutil.copytree(compiled, tmp_path_factory.mktemp("packaged") / "my-iris"))
    BakedProject(root, baked.python).run("kedro", "package")
    return root / "dist"


@pytest.fixture(scope="module")
def deployed(
    packaged: Path, tmp_path_factory: pytest.TempPathFactory, baked: BakedProject
) -> Deployed:
    """The wheel beside the packages of the tests' environment, and a folder with data."""
    site, folder = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("deployed")
    (wheel,) = packaged.glob("*.whl")
    install = ("pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel))
    baked.run("python", "-m", *install)
    shutil.copytree(baked.root / "data", folder / "data")
    shutil.copy(packaged / "conf-my_iris.tar.gz", folder)
    return Deployed(folder, baked.python, {"PYTHONPATH": str(site)})


def test_pins_come_along(packaged: Path, baked: BakedProject) -> None:
    assert (packaged / "requirements.lock").read_text() == baked.read_file("requirements.lock")
    names = sorted(path.name for path in packaged.iterdir())
    assert names == ["conf-my_iris.tar.gz", "my_iris-0.1-py3-none-any.whl", "requirements.lock"]


def test_runs_are_listed_exported_and_repeated_by_what_is_printed(deployed: Deployed) -> None:
    """By `python -m my_iris`: `pip install --target` puts the program into no folder of `PATH`."""
    options = ("--conf-source=conf-my_iris.tar.gz", "--params=model.C=0.25")
    later = {"KEDRO_MLFLOW_EXPORT": "later"}
    done = deployed.run("python", "-m", "my_iris", *options, env=later)
    assert "export it: python -m my_iris mlflow sync\n" in done.stderr, explain(done)
    assert "my_iris at sqlite:///" in deployed.mlflow("status")
    assert "exported as run" in deployed.mlflow("sync")
    assert "No run waits" in deployed.mlflow("status")
    (first,) = runs_of(deployed)
    assert first.info.run_name in deployed.mlflow("runs")

    command = first.data.tags["kedro.command"]
    assert command.startswith("python -m my_iris --")
    done = deployed.run(*shlex.split(command))
    assert "open it: python -m my_iris mlflow ui\n" in done.stderr, explain(done)
    second, _ = runs_of(deployed)
    assert second.info.status == "FINISHED"
    assert second.data.tags["kedro.command"] == command
    for run in (first, second):
        assert run.data.params.pop("__time_begin") <= run.data.params.pop("__time_end")
    assert first.data.params == second.data.params
    assert first.data.params["model.C"] == "0.25"
    assert first.data.metrics["score"] == second.data.metrics["score"]


def test_commands_call_themselves_as_they_were_called(deployed: Deployed) -> None:
    assert "Usage: python -m my_iris mlflow ui [" in deployed.mlflow("ui", "--help")
    program = Path(deployed.env["PYTHONPATH"], "bin", "my-iris")
    printed = deployed.run(str(program), "mlflow", "ui", "--help").stdout
    assert f"Usage: {program} mlflow ui " in printed


def test_unknown_command_is_refused_by_the_group(deployed: Deployed) -> None:
    done = deployed.run("python", "-m", "my_iris", "mlflow", "no-such", code=2)
    assert "No such command 'no-such'" in done.stderr
