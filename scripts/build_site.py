"""Build the site of docs/ into build/site; `make docs` runs it.

A warning of MkDocs is an error: a link or an anchor that leads nowhere, a page that is not in the
navigation. Links to other sites are not tried.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from cookiecutter.main import cookiecutter

ROOT = Path(__file__).parents[1]
# mkdocs.yml looks for the docstrings there.
PROJECT = ROOT / "build" / "site-project"
SITE = ROOT / "build" / "site"
MISSING = "MkDocs is not installed: requirements-dev.txt has it for Python 3.11.5 and newer."


def make_project(folder: Path, template: Path = ROOT) -> None:
    """Make the project whose docstrings are the reference.

    Args:
        folder: it becomes `my-iris` in there.
        template: the clone of this repository.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = folder / "config.yml"
    config.write_text(f"replay_dir: {folder}/replay\n", "utf8")
    cookiecutter(
        str(template),
        no_input=True,
        extra_context={"project_name": "My Iris"},
        output_dir=str(folder),
        config_file=str(config),
    )


def build(root: Path = ROOT, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run MkDocs, for which a warning is an error.

    Args:
        root: where mkdocs.yml stands.
        arguments: more of them.
    """
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", *arguments]
    # MkDocs Material tells of a successor at each build.
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True)


def main() -> int:
    """Build it; the exit code is for `make`."""
    if find_spec("mkdocs") is None:
        print(MISSING, file=sys.stderr)
        return 1
    make_project(PROJECT)
    done = build()
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
    if done.returncode == 0:
        print(f"The site: {SITE / 'index.html'}")
        print(f"With its search: {sys.executable} -m http.server --directory {SITE}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
