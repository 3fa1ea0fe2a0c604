"""Every block of every page that a user reads is run, in order, as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.page import SHELLS, blocks_of, script_of
from tests.faults.picture import client_of
from tests.harness.baked import BakedProject, clean_env
from tests.harness.doors import PYTHON, ROOT, copy_template
from tests.harness.ports import free_port
from tests.harness.residents import own_residents
from tests.harness.store import ALL_NODES, nodes_of, runs_of
from tests.install.plain import make_plain
from tests.layer.rig import commit, git
from tests.layer.starter import make_starter, replace

pytestmark = pytest.mark.slow

SESSION = Path(__file__).with_name("session.sh")
# The table of the versions that were seen to work, and reasons: nothing to run.
PROSE = {
    "artifact-stores.md",
    "comparison.md",
    "costs.md",
    "decisions.md",
    "durability.md",
    "from-kedro-mlflow.md",
    "index.md",
    "reference.md",
    "secrets.md",
    "stores.md",
    "values.md",
    "versions.md",
    "what-is-recorded.md",
}
# Each with a test of its own; container.md in tests/images/, engines.md in tests/parts/.
APART = {
    "container.md",
    "deploy.md",
    "engines.md",
    "install.md",
    "start.md",
    "update-the-layer.md",
}
PAGES = sorted(page for page in (ROOT / "docs").glob("*.md") if page.name not in PROSE | APART)
README = ROOT / "README.md"


def read(page: Path, project: BakedProject, elsewhere: Path, **words: str) -> str:
    """Do in a project what a page says; returns what was printed.

    Args:
        page: the Markdown file.
        project: in whose folder the page begins.
        elsewhere: stands for `/tmp`.
        words: what the reader has in the place of a word.
    """
    script = script_of(page, project.package).replace("/tmp/", f"{elsewhere}/")
    for port in sorted(set(re.findall(r"\b505\d\b", script))):
        script = script.replace(port, str(free_port()))
    for word, here in words.items():
        assert word in script, f"{page.name} has no {word!r}"
        script = script.replace(word, here)
    return run_script(script, project.root, project.python)


def run_script(
    script: str, folder: Path, python: Path, variables: dict[str, str] | None = None
) -> str:
    """Run the script of a page in a shell of its reader; returns what was printed."""
    with own_residents() as residents:
        return _run_script(script, folder, python, {**residents.env, **(variables or {})})


def _run_script(script: str, folder: Path, python: Path, variables: dict[str, str]) -> str:
    reader = {
        **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "A Reader"),
        **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "reader@example.org"),
        "GIT_EDITOR": 'write() { echo Merged > "$1"; }; write',
        "PYTEST_ARGS": "--collect-only -q tests/template/test_readme.py",
        "BASH_ENV": str(SESSION),
        "PIP_COMPILE": "0",  # what is imported compiles itself
        **variables,
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


def test_pages_without_a_test_have_nothing_to_run() -> None:
    for name in PROSE:
        blocks = blocks_of(ROOT / "docs" / name)
        assert not [block for block in blocks if block.language in (*SHELLS, "python", "yaml")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page(page: Path, project: BakedProject, tmp_path_factory: pytest.TempPathFactory) -> None:
    git(project.root, "init", "--quiet")
    commit(project.root)
    read(page, project, tmp_path_factory.mktemp("elsewhere"))


def pinned(line: str) -> tuple[str, str]:
    """Return name and version of a requirement's line, the name as an index writes it."""
    name, _, version = line.partition(" ;")[0].partition("==")
    return re.sub(r"[-_.]+", "-", name).lower(), version


