"""This repository as one that has releases, and a project that was made from the first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scripts.template_layer import module
from scripts.write_manifest import expected
from tests.harness.baked import BakedProject
from tests.harness.doors import LAYER, copy_template
from tests.layer.rig import commit, git


@dataclass
class Starter:
    """A clone of the template with releases, and a project that was made from the first."""

    root: Path
    project: BakedProject

    @property
    def folder(self) -> Path:
        return self.project.root / "src" / self.project.package / "tracking"

    def release(self, version: str, *edits: tuple[str, str, str]) -> None:
        """Commit and tag a version: in a file of the layer, one text in the place of another."""
        folder = self.root / LAYER
        now = module("version").LAYER
        for name, old, new in (("version.py", now, version), *edits):
            replace(folder / name, old, new)
        (folder / "manifest.json").write_text(expected(folder))
        changelog = self.root / "CHANGELOG.md"
        replace(changelog, "## 0.1.0", f"## {version}\n\nRename nothing.\n\n## 0.1.0")
        commit(self.root, version)
        git(self.root, "tag", f"v{version}")

    def update(self, *words: str, code: int) -> str:
        """Run `kedro mlflow layer update`."""
        command = ("kedro", "mlflow", "layer", "update", "--from", str(self.root), *words)
        done = self.project.run(*command, code=code)
        return done.stdout + done.stderr


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf8")
    assert old in text, f"{path} has no {old!r}"
    path.write_text(text.replace(old, new), "utf8")


def make_starter(project: BakedProject, root: Path) -> Starter:
    """Make repositories of the template and of a project, with the present version as a release."""
    copy_template(root)
    for place in (root, project.root):
        git(place, "init", "--quiet")
        commit(place)
    git(root, "tag", module("version").LAYER)
    return Starter(root, project)
