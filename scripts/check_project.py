"""Lint, format and type-check a new project; with `--fix`, carry changes back to the template.

Ruff and mypy cannot read the template itself: Jinja stands in file contents and folder names.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from cookiecutter.main import cookiecutter

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "{{ cookiecutter.repo_name }}"
PACKAGE = "checked_project"


def main(fix: bool) -> int:
    """Bake a project into a temporary folder and check or mend it; the exit code is for `make`."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config.yml")
        config.write_text(f"replay_dir: {folder}/replay\n")
        names = {"project_name": PACKAGE}
        made = cookiecutter(
            str(ROOT),
            no_input=True,
            extra_context=names,
            output_dir=folder,
            config_file=str(config),
        )
        project = Path(made)
        if fix:
            before = {path: path.read_text("utf8") for path in project.rglob("*.py")}
            codes = [tool(project, "ruff", "check", "--fix"), tool(project, "ruff", "format")]
            carry_back(project, before)
        else:
            codes = [
                tool(project, "ruff", "check"),
                tool(project, "ruff", "format", "--check"),
                tool(project, "mypy"),
            ]
    return max(codes)


def tool(project: Path, *command: str) -> int:
    """Run a tool in the project as its owner would, and return its exit code."""
    print("in a new project:", *command, flush=True)
    return subprocess.run([sys.executable, "-m", *command], cwd=project).returncode


def carry_back(project: Path, before: dict[Path, str]) -> None:
    """Copy each changed file to the template, with the template's variable for the package."""
    for path, old in before.items():
        new = path.read_text("utf8")
        if new == old:
            continue
        name = str(path.relative_to(project)).replace(PACKAGE, "{{ cookiecutter.python_package }}")
        source = TEMPLATE / name
        if old.replace(PACKAGE, "{{ cookiecutter.python_package }}") == source.read_text("utf8"):
            source.write_text(new.replace(PACKAGE, "{{ cookiecutter.python_package }}"), "utf8")
            print("mended", source.relative_to(ROOT))
        else:
            print("mend by hand, it holds other Jinja:", source.relative_to(ROOT))


if __name__ == "__main__":
    sys.exit(main(fix="--fix" in sys.argv[1:]))
