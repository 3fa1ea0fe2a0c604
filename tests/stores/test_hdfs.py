"""HDFS: what its client needs beside pyarrow, what is said where that is missing, what it leaves alone."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.faults.picture import runs_in
from tests.harness.artifact_servers import ArtifactServer
from tests.harness.baked import BakedProject, clean_env
from tests.harness.doors import PYTHON
from tests.harness.hdfs import client_env, hdfs
from tests.harness.ports import free_port
from tests.harness.residents import own_residents

pytestmark = pytest.mark.hdfs

# Writes a file as the exporter does, twice, and prints what a user is told.
PROGRAM = """
import os
import signal
import sys
from importlib import import_module
from pathlib import Path

src, package, location = sys.argv[1:]
sys.path.insert(0, src)
client, lean, reasons, internals = (
    import_module(f"{package}.tracking.store.{name}")
    for name in ("client", "lean_imports", "artifact_reasons", "mlflow_internals")
)
signal.signal(signal.SIGTERM, lambda *_: print("SIGTERM is Python's", file=sys.stderr))
client.prepare_environment()
lean.import_lean()
client.get_ready(location)
store = internals.artifacts_at(location, "sqlite://")
Path("a.txt").write_text("a")
for _ in range(2):
    try:
        store.log_artifact("a.txt")
        print(*(one.path for one in store.list_artifacts()))
    except Exception as error:
        print(reasons.artifact_reason(error, location))
os.kill(os.getpid(), signal.SIGTERM)
print("Python's own words", file=sys.stderr)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArtifactServer]:
    with hdfs(tmp_path_factory.mktemp("hdfs")) as running:
        yield running


def told(
    baked: BakedProject, folder: Path, location: str, env: Mapping[str, str], lacks: str = ""
) -> str:
    """Return what is printed at each of the two tries; Java has said nothing to the user.

    Args:
        baked: the project whose layer is used.
        folder: where the program runs.
        location: where it writes to.
        env: what it gets.
        lacks: a variable that it does not get.
    """
    command = [sys.executable, "-c", PROGRAM, str(baked.root / "src"), baked.package, location]
    # Others compare the folder of the project.
    env = {**clean_env(PYTHON), "PYTHONDONTWRITEBYTECODE": "1", **env}
    env.pop(lacks, None)
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "SIGTERM is Python's\nPython's own words\n"
    first, second = done.stdout.splitlines()
    assert first == second
    return first


def test_signals_and_the_error_output_stay_pythons(
    server: ArtifactServer, baked: BakedProject, tmp_path: Path
) -> None:
    """A file is written with Java in the process, whose signals, error output and end are as without."""
    assert told(baked, tmp_path, f"{server.location}/signals", server.env) == "a.txt"


JARS = "Hadoop's jars: set CLASSPATH to what `$HADOOP_HOME/bin/hadoop classpath --glob` prints"
LIBRARY = (
    "Hadoop's libhdfs.so: set HADOOP_HOME to Hadoop's folder, or ARROW_LIBHDFS_DIR to that of the "
    "library"
)
# What is changed, which variable is gone, and what must be said.
MISSING = {
    "jars": ({"CLASSPATH": "/nowhere"}, "", JARS),
    "a list of jars": ({}, "CLASSPATH", JARS),
    "libhdfs": ({"ARROW_LIBHDFS_DIR": "/nowhere"}, "HADOOP_HOME", LIBRARY),
    "Java": ({"JAVA_HOME": "/nowhere"}, "", "Java: set JAVA_HOME to its folder"),
}


@pytest.mark.parametrize("part", MISSING)
def test_what_is_missing_is_said_with_its_remedy(
    part: str, baked: BakedProject, tmp_path: Path
) -> None:
    """Java, libhdfs or Hadoop's jars are not found: one sentence that says what to set."""
    changes, lacks, remedy = MISSING[part]
    if part == "Java" and list(Path("/usr/lib/jvm").glob("default*/**/libjvm.so")):
        pytest.skip("pyarrow finds another Java of this machine")
    place = f"hdfs://127.0.0.1:{free_port()}"
    said = told(baked, tmp_path, f"{place}/box", {**client_env(), **changes}, lacks)
    assert said == f"{place} needs {remedy}"


