"""`scripts/install_layer.py`: what it says, changes, refuses and takes back."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.installing.record import RECORD
from tests.faults.picture import only_run, picture_of
from tests.harness.doors import LAYER, PYTHON, copy_template
from tests.install.plain import SCRIPT, SETTINGS, Plain
from tests.layer.rig import commit, git

CHANGED = [
    " M .gitignore",
    " M pyproject.toml",
    " M requirements.txt",
    " M src/plain/settings.py",
    "?? src/plain/cli.py",
    "?? src/plain/mlflow_config.py",
    "?? src/plain/tracking/",
]


def test_nothing_is_written_before_it_was_shown(plain: Plain) -> None:
    """Neither to look, nor where nobody says yes."""
    shown = plain.install("--dry-run")
    for line in (
        "+from .mlflow_config import mlflow_hooks",
        "+mlflow>=3.17,<4",
        "+++ b/src/plain/cli.py",
    ):
        assert line in shown
    assert "-HOOKS = (Mine(),)\n+HOOKS = (Mine(), *mlflow_hooks)\n" in shown
    assert "new folder src/plain/tracking: layer 0.1.0" in shown
    assert "there is no one to ask; --yes says yes" in plain.install(code=2)
    assert "you said no" in plain.install(feed="n\n", code=2)
    assert plain.changes() == []


@pytest.mark.slow
def test_installed_run_and_taken_out(plain: Plain) -> None:
    """The next command is a tracked run, beside the project's own hook; then all is as before."""
    plain.install(feed="y\n")
    assert plain.changes() == CHANGED
    ran = plain.project.run("kedro", "run")
    assert "mine was called" in ran.stdout
    assert "open it: kedro mlflow ui" in ran.stdout + ran.stderr
    run = only_run(plain.project.store)
    picture = picture_of(plain.project.store, run)
    assert picture.status == "FINISHED"
    assert "layer 0.1.0\n" in plain.project.run("kedro", "mlflow", "layer", "status").stdout
    assert {"words"} <= {name for name, *_ in picture.inputs}
    assert plain.changes() == CHANGED
    # Again: nothing is there to do.
    assert "Nothing to do." in plain.install("--yes")
    plain.install("--uninstall", "--yes")
    assert plain.changes() == []
    plain.project.run("kedro", "run")


def test_uninstalled_where_files_were_edited_since(plain: Plain) -> None:
    """The owner's edits stay; lines of ours that he has changed are named."""
    plain.install("--yes")
    for name in ("src/plain/settings.py", "requirements.txt", "pyproject.toml"):
        path = plain.root / name
        path.write_text(f"# above\n{path.read_text()}# below\n")
    path = plain.root / "requirements.txt"
    path.write_text(path.read_text().replace("mlflow>=3.17,<4", "mlflow==3.17.2"))
    told = plain.install("--uninstall", "--yes", code=1)
    assert "By hand, requirements.txt: the installation put these lines there" in told
    assert not plain.layer.exists()
    assert sorted(plain.changes()) == [
        " M pyproject.toml",
        " M requirements.txt",
        " M src/plain/settings.py",
    ]
    settings = (plain.root / "src/plain/settings.py").read_text()
    assert settings.split("\n", 1)[1].removesuffix("# below\n") == git(
        plain.root, "show", "HEAD:src/plain/settings.py"
    )


def test_layer_stays_while_something_needs_it(plain: Plain) -> None:
    """Settings whose line was edited are the owner's to mend; then it goes."""
    plain.install("--yes")
    settings = plain.root / "src/plain/settings.py"
    edited = settings.read_text().replace(
        "(Mine(), *mlflow_hooks)", "(Mine(), Mine(), *mlflow_hooks)"
    )
    settings.write_text(edited)
    before = plain.changes()
    told = plain.install("--uninstall", "--yes", code=2)
    assert "    HOOKS = (Mine(), *mlflow_hooks)\n" in told
    assert "Nothing was changed: src/plain/settings.py needs the layer" in told
    assert plain.changes() == before
    settings.write_text(edited.replace(", *mlflow_hooks", ""))
    plain.install("--uninstall", "--yes")
    assert "mlflow" not in settings.read_text()
    assert not plain.layer.exists()


