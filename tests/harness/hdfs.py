"""HDFS of a test's own: a NameNode and a DataNode in one process, on the loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scripts.fetch_hadoop import HADOOP, JARS, JAVA_HOME, LIBRARY, is_there
from tests.harness.artifact_servers import ArtifactServer, running
from tests.harness.ports import free_port
from tests.harness.wires import Wire

PROGRAM = Path(__file__).with_name("MiniHdfs.java")


def client_env() -> dict[str, str]:
    """Return what Hadoop's client is given; skips the test where Hadoop is not there."""
    if not is_there():
        pytest.skip("needs Hadoop, which `make test-hdfs` fetches")
    jars = sorted(map(str, (HADOOP / JARS).glob("*.jar")))
    return {
        "JAVA_HOME": (HADOOP / JAVA_HOME).read_text(),
        "ARROW_LIBHDFS_DIR": str((HADOOP / LIBRARY).parent),
        "CLASSPATH": os.pathsep.join(jars),
    }


@contextmanager
def hdfs(folder: Path) -> Iterator[ArtifactServer]:
    """Run HDFS; clients ask its NameNode through a wire."""
    env = client_env()
    port = free_port()
    for app in ("hdfs", "datanode"):  # what is served over HTTP: nothing
        (folder / "classes" / "webapps" / app).mkdir(parents=True)
    classes = os.pathsep.join([str(folder / "classes"), env["CLASSPATH"]])
    command = [f"{env['JAVA_HOME']}/bin/java", "-Xmx256m", "-XX:+UseSerialGC"]
    command += ["-XX:TieredStopAtLevel=1", "-cp", classes, str(PROGRAM), str(folder), str(port)]
    ready = (folder / "ready").stat
    with running(command, port, folder, is_ready=ready), Wire(port) as wire:
        yield ArtifactServer(f"hdfs://127.0.0.1:{wire.port}", wire, env)
