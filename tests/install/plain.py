"""A Kedro project as its owner has it before the layer comes: in Git, with one commit."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.faults.lab import NODES, PIPELINE
from tests.harness.baked import BakedProject, clean_env
from tests.harness.doors import PYTHON, ROOT
from tests.layer.rig import commit, git, write_files
from tests.standalone.bare import MAIN, PYPROJECT, REGISTRY

SCRIPT = ROOT / "scripts" / "install_layer.py"
SETTINGS = '''"""Project settings."""

from .hooks import Mine

HOOKS = (Mine(),)
'''
HOOKS = '''"""Hooks of the project."""

from kedro.framework.hooks import hook_impl


class Mine:
    @hook_impl
    def before_pipeline_run(self):
        print("mine was called")
'''
FILES = {
    "pyproject.toml": PYPROJECT.format(package="plain"),
    "requirements.txt": "kedro~=1.0\nkedro-datasets\n",
    ".gitignore": "__pycache__/\n.viz/\n/output-*.txt\n/check-*.pid\n",
    "src/plain/__init__.py": "",
    "src/plain/__main__.py": MAIN.format(package="plain"),
    "src/plain/settings.py": SETTINGS,
    "src/plain/hooks.py": HOOKS,
    "src/plain/pipeline_registry.py": REGISTRY,
    "src/plain/nodes.py": NODES,
    "src/plain/pipeline.py": PIPELINE,
    "conf/base/catalog.yml": "words: {type: text.TextDataset, filepath: data/01_raw/words.txt}\n",
    "conf/base/parameters.yml": "weight: 0.5\nunused: 1\n",
    "conf/local/.gitkeep": "",
    "data/01_raw/words.txt": "the quick brown fox jumps over the lazy dog\n",
}


@dataclass(frozen=True)
class Plain:
    """A project, and the installer.

    Args:
        root: the project's folder.
    """

    root: Path

    @property
    def project(self) -> BakedProject:
        """The project, to run it."""
        return BakedProject(self.root, PYTHON)

    @property
    def layer(self) -> Path:
        """The folder of the layer, which may not be there."""
        return self.root / "src/plain/tracking"

    def install(self, *words: str, code: int = 0, feed: str = "", script: Path = SCRIPT) -> str:
        """Run the installer, and return all that it said.

        Args:
            words: its options.
            code: the exit code that it has to have.
            feed: what the user types.
            script: the installer, maybe of another checkout.
        """
        done = subprocess.run(
            [str(PYTHON), str(script), str(self.root), *words],
            cwd=self.root.parent,
            env=clean_env(PYTHON),
            input=feed,
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, (done.stdout, done.stderr)
        return done.stdout + done.stderr

    def changes(self) -> list[str]:
        """What `git status` says."""
        return git(self.root, "status", "--porcelain").splitlines()

    def write(self, name: str, text: str) -> None:
        """Write a file of the project."""
        (self.root / name).write_text(text)


def stripped(files: Mapping[str, str]) -> dict[str, str]:
    """Return texts of files without the line end that they begin with in a test."""
    return {name: text.lstrip("\n") for name, text in files.items()}


def make_plain(root: Path) -> Plain:
    """Make the project in a folder that does not exist yet."""
    write_files(root, stripped(FILES))
    git(root, "init", "--quiet")
    commit(root)
    return Plain(root)