def test_line_ends_of_a_clone_are_no_edits(plain: Plain, tmp_path: Path) -> None:
    """Git for Windows gives all files CRLF."""
    plain.install("--yes")
    commit(plain.root, "installed")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--config", "core.autocrlf=true", str(plain.root), str(clone))
    assert b"\r\n" in (clone / "src/plain/settings.py").read_bytes()
    Plain(clone).install("--uninstall", "--yes")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", "out")
    assert git(clone, "diff", "--stat", "HEAD~2", "HEAD") == ""


def test_lines_that_the_translation_took_come_back(plain: Plain) -> None:
    """Though the file was edited elsewhere; where their place is gone, they are named."""
    catalog = plain.root / "conf/base/catalog.yml"
    entry = (
        "loud:\n  type: kedro_mlflow.io.artifacts.MlflowArtifactDataset\n"
        "  dataset: {type: text.TextDataset, filepath: loud.txt}\n  artifact_path: texts\n"
    )
    catalog.write_text(catalog.read_text() + entry)
    before = catalog.read_text()
    plain.install("--yes", code=1)
    assert "artifact_path" not in catalog.read_text()
    catalog.write_text(f"# mine\n{catalog.read_text()}more: {{type: MemoryDataset}}\n")
    plain.install("--uninstall", "--yes", "--dry-run")
    catalog.write_text(
        catalog.read_text().replace("  dataset: {type: text", "  dataset: {type: mine")
    )
    told = plain.install("--uninstall", "--yes", code=2)
    assert "put these lines back" in told
    assert "      artifact_path: texts\n" in told
    catalog.write_text(catalog.read_text().replace("{type: mine", "{type: text"))
    plain.install("--uninstall", "--yes")
    assert catalog.read_text() == f"# mine\n{before}more: {{type: MemoryDataset}}\n"


@pytest.mark.parametrize(
    ("place", "rules"),
    [
        (".gitignore", "models/\n*.json\n*.md\n__pycache__/\n"),
        ("src/.gitignore", "models/\n*.json\n"),
        (".gitignore", "src/plain/*\n!src/plain/settings.py\n__pycache__/\n"),
    ],
)
def test_git_has_the_whole_layer(plain: Plain, tmp_path: Path, place: str, rules: str) -> None:
    """Whatever the project's rules leave out; and nothing that Python compiled."""
    plain.write(place, rules)
    plain.install("--yes")
    (plain.layer / "models/__pycache__").mkdir()
    (plain.layer / "models/__pycache__/queue.pyc").write_text("")
    commit(plain.root, "installed")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(plain.root), str(clone))
    files = {path.relative_to(plain.layer) for path in plain.layer.rglob("*") if path.is_file()}
    layer = clone / "src/plain/tracking"
    found = {path.relative_to(layer) for path in layer.rglob("*") if path.is_file()}
    assert files - found == {Path("models/__pycache__/queue.pyc")}


def test_rule_that_can_t_be_undone_is_told(plain: Plain) -> None:
    """One that hides the folder, in a file that another can't overrule."""
    plain.write("src/plain/.gitignore", "tracking/\n")
    assert "files of the layer, say src/plain/tracking/" in plain.install("--yes", code=1)


