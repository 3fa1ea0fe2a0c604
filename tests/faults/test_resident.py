"""The exporter that stays warm: runs are forks of it, and whatever happens to it, none is lost."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.harness.baked import clean_env
from tests.harness.doors import PYTHON
from tests.harness.processes import Process, processes
from tests.harness.residents import Residents, own_residents

from .checks import check_pipeline, mounted
from .lab import Ended, Lab
from .picture import Picture, picture_of, runs_in

pytestmark = pytest.mark.skipif(not Path("/proc/self/ns").exists(), reason="Linux only")


@dataclass(frozen=True)
class Warm:
    """A lab whose exporters may stay, and the residents that did."""

    lab: Lab
    residents: Residents

    def run(self, **env: str) -> Ended:
        done = self.lab.run(env=env)
        check_pipeline(self.lab, done)
        return done

    def resident(self) -> Process:
        """Run once, and return the resident that stays behind, idle."""
        self.run()
        one = self.residents.one()
        self.residents.wait(lambda: not self.residents.forks())
        return one

    def check_runs(self, count: int, expected: Picture) -> None:
        """All runs are in MLflow, complete, and none waits."""
        runs = runs_in(self.lab.store)
        assert len(runs) == count
        for run in runs:
            assert picture_of(self.lab.store, run).shape() == expected
        assert self.lab.waiting() == []


@pytest.fixture
def warm(lab: Lab) -> Iterator[Warm]:
    with own_residents() as residents:
        lab.env |= residents.env
        yield Warm(lab, residents)


def test_each_run_is_a_fork_of_the_first_ones_resident(warm: Warm, sequential: Picture) -> None:
    first = warm.resident()
    started = warm.lab.start(env={"LAB_SLEEP": "2"})
    started.wait_for_node()
    (fork,) = warm.residents.forks()
    assert fork.parent == first.pid
    check_pipeline(warm.lab, started.wait())
    assert warm.residents.one().pid == first.pid
    warm.check_runs(2, sequential)
    # From a shell that looks for sockets elsewhere, too.
    elsewhere = {"XDG_RUNTIME_DIR": str(warm.lab.root)}
    listed = warm.lab.run("kedro", "mlflow", "exporter", env=elsewhere).output.splitlines()
    assert listed[0].split() == ["pid", "since", "memory", "runs", "project"]
    own = next(line for line in listed if line.split()[0] == str(first.pid))
    pid, _, _, size, unit, runs, layer = own.split()
    assert (int(pid), unit, runs) == (first.pid, "MB", "2")
    assert int(size) > 10
    assert Path(layer) == next((warm.lab.root / "src").glob("*/tracking"))


def test_several_runs_at_once_and_a_crash_of_one(warm: Warm, sequential: Picture) -> None:
    resident = warm.resident()
    started = [warm.lab.start(env={"LAB_SLEEP": "4"}) for _ in range(3)]
    for one in started:
        one.wait_for_node()
    forks = warm.residents.forks()
    assert [fork.parent for fork in forks] == [resident.pid] * 3
    os.kill(forks[1].pid, signal.SIGKILL)
    outputs = []
    for one in started:
        done = one.wait()
        assert done.code == 0, done.output
        outputs.append("The exporter ended early" in done.output)
    assert sorted(outputs) == [False, False, True]
    assert warm.residents.one().pid == resident.pid
    warm.check_runs(4, sequential)


@pytest.mark.parametrize("runner", ["ThreadRunner", "ParallelRunner"])
def test_runners(warm: Warm, sequential: Picture, runner: str) -> None:
    for _ in range(2):
        check_pipeline(warm.lab, warm.lab.run("kedro", "run", f"--runner={runner}"))
    warm.residents.one()
    warm.check_runs(2, sequential)


def test_pipeline_killed_without_a_word_is_killed(warm: Warm) -> None:
    warm.resident()
    warm.lab.run(env={"LAB_FAULT": "suicide"})
    warm.residents.wait(lambda: not warm.residents.forks(), 60)
    assert sorted(run.info.status for run in runs_in(warm.lab.store)) == ["FINISHED", "KILLED"]


def test_it_holds_nothing_of_who_started_it(warm: Warm) -> None:
    """No terminal, no pipe, no folder, no file of the project, no variable of the run."""
    secret = "pa55-of-the-first-run"
    variables = {**warm.lab.env, "MLFLOW_TRACKING_PASSWORD": secret}
    process = subprocess.Popen(
        [str(PYTHON.parent / "kedro"), "run"],
        cwd=warm.lab.root,
        env=clean_env(PYTHON, variables),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output, _ = process.communicate(timeout=60)  # as `tee` would: until nobody holds the pipe
    assert b"FINISHED" in output
    resident = warm.residents.one()
    warm.residents.wait(lambda: not warm.residents.forks())
    assert resident.open_files() <= {"/dev/null", "socket", "pipe", "anon_inode"}
    assert os.readlink(f"/proc/{resident.pid}/cwd") == "/"
    assert os.getsid(resident.pid) == resident.pid != os.getsid(0)
    assert Path(f"/proc/{resident.pid}/stat").read_text().rpartition(")")[2].split()[4] == "0"
    known = ("PATH", "HOME", "LANG", "LC_", "PYTHON", "LD_", "OPENSSL_CONF")
    assert [name for name in resident.environ() if not name.startswith(known)] == []
    assert resident.status("Threads") == "1"
    maps = Path(f"/proc/{resident.pid}/maps").read_text()
    assert str(warm.lab.root) not in maps
    assert secret.encode() not in memory_of(resident)


def memory_of(process: Process) -> bytes:
    """All that a process has in its heap and its anonymous memory."""
    content = b""
    with open(f"/proc/{process.pid}/mem", "rb", buffering=0) as memory:
        for line in Path(f"/proc/{process.pid}/maps").read_text().splitlines():
            place, mode, *_, last = line.split()
            if "r" in mode and (last == "[heap]" or last == "0"):
                begin, end = (int(number, 16) for number in place.split("-"))
                memory.seek(begin)
                content += memory.read(end - begin)
    return content


def test_it_sleeps_and_is_small(warm: Warm) -> None:
    resident = warm.resident()
    before = resident.cpu_ticks(), resident.status("voluntary_ctxt_switches")
    time.sleep(2)
    assert (resident.cpu_ticks(), resident.status("voluntary_ctxt_switches")) == before
    assert resident.private_bytes() < 140e6


def test_it_leaves_after_a_while_without_a_run(warm: Warm) -> None:
    first = warm.resident()
    # The second run begins its time anew, with its own say of how long: not the minute of the first.
    warm.run(KEDRO_MLFLOW_LINGER="2")
    warm.residents.wait(lambda: not warm.residents.forks())
    assert [one.pid for one in warm.residents.all()] in ([first.pid], [])
    warm.residents.wait(lambda: warm.residents.all() == [], 10)
    assert warm.residents.sockets == []


@pytest.mark.parametrize("env", [{"KEDRO_MLFLOW_LINGER": "0"}, {"CI": "true"}], ids=str)
def test_it_never_stays_where_it_may_not(warm: Warm, env: dict[str, str]) -> None:
    warm.run(**env)
    assert processes(str(warm.residents.runtime)) == []
    assert len(runs_in(warm.lab.store)) == 1


def test_argument_of_the_hook(warm: Warm) -> None:
    del warm.lab.env["KEDRO_MLFLOW_LINGER"]
    config = warm.lab.root / "src/fault_lab/mlflow/mlflow_config.py"
    text = config.read_text()
    config.write_text(
        text.replace("MLflowBasicLoggerHook(\n", "MLflowBasicLoggerHook(\n        linger=0,\n")
    )
    warm.run(KEDRO_MLFLOW_LINGER="")
    assert processes(str(warm.residents.runtime)) == []
    config.write_text(text)
    warm.run(KEDRO_MLFLOW_LINGER="")
    warm.residents.one()


def edit_layer(warm: Warm) -> None:
    with (warm.lab.root / "src/fault_lab/tracking/exporting/summary.py").open("a") as file:
        file.write("# an owner's line\n")


def take_other_environment(warm: Warm) -> None:
    warm.lab.env["PYTHONUTF8"] = "1"


def test_a_changed_layer_has_a_new_one_and_the_old_one_leaves(warm: Warm) -> None:
    old = warm.resident()
    edit_layer(warm)
    warm.run()
    warm.residents.wait(lambda: [one.pid for one in warm.residents.all()] != [old.pid])
    assert warm.residents.one().pid != old.pid
    first, second = (run.data.tags["kedro.layer"] for run in runs_in(warm.lab.store))
    assert first != second  # each exported by the code that recorded it


def test_another_environment_has_one_of_its_own(warm: Warm) -> None:
    old = warm.resident()
    warm.run(PYTHONUTF8="1")
    warm.residents.wait(lambda: len(warm.residents.sockets) == 2)
    assert old.pid in [one.pid for one in warm.residents.all()]


def stop_it(warm: Warm) -> None:
    os.kill(warm.resident().pid, signal.SIGSTOP)


def kill_it(warm: Warm) -> None:
    """Before the fork; its socket stays."""
    os.kill(warm.resident().pid, signal.SIGKILL)


def leave_a_stale_socket(warm: Warm) -> None:
    warm.resident()
    (path,) = warm.residents.sockets
    warm.residents.end()
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))


def listen_in_its_place(warm: Warm) -> None:
    """Somebody accepts and says nothing."""
    warm.resident()
    (path,) = warm.residents.sockets
    warm.residents.end()
    path.unlink(missing_ok=True)
    program = (
        "import os, socket, sys, time\n"
        "s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()\n"
        "if os.fork(): os._exit(0)\n"
        "held = [s.accept()[0] for _ in range(2)]; time.sleep(30)"
    )
    subprocess.run([PYTHON, "-c", program, str(path)], check=True)


def let_no_fork_be(warm: Warm) -> None:
    """The system refuses a fork: too many processes, or no memory."""
    resident = warm.resident()
    subprocess.run(["prlimit", f"--pid={resident.pid}", "--nproc=0"], check=False)
    if os.geteuid() == 0:  # whom no such limit binds
        pytest.skip("root may always fork")


def open_folder(warm: Warm) -> None:
    """A folder that others can look into is not used, and so no resident is."""
    folder = warm.residents.runtime / "kedro-mlflow"
    folder.mkdir()
    folder.chmod(0o755)
    own = warm.residents.runtime / f"kedro-mlflow-{os.geteuid()}"
    own.mkdir()
    own.chmod(0o755)
    warm.lab.env["TMPDIR"] = str(warm.residents.runtime)


def long_path(warm: Warm) -> None:
    folder = warm.residents.runtime / ("x" * 100)
    folder.mkdir()
    warm.lab.env |= {"XDG_RUNTIME_DIR": str(folder), "TMPDIR": str(folder)}


TROUBLES: list[Callable[[Warm], None]] = [
    stop_it,
    kill_it,
    leave_a_stale_socket,
    listen_in_its_place,
    let_no_fork_be,
    open_folder,
    long_path,
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda one: one.__name__)
def test_trouble_before_the_run(
    warm: Warm, sequential: Picture, trouble: Callable[[Warm], None]
) -> None:
    trouble(warm)
    before = len(runs_in(warm.lab.store)) if warm.lab.project.has_store() else 0
    assert "The exporter ended early" not in warm.run().output
    warm.check_runs(before + 1, sequential)


@pytest.mark.parametrize("victim", ["resident", "fork"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_trouble_during_the_run(
    warm: Warm, sequential: Picture, victim: str, number: signal.Signals
) -> None:
    resident = warm.resident()
    started = warm.lab.start(env={"LAB_SLEEP": "2", "LAB_WAIT": "4"})
    started.wait_for_node()
    (fork,) = warm.residents.forks()
    os.kill((resident if victim == "resident" else fork).pid, number)
    check_pipeline(warm.lab, started.wait(orphans=20))
    if victim == "fork" and number == signal.SIGSTOP:  # which only its time ends
        warm.lab.sync()
    warm.check_runs(2, sequential)


def test_killed_as_it_forks(warm: Warm, sequential: Picture) -> None:
    """Its end between the request and the answer, at any moment."""
    resident = warm.resident()
    started = warm.lab.start()
    deadline = time.monotonic() + 20
    while not warm.residents.forks() and time.monotonic() < deadline:
        pass  # the first moment that there is a fork
    os.kill(resident.pid, signal.SIGKILL)
    check_pipeline(warm.lab, started.wait())
    warm.check_runs(2, sequential)


def test_full_disk(warm: Warm, sequential: Picture) -> None:
    folder = warm.residents.runtime / "full"
    # Room for the folder of sockets, and none for a socket.
    with mounted(folder, "nr_inodes=2,mode=700"):
        warm.lab.env["XDG_RUNTIME_DIR"] = str(folder)
        for _ in range(2):
            warm.run()
        warm.residents.wait(lambda: processes(str(warm.residents.runtime)) == [])
    warm.check_runs(2, sequential)


def test_stop_ends_them_all_also_one_that_hangs(warm: Warm) -> None:
    resident = warm.resident()
    os.kill(resident.pid, signal.SIGSTOP)
    assert "does not answer" in warm.lab.run("kedro", "mlflow", "exporter").output
    done = warm.lab.run("kedro", "mlflow", "exporter", "--stop")
    assert f"The exporter {resident.pid} is ended." in done.output
    assert processes(str(warm.residents.runtime)) == []
    # Those of the tests beside this one stay ready.
    listed = warm.lab.run("kedro", "mlflow", "exporter").output
    assert str(resident.pid) not in listed.split()


def test_stop_lets_runs_go_on_whose_resident_has_left(warm: Warm, sequential: Picture) -> None:
    warm.resident()
    started = warm.lab.start(env={"LAB_SLEEP": "6"})
    started.wait_for_node()
    for _ in range(2):
        warm.lab.run("kedro", "mlflow", "exporter", "--stop")
    done = started.wait()
    assert "The exporter ended early" not in done.output
    warm.check_runs(2, sequential)


def test_one_that_hangs_as_it_starts(warm: Warm, sequential: Picture) -> None:
    started = warm.lab.start(env={"LAB_WAIT": "40"})
    warm.residents.wait(lambda: warm.residents.all() != [])
    (hanging,) = warm.residents.all()
    os.kill(hanging.pid, signal.SIGSTOP)
    check_pipeline(warm.lab, started.wait())
    warm.check_runs(1, sequential)
    warm.lab.run("kedro", "mlflow", "exporter", "--stop")
    assert processes(str(warm.residents.runtime)) == []


def test_run_that_no_exporter_has_seen_is_complete_after_sync(
    warm: Warm, sequential: Picture
) -> None:
    """Versions of packages and layer are recorded by the exporter, where it comes that far."""
    broken = warm.lab.root / "src/fault_lab/tracking/exporting/summary.py"
    text = broken.read_text()
    broken.write_text("syntax error\n")
    done = warm.lab.run()
    assert "waiting on disk" in done.output
    broken.write_text(text)
    warm.lab.sync()
    (run,) = runs_in(warm.lab.store)
    picture = picture_of(warm.lab.store, run).shape()
    assert picture.tags.keys() == sequential.tags.keys()
    assert picture.artifacts == sequential.artifacts
