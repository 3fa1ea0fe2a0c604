"""What commands say where the store is away, or new: each reason once, and no line of MLflow's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.faults.journals import end, new_journal
from tests.harness.baked import BakedProject
from tests.harness.servers import PASSWORD, USER, postgresql

pytestmark = pytest.mark.slow

# Nobody listens on this port.
SERVER = "http://127.0.0.1:9"
DATABASE = f"postgresql+psycopg://{USER}:{PASSWORD}@127.0.0.1:9/runs"
# How MLflow and Alembic begin what they say of their own work.
OWN_LINE = re.compile(r"^\d{4}/\d\d/\d\d|INFO +\[alembic|Creating initial|Traceback|^│", re.M)


def journals(project: BakedProject, *uris: str) -> list[str]:
    """Make a journal that waits for each store, and return their keys."""
    root = project.root / ".mlflow-journal"
    return [end(new_journal(project.tracking, root, uri)).name for uri in uris]


def test_sync_says_each_reason_once(project: BakedProject) -> None:
    first, second, other, third = sorted(journals(project, SERVER, SERVER, DATABASE, SERVER))
    uris = {name: uri_of(project, name) for name in (first, second, other, third)}
    done = project.run("kedro", "mlflow", "sync", env={"MLFLOW_TRACKING_URI": SERVER}, code=1)
    told = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    reasons = {name: text for name, text in told.items() if "the same as" not in text}
    assert len(reasons) == 2, done.stdout
    assert sorted(told) == [first, second, other, third]
    for name, text in told.items():
        if name not in reasons:
            like = text.removeprefix("the same as ")
            assert uris[like] == uris[name]
    assert done.stdout.count("the MLflow server refuses connections") == 1
    assert not OWN_LINE.search(done.stdout + done.stderr)
    assert done.stderr == (
        "Error: 4 of the runs could not be exported; they stay where they are.\n"
    )


def uri_of(project: BakedProject, name: str) -> str:
    """Return for which of the two stores a journal waits."""
    header = project.read_file(f".mlflow-journal/{name}/run.json")
    return "server" if SERVER in header else "database"


@pytest.mark.parametrize(
    "command", [("begin", "--key", "k"), ("end", "k"), ("runs",), ("doctor",)], ids=" ".join
)
def test_database_that_is_down_is_one_sentence(
    project: BakedProject, command: tuple[str, ...]
) -> None:
    env = {"MLFLOW_TRACKING_URI": DATABASE}
    done = project.run("kedro", "mlflow", *command, env=env, code=1)
    output = done.stdout + done.stderr
    assert output.count("the database server at 127.0.0.1:9 refuses connections: start it") == 1
    assert not OWN_LINE.search(output)
    assert PASSWORD not in output
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.stores
def test_first_words_on_an_empty_database_are_ours_alone(
    project: BakedProject, tmp_path: Path
) -> None:
    with postgresql(tmp_path) as server:

        def on_new(name: str) -> dict[str, str]:
            server.execute(f"CREATE DATABASE {name} OWNER {USER};")
            assert isinstance(server.address, Path)
            place = server.address.parent
            return {
                "MLFLOW_TRACKING_URI": f"postgresql+psycopg://{USER}:{PASSWORD}@/{name}?host={place}"
            }

        begun = project.run("kedro", "mlflow", "begin", "--key", "k", env=(env := on_new("begun")))
        ended = project.run("kedro", "mlflow", "end", "k", env=env)
        listed = project.run("kedro", "mlflow", "runs", env=on_new("listed"), code=1)
        journals(project, (env := on_new("synced"))["MLFLOW_TRACKING_URI"])
        synced = project.run("kedro", "mlflow", "sync", env=env)
        options = ("--nodes", "init_model")
        env = {**on_new("here"), "KEDRO_MLFLOW_EXPORT": "end"}
        here = project.run("kedro", "run", *options, env=env)
    for done in (begun, ended, listed, synced, here):
        assert not OWN_LINE.search(done.stdout + done.stderr), done
    assert re.fullmatch("[0-9a-f]{32}\n", begun.stdout)
    assert "status: FINISHED" in ended.stdout
    assert "there is no experiment" in listed.stderr
    assert "exported as run" in synced.stdout
    assert "status: FINISHED" in here.stderr
