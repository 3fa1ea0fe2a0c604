"""What `kedro mlflow` offers, and what its commands say where there is nothing to do."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.harness.baked import BakedProject, clean_env
from tests.harness.store import runs_of

COMMANDS = {
    *("discard", "env", "exporter", "layer", "relocate", "restore", "status", "sync", "ui"),
    *("begin", "doctor", "download", "end", "runs"),
    *("models", "package-model", "promote", "serve"),
}


def test_commands_of_the_core_and_the_wings_are_listed(project: BakedProject) -> None:
    lines = project.run("kedro", "mlflow", "--help").stdout.partition("Commands:")[2].splitlines()
    listed = {line.split()[0]: line.split(maxsplit=1)[1:] for line in lines if line.strip()}
    assert set(listed) == COMMANDS
    assert all(listed.values()), "each says what it does"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("status", "No run waits for its export."),
        ("sync", "No run waits for its export."),
        ("relocate", "Nothing to do: the project's store names no other folder"),
    ],
)
def test_nothing_to_do_is_said_and_nothing_is_made(
    project: BakedProject, command: str, said: str
) -> None:
    before = project.files()
    assert said in project.run("kedro", "mlflow", command).stdout
    made = {name for name in project.files() - before if not name.endswith(".pyc")}
    assert {name for name in made if not name.startswith("logs/")} == set()


def test_without_mlflow_each_command_says_so_in_one_sentence(
    project: BakedProject, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text('import sys\nsys.modules["mlflow"] = None\n')
    code = """
import importlib, sys
from click.testing import CliRunner
from kedro.framework.startup import bootstrap_project
group = importlib.import_module(f"{bootstrap_project('.').package_name}.cli").mlflow
for name in sys.argv[1:]:
    done = CliRunner().invoke(group, [*name.split()])
    print(name, done.exit_code, done.exception.__class__.__name__, done.output, sep="|")
"""
    refused = ["ui", "sync", "relocate", "runs", "download x", "models", "promote 1", "serve"]
    names = [*refused, "status", "env", "discard x", "sync --help"]
    done = project.run("python", "-c", code, *names, env={"PYTHONPATH": str(tmp_path)})
    for name in refused:
        command = name.split()[0]
        assert f"{name}|1|SystemExit|Error: `kedro mlflow {command}` needs the package mlflow" in (
            done.stdout
        )
    assert "status|0|NoneType|No run waits" in done.stdout
    assert "env|0|NoneType|export MLFLOW_" in done.stdout
    assert "discard x|1|SystemExit|Error: no run that waits has the key 'x'" in done.stdout
    assert "sync --help|0|NoneType|Usage" in done.stdout


def test_each_command_that_opens_the_store_takes_an_environment(project: BakedProject) -> None:
    code = """
import importlib, sys
from click.testing import CliRunner
from kedro.framework.startup import bootstrap_project
group = importlib.import_module(f"{bootstrap_project('.').package_name}.cli").mlflow
for name in sys.argv[1:]:
    print(name, "--env" in CliRunner().invoke(group, [name, "--help"]).output)
"""
    names = sorted(COMMANDS - {"layer"})
    done = project.run("python", "-c", code, *names)
    assert done.stdout.splitlines() == [f"{name} True" for name in names]


OF_ENVIRONMENTS = """
import importlib, os, sys
from pathlib import Path
from click.testing import CliRunner
from kedro.framework.project import settings
from kedro.framework.startup import bootstrap_project
group = importlib.import_module(f"{bootstrap_project('.').package_name}.cli").mlflow


def call(*words):
    done = CliRunner().invoke(group, words)
    told = done.output.replace(os.getcwd() + os.sep, "")
    print("|".join([" ".join(words), str(done.exit_code), told.strip().partition(chr(10))[0]]))


for name in sys.argv[1:]:
    call(name, "--env", "prd")
call("doctor", "--help", "--env", "prd")
os.environ["KEDRO_ENV"] = "far"
call("status")
for name in ("prod", "base", "local"):
    call("status", "-e", name)
