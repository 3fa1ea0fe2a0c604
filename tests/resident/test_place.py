"""Which resident is the right one: the name of its socket."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject

pytestmark = pytest.mark.skipif(not Path("/proc/self/ns").exists(), reason="Linux only")
SQLITE, SERVER = "sqlite:////tmp/store.db", "https://mlflow.example.org"


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What `XDG_RUNTIME_DIR` and the folder of temporary files are, with a short path."""
    with tempfile.TemporaryDirectory(prefix="ksm-") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", str(Path(folder, "tmp")))
        Path(folder, "tmp").mkdir()
        yield Path(folder)


@pytest.fixture
def place(project: BakedProject) -> Any:
    return project.tracking("resident.place")


def test_folder_is_the_users_alone(place: Any, runtime: Path) -> None:
    folder = place.own_folder()
    assert folder == runtime / "kedro-mlflow"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o750)
    assert place.own_folder() == runtime / "tmp" / f"kedro-mlflow-{os.geteuid()}"


def test_folder_of_somebody_else_is_not_used(
    place: Any, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4711)  # as after `sudo`, which keeps the variable
    assert place.own_folder() is None


def test_link_is_no_folder(place: Any, runtime: Path) -> None:
    (runtime / "elsewhere").mkdir(mode=0o700)
    (runtime / "kedro-mlflow").symlink_to(runtime / "elsewhere")
    assert place.own_folder() == runtime / "tmp" / f"kedro-mlflow-{os.geteuid()}"