def test_page_of_deployment(project: BakedProject, tmp_path: Path) -> None:
    """A wheel with requirements of its own, in the locked versions: what it forgets is missing."""
    printed = read(ROOT / "docs" / "deploy.md", project, tmp_path)
    assert "open it: my-iris mlflow ui\n" in printed
    folder = project.root.parent / "deploy"
    deployed = BakedProject(folder, folder / ".venv/bin/python")
    deployed.run("my-iris", "--conf-source", "conf-my_iris.tar.gz")
    packed, unpacked = runs_of(deployed)
    assert [run.info.status for run in (packed, unpacked)] == ["FINISHED", "FINISHED"]
    assert nodes_of(packed) == nodes_of(unpacked) == ALL_NODES
    assert packed.data.tags["kedro.command"] == "my-iris --conf-source=conf-my_iris.tar.gz"
    assert unpacked.data.tags["kedro.command"] == "my-iris --params=model.C=0.5"
    assert unpacked.info.run_name in printed
    pins = {pinned(line) for line in (folder / "requirements.lock").read_text().splitlines()}
    frozen = deployed.run("python", "-m", "pip", "freeze").stdout.splitlines()
    assert {pinned(line) for line in frozen if "==" in line} <= pins


def test_page_of_the_start(project: BakedProject, tmp_path: Path) -> None:
    """It makes its own project."""
    clone = copy_template(tmp_path / "kedro-starter-mlflow")
    words = {"/path/to/kedro-starter-mlflow": str(clone)}
    printed = read(ROOT / "docs" / "start.md", project, tmp_path, **words)
    assert printed.count("status: FINISHED") == 3
    assert "serves: kedro mlflow ui" in printed


def test_page_of_updates(project: BakedProject, tmp_path: Path) -> None:
    """The owner has edited a line that the next release changes too."""
    starter = make_starter(project, tmp_path / "starter")
    ground = starter.folder / "redact.py"
    (title, *_) = ground.read_text("utf8").splitlines()
    replace(ground, title, f"{title}\nMINE = 1")
    commit(project.root)
    starter.release("0.2.0", ("redact.py", title, f"{title}\nTHEIRS = 1"))
    words = {
        "https://<host>/<you>/kedro-starter-mlflow": str(starter.root),
        "$STARTER": str(starter.root),
        "PROJECT": str(project.root),
    }
    printed = read(ROOT / "docs" / "update-the-layer.md", project, tmp_path, **words)
    assert "CONFLICT      redact.py: changed by both" in printed
    assert "layer 0.2.0+1 edited" in printed


def test_page_of_installation(tmp_path: Path) -> None:
    """In a project of Kedro's own kind; then one that kedro-mlflow tracks."""
    plain = make_plain(tmp_path / "plain")
    plain.project.edit("src/plain/pipeline.py", 'name="count")', 'name="count", tags="quick")')
    commit(plain.root)
    words = {"kedro-starter-mlflow/": f"{ROOT}/", "PROJECT": str(plain.root)}
    printed = read(ROOT / "docs" / "install.md", plain.project, tmp_path, **words)
    assert printed.count("status: FINISHED") == 3
    page = (ROOT / "docs" / "install.md").read_text("utf8")
    shown = page.split("The entries are now\n\n```text\n")[1].split("```")[0]
    catalog = (plain.root / "conf/base/catalog.yml").read_text("utf8")
    assert shown.replace("<package>", "plain") in catalog
    assert runs_of(plain.project)[0].data.metrics["words"] == 4.5
    old = client_of(f"sqlite:///{plain.root / 'old-runs.db'}")
    (flights,) = old.search_experiments(filter_string="name = 'flights'")
    (run,) = old.search_runs([flights.experiment_id])
    assert run.data.metrics == {"words": 4.0}


def test_readme_of_this_repository(project: BakedProject, tmp_path: Path) -> None:
    """Make shows which tests there are in the place of running them: this is one of them."""
    clone = copy_template(tmp_path / "kedro-starter-mlflow")
    (clone / ".venv").symlink_to(sys.prefix)
    script = script_of(README, project.package)
    script = script.replace("/path/to/kedro-starter-mlflow", str(clone))
    shown = run_script(script, clone, PYTHON)
    assert "test_links_and_pictures_lead_somewhere" in shown
    assert shown.count("status: FINISHED") == 2
    assert "serves: kedro mlflow ui" in shown


def test_readme_of_a_project(project: BakedProject, tmp_path: Path) -> None:
    git(project.root, "init", "--quiet")
    commit(project.root)
    read(project.root / "README.md", project, tmp_path)
    assert [run.info.status for run in runs_of(project)] == ["FINISHED"]
