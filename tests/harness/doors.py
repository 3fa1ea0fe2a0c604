"""The two ways to make a project: `cookiecutter` and `kedro new`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.harness.baked import run

ROOT = Path(__file__).parents[2]
PYTHON = Path(sys.executable)
TEMPLATE_FOLDER = "{{ cookiecutter.repo_name }}"
LAYER = f"{TEMPLATE_FOLDER}/src/{{{{ cookiecutter.python_package }}}}/tracking"


def copy_template(to: Path) -> Path:
    """Copy what a clone of this repository would hold, without caches and results."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, to / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return to


def cookiecutter(
    template: Path | str, name: str, out: Path, config: Path
) -> subprocess.CompletedProcess[str]:
    """Run `cookiecutter` in a shell, without questions."""
    command = ("python", "-m", "cookiecutter", str(template), "--no-input", f"project_name={name}")
    return run((*command, "--config-file", str(config)), PYTHON, out)


def kedro_new(
    template: Path | str, name: str, out: Path, config: Path
) -> subprocess.CompletedProcess[str]:
    """Run `kedro new` in a shell, without questions."""
    command = ("kedro", "new", f"--starter={template}", f"--name={name}")
    return run(command, PYTHON, out, {"COOKIECUTTER_CONFIG": str(config)})
