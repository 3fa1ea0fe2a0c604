"""The processes that stay ready to export the next run, seen from outside."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from .processes import Process, processes

PROGRAM = ".tracking.resident.server"
PROGRAMS = (PROGRAM, ".tracking.exporting.process")
# In the environment of all that the tests start, and in the path of each socket: others may work
# on this machine.
if "PYTEST_XDIST_WORKER" not in os.environ:  # a session in a test of another one counts its own
    os.environ["KSM_SESSION"] = secrets.token_hex(4)
SESSION = os.environ["KSM_SESSION"]


@dataclass(frozen=True)
class Residents:
    """The residents of one folder of sockets, and their forks.

    Args:
        runtime: what `XDG_RUNTIME_DIR` is for the runs.
    """

    runtime: Path

    @property
    def env(self) -> dict[str, str]:
        return {"XDG_RUNTIME_DIR": str(self.runtime), "KEDRO_MLFLOW_LINGER": "60"}

    @property
    def sockets(self) -> list[Path]:
        return sorted(self.runtime.glob("kedro-mlflow/*.sock"))

    def all(self) -> list[Process]:
        """Those that stay, without their forks, and without who only starts one."""
        found = processes(str(self.runtime))
        pids = {one.pid for one in found}
        stays = [one for one in found if PROGRAM in one.command and one.parent not in pids]
        stays = [one for one in stays if one.status("Name") != "exporter"]  # of one that has left
        return [one for one in stays if os.getsid(one.pid) == one.pid]

    def one(self) -> Process:
        """The only one, once it listens."""
        self.wait(lambda: len(self.sockets) == 1 and len(self.all()) == 1)
        return self.all()[0]

    def forks(self) -> list[Process]:
        """The exporters that work."""
        pids = {one.pid for one in self.all()}
        return [one for one in processes(str(self.runtime)) if one.parent in pids]

    def wait(self, condition: object, seconds: float = 20) -> None:
        """Wait until a condition holds; fail with what there is."""
        deadline = time.monotonic() + seconds
        assert callable(condition)
        while not condition():
            assert time.monotonic() < deadline, (self.sockets, processes(str(self.runtime)))
            time.sleep(0.02)

    def end(self) -> None:
        """End all of them, also those that are stopped."""
        for one in processes(str(self.runtime)):
            with suppress(ProcessLookupError):
                os.kill(one.pid, signal.SIGKILL)
        self.wait(lambda: not processes(str(self.runtime)))


@contextmanager
def own_residents() -> Iterator[Residents]:
    """Give a test a folder of sockets of its own, with a path that a socket can have."""
    residents = Residents(Path(tempfile.mkdtemp(prefix=f"ksm-{SESSION}-")))
    try:
        yield residents
    finally:
        residents.end()
        shutil.rmtree(residents.runtime, ignore_errors=True)


@pytest.fixture(scope="session")
def shared_residents() -> Iterator[Residents]:
    """The residents of a project that the tests of a session share."""
    with own_residents() as residents:
        yield residents


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the session if its tests have left exporters behind; the workers' are counted once."""
    if hasattr(session.config, "workerinput"):
        return
    if left := left_over():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print("\nleft over by the tests:", *(f"{one.pid}: {one.command}" for one in left), sep="\n")


def left_over(seconds: float = 10) -> list[Process]:
    """Return the exporters of this session that live, once they had time to end."""
    deadline = time.monotonic() + seconds
    while left := _exporters():
        if time.monotonic() >= deadline:
            break
        time.sleep(0.1)
    return left


def _exporters() -> list[Process]:
    found = [one for program in PROGRAMS for one in processes(program)]
    return [
        one
        for one in found
        if SESSION in one.command or one.environ().get("KSM_SESSION") == SESSION
    ]
