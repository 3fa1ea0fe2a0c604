"""Spaceflights-like Kedro projects without the layer, each a Git repository with one commit."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.faults.lab import Lab
from tests.harness.baked import BakedProject, explain, run
from tests.harness.doors import PYTHON
from tests.layer.rig import commit, git, write_files

from .layouts import Layout
from .plain import stripped
from .spaceflights import FILES, MODULES

NAME = "spaceflights"
# What the tests themselves write; the project does not know of it.
_OF_TESTS = "output-*.txt\ncustomize/\n"
_MAIN = "package_name = Path(__file__).parent.name"


@dataclass(frozen=True)
class Project:
    """A Kedro project of somebody else.

    Args:
        repository: the folder that Git knows.
        layout: how it is laid out.
        python: the interpreter that has its requirements.
    """

    repository: Path
    layout: Layout
    python: Path = PYTHON

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.repository / self.layout.folder

    @property
    def home(self) -> Path:
        """The folder of its package."""
        return self.root / self.layout.source / Path(*self.layout.package.split("."))

    @property
    def lab(self) -> Lab:
        """The project, with the verbs to run it."""
        return Lab(BakedProject(self.root, self.python))

    def git(self, *words: str) -> str:
        """Run a Git command in the project; returns what it printed."""
        return git(self.root, *words)

    def commit(self, message: str) -> None:
        """Commit all that Git does not ignore."""
        commit(self.root, message)

    def copy(self, to: Path) -> Project:
        """Return a copy, to write into."""
        return Project(Path(shutil.copytree(self.repository, to)), self.layout, self.python)


def make_project(repository: Path, layout: Layout, python: Path = PYTHON) -> Project:
    """Make a project by `kedro new`, move it into its layout, give it its pipeline and commit it.

    Args:
        repository: the folder for it, which does not exist yet.
        layout: how it is laid out.
        python: the interpreter whose Kedro makes it.
    """
    project = Project(repository, layout, python)
    _kedro_new(project)
    made = project.root / "src" / NAME
    if made != project.home:
        project.home.parent.mkdir(parents=True, exist_ok=True)
        made.rename(project.home)
    if layout.source != "src":
        (project.root / "src").rmdir()
    _edit(project.root / "pyproject.toml", NAME, layout.package)
    _edit(project.root / "pyproject.toml", 'source_dir = "src"', f'source_dir = "{layout.source}"')
    # As its users had to, where the folder has not the package's name.
    _edit(project.home / "__main__.py", _MAIN, f'package_name = "{layout.package}"')
    write_files(project.root, stripped(FILES))
    write_files(project.home, stripped({**MODULES, **layout.modules}))
    with (project.home / "settings.py").open("a") as settings:
        settings.write("\n" + layout.settings.format(package=layout.package))
    if layout.folder:
        write_files(repository, {"README.md": "# Apps\n", "apps/other/app.py": "print('other')\n"})
    git(repository, "init", "--quiet")
    (repository / ".git/info/exclude").write_text(_OF_TESTS)
    project.commit("all")
    return project


def _kedro_new(project: Project) -> None:
    """Make Kedro's own template; its example pipelines are not in its wheel."""
    project.root.parent.mkdir(parents=True, exist_ok=True)
    out = project.root.parent / f"{project.root.name}.new"
    out.mkdir()
    words = (f"--name={NAME}", "--tools=none", "--example=no", "--telemetry=no")
    done = run(("kedro", "new", *words), project.python, out)
    assert done.returncode == 0, explain(done)
    (out / NAME).rename(project.root)
    out.rmdir()


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text, f"{file} has no {old!r}"
    file.write_text(text.replace(old, new))