def test_own_files_of_the_folder_are_kept(plain: Plain) -> None:
    """Unless Git has them."""
    plain.install("--yes")
    (plain.layer / "old.py").write_text("OLD = 1\n")
    commit(plain.root)
    (plain.layer / "mine.py").write_text("MINE = 1\n")
    (plain.layer / "clock.py").write_text("EDITED = 1\n")
    told = plain.install("--uninstall", "--yes")
    assert "- yours, kept in tracking-kept/: mine.py" in told
    kept = {path.name: path.read_text() for path in (plain.root / "tracking-kept").iterdir()}
    assert kept == {"mine.py": "MINE = 1\n", "clock.py": "EDITED = 1\n"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everything")
def test_what_can_t_be_written_is_told_before(plain: Plain) -> None:
    (plain.root / "src/plain/settings.py").chmod(0o444)
    told = plain.install("--yes", code=2)
    assert "Nothing was changed: src/plain/settings.py can't be written to" in told
    assert plain.changes() == []


def test_installation_that_was_killed_is_ended_by_the_next(plain: Plain) -> None:
    """The folder comes first, with the record of what was to follow."""
    plain.install("--yes")
    git(plain.root, "checkout", "--", "src/plain/settings.py", "requirements.txt")
    (plain.root / "src/plain/cli.py").unlink()
    told = plain.install("--yes")
    assert "src/plain/tracking is there, layer 0.1.0: it stays" in told
    assert plain.changes() == CHANGED
    plain.install("--uninstall", "--yes")
    assert plain.changes() == []


def test_what_is_not_understood_is_printed_to_paste(plain: Plain) -> None:
    """All else is done."""
    text = "import os\nif 'CI' in os.environ:\n    HOOKS = ()\n"
    plain.write("src/plain/settings.py", text)
    plain.write("src/plain/cli.py", "cli = make()\n")
    plain.write("requirements.txt", "kedro==1.7.0 --hash=sha256:ab\n")
    commit(plain.root)
    told = plain.install("--yes", code=1)
    assert "By hand, src/plain/settings.py: HOOKS may come from a condition" in told
    assert "    HOOKS = (*HOOKS, *mlflow_hooks)  # with the hooks that you have\n" in told
    assert '    cli.add_command(mlflow_commands, "mlflow")\n' in told
    assert (plain.root / "src/plain/settings.py").read_text() == text
    assert (plain.root / "src/plain/mlflow_config.py").exists()
    assert "By hand, requirements.txt: it is compiled" in told
    assert "what stands above under 'By hand'" in told
    assert "Nothing to do" not in plain.install("--yes", code=1)
    told = plain.install("--yes", "--prove", code=1)
    assert "settings.py lacks the hooks" in told


def test_commands_that_are_a_package_are_left(plain: Plain) -> None:
    """Python would take it before a module of its name; and a hook of kedro-mlflow in HOOKS."""
    (plain.root / "src/plain/cli").mkdir()
    plain.write("src/plain/cli/__init__.py", "")
    text = SETTINGS.replace("Mine(),", "Mine(), MlflowHook(),")
    plain.write("src/plain/settings.py", f"\ufefffrom kedro_mlflow import MlflowHook\n{text}")
    told = plain.install("--yes", code=1)
    assert "By hand, src/plain/cli/__init__.py: it is a package" in told
    assert "from plain.tracking.commands.cli import mlflow" in told
    assert not (plain.root / "src/plain/cli.py").exists()
    assert "each run is recorded twice: take it out" in told
    assert (plain.root / "src/plain/settings.py").read_text().startswith("\ufefffrom kedro_mlflow")
    assert "*mlflow_hooks" in (plain.root / "src/plain/settings.py").read_text()


def test_password_near_a_change_is_not_printed(plain: Plain) -> None:
    """Of a package index, say."""
    secret = "hunter2hunter2"
    plain.write("requirements.txt", f"kedro\n--find-links https://me:{secret}@localhost/simple\n")
    told = plain.install("--yes")
    assert "+mlflow>=3.17,<4" in told
    assert secret not in told


def _without_section(plain: Plain) -> None:
    plain.write("pyproject.toml", "[tool.other]\n")


def _without_pyproject(plain: Plain) -> None:
    (plain.root / "pyproject.toml").unlink()


def _broken(plain: Plain) -> None:
    plain.write("pyproject.toml", "[tool.kedro\n")


def _elsewhere(plain: Plain) -> None:
    path = plain.root / "pyproject.toml"
    path.write_text(path.read_text().replace('"src"', '"../other"'))


def _no_package(plain: Plain) -> None:
    shutil.move(plain.root / "src/plain", plain.root / "src/moved")


def _other_tracking(plain: Plain) -> None:
    plain.layer.mkdir()
    (plain.layer / "__init__.py").write_text("")


def _named_like_a_library(plain: Plain) -> None:
    path = plain.root / "pyproject.toml"
    path.write_text(path.read_text().replace('"plain"', '"mlflow"'))
    shutil.move(plain.root / "src/plain", plain.root / "src/mlflow")


def _other_config(plain: Plain) -> None:
    plain.write("src/plain/mlflow_config.py", "URI = 1\n")


def _other_module(plain: Plain) -> None:
    plain.write("src/plain/tracking.py", "")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_without_pyproject, "is no Kedro project: it has no pyproject.toml"),
        (_without_section, "is no Kedro project: its pyproject.toml has no [tool.kedro]"),
        (_broken, "pyproject.toml is no TOML"),
        (_elsewhere, "other, which is outside of the project"),
        (_no_package, "the package plain is not at"),
        (_other_tracking, "src/plain/tracking is there, and is not this layer"),
        (_named_like_a_library, "the package mlflow stands in the place of the library"),
        (_other_config, "src/plain/mlflow_config.py is there, and has no mlflow_hooks: rename"),
        (_other_module, "src/plain/tracking.py has the layer's name: rename it first"),
    ],
)
def test_project_that_can_t_be_served(
    plain: Plain, change: Callable[[Plain], None], said: str
) -> None:
    """In one sentence, and nothing is changed."""
    change(plain)
    before = plain.changes()
    told = plain.install("--yes", code=2)
    assert said in told
    assert told.startswith("Nothing was changed: ")
    assert told.count("\n") == 1, told
    assert plain.changes() == before


