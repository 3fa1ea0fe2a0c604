"""A small tracking folder, the repository that it comes from, and a project that has it.

The folder holds the real updater and a few files to edit, so that an update takes a second.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.template_layer import TRACKING, module
from tests.harness.doors import ROOT

SCRIPT = ROOT / "scripts" / "update_layer.py"
LAYER = ("manifest.py", "redact.py", "redact_shapes.py", "secret_names.py", "version.py", "layer")
PLACE = "template/src/{{ package }}/tracking"
LINES = [f"line_{number} = {number}" for number in range(30)]
TEXT = "\n".join(LINES) + "\n"
FILES = {
    "__init__.py": "",
    "hooks.py": TEXT,
    "quiet.py": TEXT,
    "export.py": TEXT,
    "history/wing.py": "NAME = 'history'\n",
    "history/prune.py": TEXT,
}


def git(where: Path, *words: str, code: int | None = 0) -> str:
    """Run Git as a user with a name would, and return what it printed."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    names = ("-c", "user.name=A", "-c", "user.email=a@localhost", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *names, *words], cwd=where, env=env, capture_output=True)
    assert code is None or done.returncode == code, (words, done.stdout, done.stderr)
    return done.stdout.decode()


def commit(where: Path, message: str = "work") -> None:
    """Commit all that stands in a working copy."""
    git(where, "add", "--all")
    git(where, "commit", "--quiet", "--allow-empty", "--message", message)


def write_files(folder: Path, files: Mapping[str, str | bytes | None]) -> None:
    """Write files into a folder; None deletes one."""
    for name, content in files.items():
        path = folder / name
        if content is None:
            path.unlink(missing_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def write_manifest(folder: Path, version: str, renames: Mapping[str, str] | None = None) -> None:
    """Write the manifest that fits a folder."""
    manifest = module("manifest")
    content = manifest.Manifest(version, manifest.hash_files(folder), dict(renames or {}))
    (folder / manifest.MANIFEST).write_text(content.text())


def changed(*numbers: int, by: str, text: str = TEXT) -> str:
    """Return a text with some of its lines changed by somebody."""
    lines = text.splitlines()
    for number in numbers:
        lines[number] = f"line_{number} = '{by}'"
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Repository:
    """The repository that layers come from."""

    root: Path

    @property
    def folder(self) -> Path:
        return self.root / PLACE

    def release(
        self,
        version: str,
        files: Mapping[str, str | bytes | None] | None = None,
        renames: Mapping[str, str] | None = None,
        tag: str | None = "",
    ) -> None:
        """Commit a version: some files written or deleted; its tag is the version by default."""
        write_files(self.folder, files or {})
        write_manifest(self.folder, version, renames)
        changelog = self.root / "CHANGELOG.md"
        old = changelog.read_text() if changelog.exists() else "# Changelog\n"
        entry = f"\n## {version}\n\nWhat to do for {version}.\n"
        changelog.write_text(old.replace("# Changelog\n", f"# Changelog\n{entry}"))
        commit(self.root, version)
        if tag is not None:
            git(self.root, "tag", tag or version)


@dataclass(frozen=True)
class Project:
    """A project with a tracking folder, in Git unless said otherwise."""

    root: Path
    source: Path

    @property
    def folder(self) -> Path:
        return self.root / "src" / "mine" / "tracking"

    def edit(self, files: Mapping[str, str | bytes | None], save: bool = True) -> None:
        """Edit the folder as the owner, and commit it."""
        write_files(self.folder, files)
        if save:
            commit(self.root)

    def read(self, name: str) -> str:
        return (self.folder / name).read_bytes().decode()

    def update(
        self, version: str | None = None, *options: str, self_test: bool = False
    ) -> tuple[int, str]:
        """Update the layer as `kedro mlflow layer update --no-self-test` does."""
        return run_update(self.root, self.source, version, *options, self_test=self_test)

    def unmerged(self) -> dict[str, list[int]]:
        """Return the stages of each unmerged path, as Git lists them."""
        found: dict[str, list[int]] = {}
        for line in git(self.root, "ls-files", "--unmerged").splitlines():
            about, path = line.split("\t")
            found.setdefault(Path(path).name, []).append(int(about.split()[2]))
        return found

    def stage(self, number: int, name: str) -> str:
        path = (self.folder / name).relative_to(self.root).as_posix()
        return git(self.root, "show", f":{number}:{path}")


def run_update(
    project: Path,
    source: Path | str,
    version: str | None = None,
    *options: str,
    self_test: bool = False,
) -> tuple[int, str]:
    """Run `scripts/update_layer.py` as a maintainer would; return its exit code and output."""
    to = ("--to", version) if version is not None else ()
    words = [*to, *options, *(() if self_test else ("--no-self-test",))]
    command = [sys.executable, str(SCRIPT), str(project), "--from", str(source), *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def prepare_job(place: Path, project: Project, repository: Repository) -> Any:
    """Return the job of an update from 0.1.0 to 0.2.0, without a self-test."""
    upstream = module("layer.upstream").Upstream(str(repository.root), place / "clone")
    for name, version in (("base", "0.1.0"), ("target", "0.2.0")):
        upstream.extract(upstream.release(version), place / name / "tracking")
    return module("layer.job").Job(
        folder=str(project.folder),
        base=str(place / "base" / "tracking"),
        target=str(place / "target" / "tracking"),
        base_version="0.1.0",
        target_version="0.2.0",
        python=sys.executable,
        self_test=False,
    )


def make_repository(root: Path) -> Repository:
    """Make a repository with one version, 0.1.0."""
    repository = Repository(root)
    repository.folder.mkdir(parents=True)
    git(root, "init", "--quiet")
    for name in LAYER:
        if (TRACKING / name).is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(TRACKING / name, repository.folder / name, ignore=ignore)
        else:
            shutil.copy2(TRACKING / name, repository.folder / name)
    repository.release("0.1.0", FILES)
    return repository


def make_project(root: Path, repository: Repository, in_git: bool = True) -> Project:
    """Make a project from what a repository holds now."""
    project = Project(root, repository.root)
    shutil.copytree(repository.folder, project.folder)
    (root / "pyproject.toml").write_text("[project]\nname = 'mine'\n")
    (project.folder.parent / "settings.py").write_text("")
    if in_git:
        git(root, "init", "--quiet")
        (root / ".gitignore").write_text("__pycache__/\n")
        commit(root)
    return project


def contents(folder: Path) -> dict[str, bytes]:
    """Return each file of a tracking folder, manifest included."""
    manifest = module("manifest")
    names = [*manifest.layer_files(folder), manifest.MANIFEST]
    return {name: (folder / name).read_bytes() for name in names}


def version_of(project: Project) -> str:
    """Return the version of the layer that a project has, as its manifest tells it."""
    return str(module("manifest").read_manifest(project.folder).layer)
