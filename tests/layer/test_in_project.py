"""`kedro mlflow layer …` in a real project: commands, self-test, journals that wait, speed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.harness.baked import BakedProject, clean_env
from tests.harness.store import runs_of
from tests.layer.rig import commit, git, write_files
from tests.layer.starter import Starter, make_starter, replace

GIT_HOOK = "hooks/git_logger.py"
MARKS = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")
FASTER = ("exporting/process.py", "POLL_SECONDS = 0.2", "POLL_SECONDS = 0.15")


@pytest.fixture
def starter(project: BakedProject, tmp_path: Path) -> Starter:
    return make_starter(project, tmp_path / "starter")


def first_line_of(path: Path) -> str:
    return path.read_text("utf8").splitlines()[0]


@pytest.mark.slow
def test_update_keeps_an_edited_hook_and_shows_a_conflict(starter: Starter) -> None:
    project, hook = starter.project, starter.folder / GIT_HOOK
    title, ground = first_line_of(hook), first_line_of(starter.folder / "redact.py")
    replace(hook, title, title + "\n# Mine: our own branch names.")
    replace(starter.folder / "redact.py", ground, ground + "\nMINE = 1")
    commit(project.root)
    end = 'if __name__ == "__main__":'
    starter.release(
        "0.2.0",
        ("redact.py", ground, ground + "\nTHEIRS = 1"),
        ("exporting/process.py", end, f"# New.\n{end}"),
    )
    said = starter.update(code=1)
    assert "CONFLICT      redact.py: changed by both" in said
    assert "Rename nothing." in said
    assert "# Mine: our own branch names." in hook.read_text("utf8")
    assert "# New." in (starter.folder / "exporting/process.py").read_text("utf8")
    assert "UU src/my_iris/tracking/redact.py" in git(project.root, "status", "--porcelain")

    # The settings need the file, so that Kedro can't start; the way without it is in the message.
    assert "SyntaxError" in project.run("kedro", "mlflow", "layer", "status", code=1).stderr
    assert "ask `python src/my_iris/tracking/layer status` instead" in said
    for words in (("status",), ("update", "--from", str(starter.root))):
        done = project.run("python", "src/my_iris/tracking/layer", *words, code=1)
        assert "1 conflict is open:\n  redact.py: changed by both\n" in done.stdout

    text = (starter.folder / "redact.py").read_text("utf8")
    kept = [line for line in text.splitlines(keepends=True) if line[:7] not in MARKS]
    write_files(starter.folder, {"redact.py": "".join(kept)})
    commit(project.root)
    status = project.run("kedro", "mlflow", "layer", "status").stdout
    assert (
        "layer 0.2.0+2 edited\n  edited    hooks/git_logger.py\n  edited    redact.py\n" in status
    )
    assert "The layer is 0.2.0 already." in starter.update(code=0)
    project.run("kedro", "run")
    (run,) = runs_of(project)
    assert run.info.status == "FINISHED"


@pytest.mark.slow
def test_journal_that_waits_during_an_update_is_exported_after_it(starter: Starter) -> None:
    project = starter.project
    project.run("kedro", "run", env={"KEDRO_MLFLOW_EXPORT": "later"})
    assert not project.has_store()
    starter.release("0.2.0", FASTER)
    assert "self-test: passed" in starter.update(code=0)
    assert not project.has_store()
    project.run("kedro", "mlflow", "sync")
    (run,) = runs_of(project)
    assert run.info.status == "FINISHED"
    assert 0.8 < run.data.metrics["score"] < 1


@pytest.mark.slow
def test_layer_that_does_not_work_is_not_swapped_in(starter: Starter) -> None:
    broken = "exporting/journals.py"
    starter.release("0.2.0", (broken, "def export_journal(", "def export_journals("))
    before = (starter.folder / broken).read_bytes()
    said = starter.update(code=2)
    assert "fails its self-test" in said
    assert "export_journal" in said
    assert (starter.folder / broken).read_bytes() == before
    assert git(starter.project.root, "status", "--porcelain") == ""
    starter.update("--no-self-test", code=0)
    assert "export_journals" in (starter.folder / broken).read_text("utf8")


@pytest.mark.slow
def test_edit_that_imports_the_project_passes_the_self_test(starter: Starter) -> None:
    """The layer is tried under the package's own name, with the rest of the package around it."""
    exporter = starter.folder / "exporting/journals.py"
    old = "from ..logs import PlainLogger"
    replace(exporter, old, f"from ...catalogs import config_loader\n{old}")
    commit(starter.project.root)
    starter.release("0.2.0", FASTER)
    assert "self-test: passed" in starter.update(code=0)
    assert "config_loader" in exporter.read_text("utf8")