def test_namenode_that_is_away_is_told(baked: BakedProject, tmp_path: Path) -> None:
    """Nobody listens: said within seconds, and not after Hadoop's own minutes."""
    location = f"hdfs://127.0.0.1:{free_port()}/box"
    said = told(baked, tmp_path, location, client_env())
    place = location.removesuffix("/box")
    assert (
        said
        == f"{place} refuses connections or cannot be reached: start it, or correct its address"
    )


def test_user_who_may_not_write_is_told(
    server: ArtifactServer, baked: BakedProject, tmp_path: Path
) -> None:
    """HDFS permits the user nothing at this place."""
    env = {**server.env, "HADOOP_USER_NAME": "somebody"}
    said = told(baked, tmp_path, f"{server.location}/theirs", env)
    assert (
        said
        == f"{server.location} allows no writing with these credentials: permit it there, or use others"
    )


def test_doctor_writes_and_removes_a_file(server: ArtifactServer, project: BakedProject) -> None:
    """`kedro mlflow doctor` on a healthy HDFS, and on one that is away."""
    config = project.root / "conf/local/mlflow.yml"
    config.write_text(f"artifact_location: {server.location}/doctor\nexperiment_name: doctor\n")
    done = project.run("kedro", "mlflow", "doctor", env=server.env)
    assert "takes a file, which was removed again" in done.stdout
    server.wire.cut()
    try:
        away = project.run("kedro", "mlflow", "doctor", env=server.env, code=1)
    finally:
        server.wire.mend()
    assert (
        f"{server.location} refuses connections or cannot be reached: start it, or correct its address"
        in away.stdout
    )
    assert "\tat " not in away.stdout + away.stderr


def test_a_run_and_a_sync_while_it_is_away_say_one_line(
    server: ArtifactServer, project: BakedProject
) -> None:
    """The NameNode is gone from the start: the run ends in time, `sync` says why, and brings all later."""
    config = project.root / "conf/local/mlflow.yml"
    config.write_text(
        f"artifact_location: {server.location}/away\nexperiment_name: away\nexport_wait: 12\n"
    )
    server.wire.cut()
    try:
        begun = time.monotonic()
        done = project.run("kedro", "run", env=server.env)
        seconds = time.monotonic() - begun
        synced = project.run("kedro", "mlflow", "sync", env=server.env, code=1)
    finally:
        server.wire.mend()
    why = f"{server.location} refuses connections or cannot be reached: start it, or correct its address"
    said = f"models: {why}; 12 artifacts: {why}"
    ran, told_later = done.stdout + done.stderr, synced.stdout + synced.stderr
    assert re.findall("because: (.*)", ran) == [said]
    assert re.findall(r"^\d{8}T\w+-\w+: (.*)$", synced.stdout, re.MULTILINE) == [said]
    for output in (ran, told_later):
        assert not re.search(r"\tat |log4j|java\.", output), output
    assert seconds < 60
    (run,) = runs_in(project.store)
    assert run.info.status == "FINISHED"
    project.run("kedro", "mlflow", "sync", env=server.env)
    project.run("kedro", "mlflow", "download", run.info.run_id, "gantt.html", env=server.env)
    assert "<html" in project.read_file("gantt.html")


def test_a_process_that_stays_ready_has_no_java(
    server: ArtifactServer, project: BakedProject
) -> None:
    """Java is begun in each run's own fork: it would not live in a fork of a process that has it."""
    config = project.root / "conf/local/mlflow.yml"
    config.write_text(f"artifact_location: {server.location}/forks\nexperiment_name: forks\n")
    with own_residents() as residents:
        env = {**server.env, **residents.env}
        for _ in range(2):
            done = project.run("kedro", "run", env=env)
            assert "waiting on disk" not in done.stdout
        stays = residents.one()
        assert "libjvm" not in Path(f"/proc/{stays.pid}/maps").read_text()
    runs = runs_in(project.store)
    assert [run.info.status for run in runs] == ["FINISHED"] * 2
    for run in runs:
        command = ("kedro", "mlflow", "download", run.info.run_id, "gantt.html")
        project.run(*command, env=server.env)
        assert "<html" in project.read_file("gantt.html")
        (project.root / "gantt.html").unlink()
