"""`cookiecutter` and `kedro new`, from a folder and from Git, make the same project."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.harness.baked import BakedProject, explain
from tests.harness.doors import cookiecutter, kedro_new

DOORS = {"cookiecutter": cookiecutter, "kedro new": kedro_new}


@pytest.fixture(scope="module")
def git_url(template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a Git repository with the template."""
    origin = tmp_path_factory.mktemp("git") / "kedro-starter-mlflow"
    git("clone", "--quiet", str(init(template, origin.parent / "work")), str(origin))
    return f"git+file://{origin}"


@pytest.mark.parametrize("source", ["folder", "git"])
@pytest.mark.parametrize("door", DOORS)
def test_every_way_in_makes_the_same_tree(
    door: str,
    source: str,
    template: Path,
    git_url: str,
    baked: BakedProject,
    tmp_path: Path,
    cookiecutter_config: Path,
) -> None:
    starter = template if source == "folder" else git_url
    done = DOORS[door](starter, "My Iris", tmp_path, cookiecutter_config)
    assert done.returncode == 0, explain(done)
    assert [path.name for path in tmp_path.iterdir()] == ["my-iris"]
    made, expected = tree(tmp_path / "my-iris"), tree(baked.root)
    assert made.keys() == expected.keys()
    assert [name for name in made if made[name] != expected[name]] == []


def test_cookiecutter_writes_the_locked_version_of_kedro(baked: BakedProject) -> None:
    (locked,) = re.findall(r"^kedro==(.*)$", baked.read_file("requirements.lock"), re.MULTILINE)
    assert f'kedro_init_version = "{locked}"' in baked.read_file("pyproject.toml")


def test_only_the_name_is_asked(template: Path) -> None:
    # With a second question `kedro new --name` would wait for an answer.
    assert list(yaml.safe_load((template / "prompts.yml").read_text("utf8"))) == ["project_name"]


def tree(root: Path) -> dict[str, tuple[int, str | bytes]]:
    """Map each path to its mode and content, without the version of Kedro that `kedro new` has."""
    found: dict[str, tuple[int, str | bytes]] = {}
    for path in sorted(root.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        if path.name == "pyproject.toml":
            content = re.sub(rb'(kedro_init_version = )".*"', rb"\1", content)
        found[path.relative_to(root).as_posix()] = (path.stat().st_mode, content)
    return found


def init(template: Path, folder: Path) -> Path:
    """Make a repository with one commit of the template."""
    folder.mkdir()
    where = ("--git-dir", str(folder / ".git"), "--work-tree", str(template))
    git(*where, "init", "--quiet", "--initial-branch=main")
    git(*where, "add", "--all")
    author = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    git(*author, *where, "commit", "--quiet", "--no-gpg-sign", "--message=Template")
    return folder


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True, timeout=60)