os.environ["KEDRO_ENV"] = "prd"
call("status")
Path("conf").rename("elsewhere")
call("status")
Path("elsewhere").rename("conf")
settings.set("CONFIG_LOADER_CLASS", type("OfOwner", (), {}))
call("status")
"""


def test_environment_that_is_none_is_refused_with_the_nearest(project: BakedProject) -> None:
    (project.root / "conf" / "prod").mkdir()
    shutil.rmtree(project.root / "conf" / "local")  # as in a clone that has none
    names = sorted(COMMANDS - {"layer"})
    done = project.run("python", "-c", OF_ENVIRONMENTS, *names)
    told = "Error: there is no environment %r: conf has no folder of that name, but base, local, "
    refused = told % "prd" + "prod. Did you mean 'prod'?"
    assert done.stdout.splitlines() == [
        *(f"{name} --env prd|1|{refused}" for name in names),
        "doctor --help --env prd|0|Usage: mlflow doctor [OPTIONS]",
        f"status|1|{told % 'far'}prod.",
        *(f"status -e {name}|0|No run waits for its export." for name in ("prod", "base", "local")),
        f"status|1|{refused}",
        "status|0|No run waits for its export.",
        "status|0|No run waits for its export.",
    ]
    assert not (project.root / "mlruns").exists()


@pytest.mark.slow
def test_run_in_an_environment_that_is_none_leaves_no_run(project: BakedProject) -> None:
    done = project.run("kedro", "run", "--env", "prd", code=1)
    assert "Error: No node was run: there is no environment 'prd'" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not (project.root / "mlruns").exists()
    assert not (project.root / ".mlflow-journal").exists()


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("sqlite:///README.md/store.db", "Error: "),
        ("postgresql+asyncpg://host/db", "install it with `pip install asyncpg`"),
    ],
)
def test_a_store_that_cannot_be_used_is_told_in_one_sentence(
    project: BakedProject, uri: str, said: str
) -> None:
    done = project.run("kedro", "mlflow", "ui", env={"MLFLOW_TRACKING_URI": uri}, code=1)
    assert said in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.slow
def test_port_that_cannot_be_listened_on_is_refused_at_once(project: BakedProject) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = project.run("kedro", "mlflow", "ui", "--port", port, code=1)
    assert f"nothing can listen on 127.0.0.1:{port}: Address already in use" in done.stderr
    done = project.run("kedro", "mlflow", "serve", "--port", "99999", code=2)
    assert "99999 is not in the range" in done.stderr


@pytest.mark.slow
def test_ui_of_a_server_that_is_down_is_one_sentence(project: BakedProject) -> None:
    env = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    done = project.run("kedro", "mlflow", "ui", env=env, code=1)
    assert "Error: the MLflow server refuses connections" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def _take_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ui_opens_the_page_of_the_last_run(project: BakedProject, tmp_path: Path) -> None:
    """By the browser that the user has chosen."""
    opened = tmp_path / "opened.txt"
    browser = tmp_path / "browser.sh"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    project.run("kedro", "run", "--pipelines", "data_science")
    (run,) = runs_of(project)
    env = {"BROWSER": f"{browser} %s", "DISPLAY": ":0"}
    started = subprocess.Popen(
        ["kedro", "mlflow", "ui", "--open"],
        cwd=project.root,
        env=clean_env(project.python, env),
        stdout=subprocess.PIPE,
        text=True,
        # A shell's background job has it ignored.
        preexec_fn=_take_interrupts,
    )
    try:
        assert started.stdout is not None
        lines = iter(started.stdout.readline, "")
        link = next(line for line in lines if line.startswith("MLflow UI: "))
        deadline = time.monotonic() + 20
        while not opened.exists() or not opened.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        started.send_signal(signal.SIGINT)
        started.communicate(timeout=20)
    page = f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
    assert link.rstrip().endswith(page)
    assert opened.read_text().strip() == link.removeprefix("MLflow UI: ").strip()