@pytest.mark.parametrize(
    ("python", "kedro", "said"),
    [
        ([3, 9, 18], "1.0.0", "is Python 3.9.18, and the layer needs 3.10 or newer"),
        ([3, 11, 2], "0.19.12", "has Kedro 0.19.12, and the layer needs 1.0 or newer"),
        ([3, 11, 2], None, "has no Kedro"),
        (None, None, "is no Python"),
    ],
)
def test_environment_that_can_t_be_served(
    plain: Plain, tmp_path: Path, python: list[int] | None, kedro: str | None, said: str
) -> None:
    """The project's own is asked, not the one that runs the script."""
    told: dict[str, object] = {"python": python, "versions": {"kedro": kedro}, "tomls": [{}]}
    text = json.dumps(told) if python else "no"
    fake = tmp_path / "python"
    fake.write_text(f"#!{sys.executable}\nprint({text!r})\n")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    answer = plain.install("--yes", "--python", str(fake), code=2)
    assert f"{fake} {said}" in answer
    assert plain.changes() == []
    # One that is found by its place and won't do is passed by.
    (plain.root / ".venv/bin").mkdir(parents=True)
    shutil.copy(fake, plain.root / ".venv/bin/python")
    plain.install("--yes")


def test_uninstall_needs_an_installation(plain: Plain) -> None:
    """What a project was made with is no installation."""
    assert "was not installed by this script" in plain.install("--uninstall", "--yes", code=2)
    plain.install("--yes")
    (plain.layer / RECORD).write_text("{}")
    told = plain.install("--uninstall", "--yes", code=2)
    assert f"{RECORD} can't be read" in told
    assert plain.layer.exists()


@pytest.mark.slow
def test_proof(plain: Plain) -> None:
    """One run on a store that is thrown away; the project's own store stays as it is."""
    told = plain.install("--yes", "--prove")
    assert ": FINISHED\n" in told
    assert "1 inputs    words" in told
    assert [line for line in plain.changes() if "mlruns" in line] == []
    assert not (plain.root / "mlruns").exists()
    plain.project.edit("src/plain/nodes.py", "def ", "raise OSError('gone')\n\n\ndef ")
    told = plain.install("--yes", "--prove", "--", "--tags", "none", code=1)
    assert "The layer is in, and the proof failed" in told


@pytest.mark.slow
def test_updates_work_from_then_on(plain: Plain, tmp_path: Path) -> None:
    """From the checkout that it was installed from, with the owner's edits told apart."""
    starter = copy_template(tmp_path / "starter")
    git(starter, "init", "--quiet")
    commit(starter)
    plain.install("--yes", script=starter / "scripts/install_layer.py")
    assert not list((starter / LAYER).rglob("__pycache__"))
    source = (plain.root / "pyproject.toml").read_text().split("[tool.kedro-mlflow-layer]")[1]
    assert 'source = "../starter"' in source
    commit(plain.root)
    layer = plain.project.run("kedro", "mlflow", "layer", "diff")
    assert layer.stdout.strip().endswith("No edits.")
    place = starter / LAYER / "README.md"
    place.write_text(place.read_text() + "\nNew.\n")
    git(starter, "add", "--all")
    words = [sys.executable, "-m", "scripts.write_manifest"]
    subprocess.run(words, cwd=starter, check=True)
    commit(starter, "newer")
    plain.project.run("kedro", "mlflow", "layer", "update")
    assert (plain.layer / "README.md").read_text().endswith("\nNew.\n")
    assert (plain.layer / RECORD).exists()
    commit(plain.root)
    plain.install("--uninstall", "--yes")
    assert not plain.layer.exists()


def test_standard_library_is_all_that_it_needs(plain: Plain) -> None:
    """It runs where nothing is installed."""
    words = ("-I", "-S", str(SCRIPT), str(plain.root), "--yes", "--python", str(PYTHON))
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert plain.changes() == CHANGED