@pytest.mark.slow
def test_self_test_sends_nothing_to_the_users_store(starter: Starter, tmp_path: Path) -> None:
    starter.release("0.2.0", FASTER)
    elsewhere = tmp_path / "elsewhere.db"
    env = {"MLFLOW_TRACKING_URI": f"sqlite:///{elsewhere}", "MLFLOW_EXPERIMENT_NAME": "mine"}
    command = ("kedro", "mlflow", "layer", "update", "--from", str(starter.root))
    assert "self-test: passed" in starter.project.run(*command, env=env).stdout
    assert not elsewhere.exists()
    assert not starter.project.has_store()


@pytest.mark.slow
def test_ctrl_c_leaves_the_old_layer_and_nothing_else(starter: Starter) -> None:
    starter.release("0.2.0", FASTER)
    project = starter.project
    words = ["-m", "kedro", "mlflow", "layer", "update", "--from", str(starter.root)]
    process = subprocess.Popen(
        [str(project.python), *words],
        cwd=project.root,
        env=clean_env(project.python),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not list(starter.folder.parent.glob(".layer-update-*")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Interrupted: `kedro mlflow layer status` says which layer is there" in said
    assert "Traceback" not in said
    assert list(starter.folder.parent.glob(".layer-update-*")) == []
    assert git(project.root, "status", "--porcelain") == ""
    assert "layer 0.1.0\n" in project.run("kedro", "mlflow", "layer", "status").stdout


@pytest.mark.slow
def test_status_imports_nothing_that_takes_long(starter: Starter) -> None:
    """It is meant to answer within 1.5 s, most of which Kedro takes itself."""
    command = ("python", "-X", "importtime", "-m", "kedro", "mlflow", "layer", "status")
    done = starter.project.run(*command)
    assert "layer 0.1.0\n" in done.stdout
    imported = set(re.findall(r"^import time:.*\|\s+(\S+)$", done.stderr, re.MULTILINE))
    assert f"{starter.project.package}.tracking.layer.report" in imported
    assert not {"mlflow", "pandas", "numpy", "sklearn", "kedro_datasets"} & imported


@pytest.mark.slow
def test_source_in_pyproject_is_used_and_its_password_is_not_shown(starter: Starter) -> None:
    pyproject = starter.project.root / "pyproject.toml"
    section = '\n[tool.kedro-mlflow-layer]\nsource = "{}"\n'.format
    text = pyproject.read_text("utf8")
    hook = starter.folder / GIT_HOOK
    replace(hook, first_line_of(hook), first_line_of(hook) + "\n# Mine.")
    pyproject.write_text(text + section("http://me:hunter2-of-mine@127.0.0.1:9/x.git"), "utf8")
    commit(starter.project.root)
    for words in (("update",), ("diff",), ("diff", "--upstream")):
        done = starter.project.run("kedro", "mlflow", "layer", *words, code=None)
        assert done.returncode != 0
        assert "http://***@127.0.0.1:9/x.git can't be cloned" in done.stderr
        assert "hunter2" not in done.stdout + done.stderr
    pyproject.write_text(text + section("../starter"), "utf8")
    commit(starter.project.root)
    done = starter.project.run("kedro", "mlflow", "layer", "update")
    assert "already" in done.stdout


@pytest.mark.slow
def test_diff_prints_the_owners_edit(starter: Starter) -> None:
    hook = starter.folder / GIT_HOOK
    replace(hook, first_line_of(hook), first_line_of(hook) + "\n# Mine.")
    command = ("kedro", "mlflow", "layer", "diff", "--from", str(starter.root))
    assert "+++ yours/hooks/git_logger.py\n" in starter.project.run(*command).stdout
    assert "+# Mine.\n" in starter.project.run(*command).stdout
    done = starter.project.run(*command, "--to", "0.1.0", code=2)
    assert "--to belongs to --upstream" in done.stderr
