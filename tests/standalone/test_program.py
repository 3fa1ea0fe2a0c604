"""The commands that the layer prints work as printed, where the project has none of its own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.faults.lab import Lab
from tests.faults.picture import only_run, runs_in

from .bare import make_bare

LATER = {"KEDRO_MLFLOW_EXPORT": "later"}


def printed(output: str) -> str:
    found = re.search(r"(?:open|export) it: (.+)", output)
    assert found is not None, output
    return found[1]


def test_printed_command_works(bare: Lab) -> None:
    """In the project and in a folder of it, for a run that waits and for one that is exported."""
    command = printed(bare.run(env=LATER).output)
    assert command == "python src/plain/tracking sync"
    done = bare.project.run("bash", "-c", command)
    assert "exported" in done.stdout
    assert only_run(bare.store).info.status == "FINISHED"
    notebooks = bare.root / "notebooks"
    notebooks.mkdir()
    told = bare.project.run("kedro", "run", cwd=notebooks)
    command = printed(told.stdout + told.stderr)
    assert command == "python ../src/plain/tracking ui"
    helped = bare.project.run("bash", "-c", f"{command} --help", cwd=notebooks).stdout
    assert helped.startswith("Usage: python ../src/plain/tracking ui [OPTIONS]")
    assert len(runs_in(bare.store)) == 2
    # Each line is for the shell.
    lines = bare.project.run("python", "src/plain/tracking", "env").stdout.splitlines()
    assert [line.partition("=")[0] for line in lines] == [
        "export MLFLOW_TRACKING_URI",
        "export MLFLOW_EXPERIMENT_NAME",
    ]


def test_project_with_commands(bare: Lab) -> None:
    """One line more in a file that Kedro reads, and it is `kedro mlflow`."""
    (bare.root / "src/plain/cli.py").write_text(
        "from kedro.framework.cli.project import project_group as cli\n\n"
        "from .tracking.commands.cli import mlflow\n\ncli.add_command(mlflow)\n"
    )
    assert printed(bare.run(env=LATER).output) == "kedro mlflow sync"
    assert "exported" in bare.project.run("kedro", "mlflow", "sync").stdout


def test_package_below_another(template: Path, tmp_path: Path) -> None:
    lab = make_bare(template, tmp_path / "plain", "acme.forecast", "tools.tracking")
    command = printed(lab.run(env=LATER).output)
    assert command == "python src/acme/forecast/tools/tracking sync"
    assert "exported" in lab.project.run("bash", "-c", command).stdout


def test_installed_package(bare: Lab, tmp_path: Path) -> None:
    """Where there is no folder of the project, it is a module."""
    site, home = tmp_path / "site", tmp_path / "home"
    shutil.copytree(bare.root / "src", site)
    for name in ("conf", "data"):
        shutil.copytree(bare.root / name, home / name)
    env = {"PYTHONPATH": str(site), **LATER}
    told = bare.project.run("python", "-m", "plain", cwd=home, env=env)
    command = printed(told.stdout + told.stderr)
    assert command == "python -m plain.tracking sync"
    assert "exported" in bare.project.run("bash", "-c", command, cwd=home, env=env).stdout
