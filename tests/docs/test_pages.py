"""Every block of every page that a user reads is run, in order, as it stands."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.page import SHELLS, blocks_of, script_of
from tests.harness.baked import BakedProject, clean_env
from tests.harness.doors import ROOT
from tests.harness.ports import free_port

pytestmark = pytest.mark.slow

SESSION = Path(__file__).with_name("session.sh")
# The table of the versions that were seen to work, and reasons: nothing to run.
PROSE = {"decisions.md", "durability.md", "secrets.md", "values.md", "versions.md"}
PAGES = sorted(page for page in (ROOT / "docs").glob("*.md") if page.name not in PROSE)


def read(page: Path, project: BakedProject, elsewhere: Path) -> str:
    """Do in a project what a page says; returns what was printed.

    Args:
        page: the Markdown file.
        project: in whose folder the page begins.
        elsewhere: stands for `/tmp`.
    """
    script = script_of(page, project.package).replace("/tmp/", f"{elsewhere}/")
    for port in sorted(set(re.findall(r"\b505\d\b", script))):
        script = script.replace(port, str(free_port()))
    return run_script(script, project.root, project.python)


def run_script(
    script: str, folder: Path, python: Path, variables: dict[str, str] | None = None
) -> str:
    """Run the script of a page in a shell of its reader; returns what was printed."""
    reader = {
        **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "A Reader"),
        **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "reader@example.org"),
        "GIT_EDITOR": "true",
        "BASH_ENV": str(SESSION),
        **(variables or {}),
    }
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=clean_env(python, reader),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout


def commit_all(project: BakedProject) -> None:
    """Make the project a repository whose tree is clean."""
    script = "git init -q && git add -A && git commit -qm 'As generated'"
    run_script(script, project.root, project.python)


def test_pages_without_a_test_have_nothing_to_run() -> None:
    for name in PROSE:
        blocks = blocks_of(ROOT / "docs" / name)
        assert not [block for block in blocks if block.language in (*SHELLS, "python", "yaml")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page(page: Path, project: BakedProject, tmp_path_factory: pytest.TempPathFactory) -> None:
    commit_all(project)
    read(page, project, tmp_path_factory.mktemp("elsewhere"))