def test_no_runtime_folder(place: Any, runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("", "relative", str(runtime / "gone")):
        monkeypatch.setenv("XDG_RUNTIME_DIR", value)
        assert place.own_folder() == runtime / "tmp" / f"kedro-mlflow-{os.geteuid()}"


def test_path_that_no_socket_can_have(
    place: Any, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = place.place_for(SQLITE, {}).socket
    assert len(os.fsencode(longest)) <= 107
    for name in ("XDG_RUNTIME_DIR", "TMPDIR"):
        monkeypatch.setenv(name, str(runtime / ("x" * 100)))
    (runtime / ("x" * 100)).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(runtime / ("x" * 100)))
    assert place.place_for(SQLITE, {}) is None


def test_name(place: Any, runtime: Path) -> None:
    one = place.place_for(SQLITE, {"LANG": "C", "MLFLOW_TRACKING_PASSWORD": "a"})
    assert one == place.place_for(SQLITE, {"LANG": "C", "MLFLOW_TRACKING_PASSWORD": "b"})
    assert one == place.place_for("postgresql://host/db", {"LANG": "C"})
    assert one == place.place_for(SQLITE, {"LANG": "C", "PYTHONHASHSEED": "7"})  # of a sweep
    for uri, environ in (
        (SERVER, {"LANG": "C"}),
        (SQLITE, {"LANG": "de_DE.UTF-8"}),
        (SQLITE, {"LANG": "C", "PYTHONPATH": "/elsewhere"}),
        (SQLITE, {"LANG": "C", "PYTHONUTF8": "1"}),
        (SQLITE, {"LANG": "C", "LD_PRELOAD": "libfaketime.so"}),
    ):
        other = place.place_for(uri, environ)
        assert (other.family == one.family, other.version == one.version) == (False, True)


def test_installed_package_and_changed_layer_are_another_version(
    place: Any, project: BakedProject, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = runtime / "site-packages"
    packages.mkdir()
    monkeypatch.syspath_prepend(str(packages))
    layer = project.root / "src" / project.package / "tracking"
    monkeypatch.setattr(place, "LAYER", layer)
    names = [place.place_for(SQLITE, {})]

    def note() -> None:
        names.append(place.place_for(SQLITE, {}))

    (packages / "mlflow-9.dist-info").mkdir()  # what pip does
    os.utime(packages, ns=(1, 1))
    note()
    with (layer / "exporting" / "batches.py").open("a") as file:
        file.write("# mine\n")
    note()
    (layer / "exporting" / "mine.py").touch()
    note()
    assert len({name.version for name in names}) == len(names)
    assert len({name.family for name in names}) == 1
    assert place.place_for(SQLITE, {}) == names[-1]


@pytest.mark.parametrize(
    ("variables", "linger", "may"),
    [
        ({}, 600.0, True),
        ({}, 0.0, False),
        ({"CI": "true"}, 600.0, False),
        ({"CI": "1"}, 600.0, False),
        ({"CI": "false"}, 600.0, True),
        ({"CI": ""}, 600.0, True),
    ],
)
def test_may_linger(
    project: BakedProject,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    linger: float,
    may: bool,
) -> None:
    client = project.tracking("resident.client")
    monkeypatch.delenv("CI", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert client.may_linger(linger) is may
    monkeypatch.setattr(client.sys, "platform", "darwin")
    assert client.may_linger(linger) is False


def test_windows_has_neither_resident_nor_warning(
    project: BakedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import sys\n"
        f"from {project.package}.tracking import wings\n"
        "import subprocess, tempfile\n"
        "sys.platform = 'win32'; sys.modules['resource'] = None\n"
        "(start,) = wings.exporter_starts()\n"
        "print(start('sqlite://', 600.0, None, None, {}))\n"
        f"from {project.package}.tracking.resident import listing\n"
        "print(*listing.lines(), *listing.stop_all())"
    )
    env = {**os.environ, "PYTHONPATH": str(project.root / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    none = "No exporter stays ready; the next `kedro run` starts one."
    assert done.stdout.splitlines() == ["None", f"{none} {none}"], done.stderr


@pytest.mark.parametrize("value", ["soon", "10m", "-1", "inf", "nan", "1e99"])
def test_linger_that_is_no_number_of_seconds(
    project: BakedProject,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    value: str,
) -> None:
    """It is told once, and the run is tracked as if it were not set."""
    settings = project.tracking("settings").TrackingSettings()
    monkeypatch.setenv("KEDRO_MLFLOW_LINGER", value)
    assert [settings.with_environment().linger for _ in range(2)] == [600.0, 600.0]
    told = f"KEDRO_MLFLOW_LINGER='{value}' is no number of seconds from 0 to 86400; 600 is taken."
    assert [record.getMessage() for record in caplog.records] == [told]


@pytest.mark.parametrize(
    ("value", "seconds"), [("5", 5.0), ("0", 0.0), ("off", 0.0), ("False", 0.0), ("on", 600.0)]
)
def test_linger_in_words(
    project: BakedProject, monkeypatch: pytest.MonkeyPatch, value: str, seconds: float
) -> None:
    monkeypatch.setenv("KEDRO_MLFLOW_LINGER", value)
    assert project.tracking("settings").TrackingSettings().with_environment().linger == seconds


@pytest.mark.parametrize("linger", [-1, float("inf"), float("nan"), 1e9])
def test_linger_of_the_hook(project: BakedProject, linger: float) -> None:
    hook = project.tracking("hooks.basic_logger").MLflowBasicLoggerHook
    with pytest.raises(ValueError, match=f"linger is {linger}; .* from 0 to 86400"):
        hook(linger=linger)


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrapper",
    [
        [],
        ["nice", "-n", "3"],
        ["prlimit", "--nofile=64"],
        ["prlimit", "--fsize=20000"],
        ["sh", "-c", 'umask 027; exec "$@"', "sh"],
    ],
    ids=lambda words: " ".join(words) or "again",
)
def test_what_a_fork_has_not_of_its_run_is_another_family(
    project: BakedProject, runtime: Path, wrapper: list[str]
) -> None:
    """Limits, niceness, groups, control group: a process has them from the one that started it."""
    code = (
        f"from {project.package}.tracking.resident.place import place_for\n"
        f"print(place_for({SQLITE!r}, {{}}).family)"
    )

    def family(*words: str) -> str:
        command = [*words, sys.executable, "-c", code]
        env = {**os.environ, "PYTHONPATH": str(project.root / "src")}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        return done.stdout

    assert (family() == family(*wrapper)) is (wrapper == [])


def test_each_file_of_the_layer_counts(
    place: Any, runtime: Path, project: BakedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its label, which a resident makes once, tells of all of them."""
    layer = project.root / "src" / project.package / "tracking"
    monkeypatch.setattr(place, "LAYER", layer)
    before = place.place_for(SQLITE, {})
    (layer / "exporting" / ".half-written.py").touch()
    (layer / "__pycache__").mkdir(exist_ok=True)
    (layer / "__pycache__" / "more.pyc").touch()
    (layer / "nowhere").symlink_to("gone")
    assert place.place_for(SQLITE, {}) == before
    with (layer / "README.md").open("a") as file:
        file.write("An owner's line.\n")
    after = place.place_for(SQLITE, {})
    assert (after.family, after.version != before.version) == (before.family, True)
