"""A fork has the environment of its run and nothing of the run before."""

from __future__ import annotations

import base64
import json
import os
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject
from tests.harness.residents import Residents, own_residents

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/ns").exists(), reason="Linux only"),
]


class Logins(ThreadingHTTPServer):
    """A server that lets nobody in, and notes who came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Refusal)
        self.seen: list[str] = []
        self.uri = f"http://127.0.0.1:{self.server_port}"


class Refusal(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Logins)
        self.server.seen.append(self.headers.get("Authorization", "nobody"))
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def logins() -> Iterator[Logins]:
    with Logins() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def residents(monkeypatch: pytest.MonkeyPatch) -> Iterator[Residents]:
    monkeypatch.delenv("CI", raising=False)
    with own_residents() as found:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(found.runtime))
        yield found


def export_nothing(project: BakedProject, uri: str, cwd: Path, env: dict[str, str]) -> str:
    """Start an exporter, tell it its store, and end it before it is given a run."""
    environ = {**project.tracking("env").for_child(*_module(project)), **env}
    with tempfile.TemporaryFile() as log:
        streams = (log.fileno(), log.fileno())
        exporter = project.tracking("resident.client").start(uri, 60.0, streams, cwd, environ)
        name = project.tracking("journal.processes").myself()
        store = {"uri": uri, "experiment_name": "x", "pipeline": name}
        exporter.stdin.write(json.dumps(store).encode() + b"\n")
        exporter.stdin.close()
        assert exporter.wait(60) == 0
        exporter.stdout.close()
        log.seek(0)
        return log.read().decode()


def _module(project: BakedProject) -> tuple[str, str]:
    # Not from the module, which another test's project may have brought into this process.
    name = f"{project.package}.tracking.recording.launcher"
    return name, str(project.root / "src" / f"{name.replace('.', '/')}.py")


def login(name: str) -> dict[str, str]:
    return {"MLFLOW_TRACKING_USERNAME": name, "MLFLOW_TRACKING_PASSWORD": f"pw-of-{name}"}


def test_each_run_has_its_own_login(
    project: BakedProject, residents: Residents, logins: Logins, tmp_path: Path
) -> None:
    for name in ("ann", "bob", ""):
        env = login(name) if name else {}
        told = export_nothing(project, logins.uri, tmp_path, env)
        assert "401" in told or "login" in told or "store is not open" in told
    expected = [f"{name}:pw-of-{name}" for name in ("ann", "bob")]
    basic = [f"Basic {base64.b64encode(text.encode()).decode()}" for text in expected]
    assert list(dict.fromkeys(logins.seen)) == [*basic, "nobody"]
    resident = residents.one()
    assert not any("pw-of" in text for text in resident.environ().values())


@pytest.mark.flaky(reruns=1)  # on a machine at its limit the old one is not reached in time
def test_one_whose_place_is_taken_leaves(
    project: BakedProject,
    residents: Residents,
    logins: Logins,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It answered too late, say on a busy machine, and sleeps: nothing else would wake it."""
    export_nothing(project, logins.uri, tmp_path, {})
    first = residents.one()
    monkeypatch.setattr(project.tracking("resident.client"), "ANSWER_SECONDS", 0.0)
    export_nothing(project, logins.uri, tmp_path, {})
    residents.wait(lambda: [one.pid for one in residents.all()] != [first.pid])
    assert residents.one().pid != first.pid


def test_plugin_with_a_thread_is_exported_by_the_process_itself(
    project: BakedProject, residents: Residents, logins: Logins, tmp_path: Path
) -> None:
    """A fork would lose the thread; nothing stays."""
    lean = project.root / "src" / project.package / "tracking/store/lean_imports.py"
    thread = "    import threading, time; threading.Thread(target=time.sleep, args=[9]).start()\n"
    text = lean.read_text()
    at = text.index("    import_lean()\n")
    lean.write_text(text[:at] + thread + text[at:])
    told = export_nothing(project, logins.uri, tmp_path, login("eve"))
    assert "Broken pipe" not in told
    assert "401" in told or "store is not open" in told
    residents.wait(lambda: residents.all() == [])


def test_no_more_than_four_stay(
    project: BakedProject, residents: Residents, logins: Logins, tmp_path: Path
) -> None:
    """The one that was idle longest leaves; a sweep over an environment would fill the memory."""
    for number in range(6):
        export_nothing(project, logins.uri, tmp_path, {"LC_NAME": str(number)})
        residents.wait(lambda: len(residents.sockets) >= 1)
        newest = max(residents.sockets, key=lambda path: path.stat().st_mtime)
    residents.wait(lambda: len(residents.all()) == 4)
    assert len(residents.sockets) == 4
    assert newest in residents.sockets


def test_server_needs_no_database(
    project: BakedProject, residents: Residents, logins: Logins, tmp_path: Path
) -> None:
    export_nothing(project, logins.uri, tmp_path, {})
    maps = Path(f"/proc/{residents.one().pid}/maps").read_text()
    assert "sqlalchemy" not in maps


def test_what_it_inherits_is_of_the_run(
    project: BakedProject,
    residents: Residents,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Folder, umask, processors and zone of time, seen through what it writes and how it runs."""
    spy = project.root / "src" / project.package / "tracking" / "exporting" / "process.py"
    text = spy.read_text()
    main = text[text.index("def main(") :]
    spy.write_text(
        text.replace(
            main,
            "def main(error_output: int | None = None, **_: object) -> int:\n"
            "    about = [os.getcwd(), os.umask(0), sorted(os.sched_getaffinity(0)), time.tzname,\n"
            "             os.environ.get('ONLY'), os.getsid(0) == os.getpid(), os.nice(0)]\n"
            "    print(json.dumps(about), flush=True)\n"
            "    return 0\n",
        )
    )
    environ = project.tracking("env").for_child(*_module(project))

    def seen(cwd: Path, **env: str) -> list[Any]:
        with tempfile.TemporaryFile() as log:
            start = project.tracking("resident.client").start
            streams = (log.fileno(), log.fileno())
            exporter = start("sqlite://", 60.0, streams, cwd, {**environ, **env})
            exporter.stdin.close()
            with exporter.stdout:
                said: list[Any] = json.loads(exporter.stdout.read() or b"[]")
            exporter.wait(60)
            log.seek(0)
            assert said, log.read().decode()
            return said

    processors = sorted(os.sched_getaffinity(0))
    nice = os.nice(0) + 5
    first = seen(tmp_path, TZ="UTC", ONLY="first")
    assert first[:3] == [str(tmp_path), _umask(), processors]
    assert first[4:] == ["first", True, nice]
    mask = os.umask(0o027)
    os.sched_setaffinity(0, processors[:1])
    try:
        second = seen(project.root, TZ="Asia/Tokyo")
    finally:
        os.umask(mask)
        os.sched_setaffinity(0, processors)
    assert second == [str(project.root), 0o027, processors[:1], ["JST", "JST"], None, True, nice]
    assert len(residents.all()) == 2  # one that gives its files other rights is another family


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
