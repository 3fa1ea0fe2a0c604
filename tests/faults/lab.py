"""The lab: a project made from the template, with a light pipeline that can be told to break.

It imports neither pandas nor scikit-learn, so that a run takes two seconds. `LAB_FAULT` says how
the node `check` ends, `LAB_HOOK` which hook of "another plugin" raises, `LAB_SLEEP` how long
`check` takes.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.picture import forget_stores
from tests.harness.baked import BakedProject, clean_env
from tests.harness.doors import PYTHON, cookiecutter
from tests.harness.processes import Process, processes

LAB = "fault-lab"
PACKAGE = "fault_lab"
SRC = f"src/{PACKAGE}"

NODES = '''
"""Functions of the lab; `check` breaks when it is told to."""

import os
import signal
import sys
import time
from pathlib import Path


def count(words: str, weight: float) -> tuple[float, list[float]]:
    return len(words.split()) * weight, [1 / (step + 1) for step in range(20)]


def shout(words: str) -> tuple[str, dict]:
    return words.upper(), {"longest": max(words.split(), key=len), "inner": {"kind": "text"}}


def check(words: str, letters: dict) -> tuple[str, float]:
    Path(f"check-{os.environ.get('LAB_MARK')}.pid").write_text(str(os.getpid()))
    time.sleep(float(os.environ.get("LAB_SLEEP", 0)))
    fault = os.environ.get("LAB_FAULT")
    if fault == "raise":
        raise ValueError("the lab's own error")
    if fault == "exit":
        raise SystemExit(7)
    if fault == "suicide":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "hang":
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            time.sleep(0.05)
    return words.lower(), len(letters["longest"]) / 10


def join(loud: str, quiet: str, n_words: float) -> str:
    return f"{loud}|{quiet}|{n_words:g}\\n"
'''

PIPELINE = '''
"""Wiring of the lab."""

from kedro.pipeline import Pipeline, node

from .nodes import check, count, join, shout


def create_pipeline() -> Pipeline:
    return Pipeline(
        [
            node(count, ["words", "params:weight"], ["n_words", "losses"], name="count"),
            node(shout, "words", ["loud", "letters"], name="shout"),
            node(check, ["words", "letters"], ["quiet", "share"], name="check"),
            node(join, ["loud", "quiet", "n_words"], "joined", name="join"),
        ]
    )
'''

CATALOG = '''
"""Datasets of the lab: a metric, a history, params and files; `quiet` and `share` are in no catalog."""

from ..tracking import MLflowDataSet

catalog_dict = {
    "n_words": MLflowDataSet(dataset="m"),
    "losses": MLflowDataSet(dataset="m"),
    "letters": MLflowDataSet(dataset="p"),
    "loud": MLflowDataSet(dataset="txt"),
    "joined": MLflowDataSet(dataset="txt"),
}
'''

PLUGIN = '''
"""Hooks of "another plugin", one of which raises when `LAB_HOOK` names it."""

import os

from kedro.framework.hooks import hook_impl


def _raise_if_named(hook: str) -> None:
    if os.environ.get("LAB_HOOK") == hook:
        raise RuntimeError(f"another plugin failed in {hook}")


class OtherPlugin:
    @hook_impl
    def before_pipeline_run(self) -> None:
        _raise_if_named("before_pipeline_run")

    @hook_impl
    def before_node_run(self, node) -> None:
        if node.name == "check":
            _raise_if_named("before_node_run")

    @hook_impl
    def after_dataset_saved(self, dataset_name) -> None:
        if dataset_name == "loud":
            _raise_if_named("after_dataset_saved")

    @hook_impl
    def after_pipeline_run(self) -> None:
        _raise_if_named("after_pipeline_run")

    @hook_impl
    def on_pipeline_error(self) -> None:
        _raise_if_named("on_pipeline_error")
'''

FILES = {
    f"{SRC}/pipelines/lab/__init__.py": "from .pipeline import create_pipeline  # noqa: F401\n",
    f"{SRC}/pipelines/lab/nodes.py": NODES,
    f"{SRC}/pipelines/lab/pipeline.py": PIPELINE,
    f"{SRC}/catalogs/catalog.py": CATALOG,
    f"{SRC}/plugin.py": PLUGIN,
    "conf/base/catalog.yml": "words:\n  type: text.TextDataset\n  filepath: data/01_raw/words.txt\n",
    "conf/base/parameters.yml": "weight: 0.5\nunused: 1\n",
    "data/01_raw/words.txt": "the quick brown fox jumps over the lazy dog\n",
}


def bake_lab(template: Path, config: Path, out: Path) -> None:
    """Make the lab project and run it once, so that its bytecode is compiled."""
    done = cookiecutter(template, "Fault Lab", out, config)
    assert done.returncode == 0, done.stderr
    lab = Lab(BakedProject(out / LAB, PYTHON))
    for sample in (lab.root / SRC / "pipelines").glob("*/"):
        shutil.rmtree(sample)
    for path in (lab.root / "data/01_raw").iterdir():
        path.unlink()
    for name, text in FILES.items():
        path = lab.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"))
    lab.project.edit(
        f"{SRC}/settings.py",
        "HOOKS = mlflow_hooks",
        "from .plugin import OtherPlugin\n\nHOOKS = (*mlflow_hooks, OtherPlugin())",
    )
    config_file = f"{SRC}/mlflow/mlflow_config.py"
    lab.project.edit(config_file, "from ..tracking", "import os\n\nfrom ..tracking")
    lab.project.edit(
        config_file,
        "MLflowBasicLoggerHook(\n",
        'MLflowBasicLoggerHook(\n        export_wait=float(os.environ.get("LAB_WAIT", "30")),\n',
    )
    lab.run(env={"KEDRO_MLFLOW_ENABLED": "false"})
    lab.clear()


@dataclass
class Ended:
    """How a `kedro run` ended: exit code (negative for a signal), output, seconds."""

    code: int
    output: str
    seconds: float

    def last_error(self) -> str:
        """The user's own error: the last line that names an exception."""
        lines = [line.strip() for line in self.output.splitlines()]
        named = [
            line for line in lines if line.partition(":")[0].endswith(("Error", "Exit", "Pool"))
        ]
        return named[-1] if named else ""


@dataclass
class Lab:
    """A lab project and the verbs that the fault tests use on it.

    Args:
        project: the project.
        env: variables that each command gets.
    """

    project: BakedProject
    env: dict[str, str] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.project.root

    @property
    def journals(self) -> Path:
        return self.root / ".mlflow-journal"

    @property
    def store(self) -> str:
        return self.env.get("MLFLOW_TRACKING_URI", self.project.store)

    def waiting(self) -> list[Path]:
        """The journals that are on disk, side journals not counted."""
        return sorted(path.parent for path in self.journals.glob("*/run.json"))

    def clear(self) -> None:
        """Remove what runs have written."""
        forget_stores()
        for name in (".mlflow-journal", "mlruns", "data/mlflow"):
            shutil.rmtree(self.root / name, ignore_errors=True)

    def start(self, *command: str, env: Mapping[str, str] | None = None) -> Started:
        """Start a command (`kedro run` by default) in a process group of its own, as a shell does."""
        mark = secrets.token_hex(6)
        variables = {**self.env, **(env or {}), "LAB_MARK": mark}
        words = command or ("kedro", "run")
        program = str(self.project.python.parent / words[0])
        file = self.root / f"output-{mark}.txt"
        with file.open("wb") as output:
            process = subprocess.Popen(
                [program, *words[1:]],
                cwd=self.root,
                env=clean_env(self.project.python, variables),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Started(self, process, mark, file)

    def run(
        self, *command: str, env: Mapping[str, str] | None = None, timeout: float = 120
    ) -> Ended:
        """Run a command (`kedro run` by default) to its end; no process of it may be left over."""
        return self.start(*command, env=env).wait(timeout)

    def sync(self, code: int | None = 0, env: Mapping[str, str] | None = None) -> Ended:
        """Run `kedro mlflow sync`."""
        done = self.run("kedro", "mlflow", "sync", env=env)
        assert code is None or done.code == code, done.output
        return done


@dataclass
class Started:
    """A command that runs, and every process that descends from it."""

    lab: Lab
    process: subprocess.Popen[bytes]
    mark: str
    file: Path
    begun: float = field(default_factory=time.monotonic)

    def output(self) -> str:
        return self.file.read_text("utf8", "replace")

    def wait(self, timeout: float = 120, orphans: float = 5) -> Ended:
        """Wait for its end, then for the end of all that it started, `orphans` seconds at most."""
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill_all()
            raise AssertionError(f"still running after {timeout} s:\n{self.output()}") from None
        seconds = time.monotonic() - self.begun
        self.wait_for_the_last(orphans)
        return Ended(self.process.returncode, self.output(), seconds)

    def wait_for_the_last(self, seconds: float) -> None:
        """Wait until no process of this command is left; fail with their command lines."""
        deadline = time.monotonic() + seconds
        while left := self.family():
            if time.monotonic() > deadline:
                lines = [f"{one.pid}: {one.command}" for one in left]
                self.kill_all()
                raise AssertionError("left over:\n" + "\n".join(lines) + "\n" + self.output())
            time.sleep(0.05)

    def family(self) -> list[Process]:
        """The processes of this command, found by a variable that each inherits."""
        return [one for one in processes("") if one.environ().get("LAB_MARK") == self.mark]

    def exporter(self) -> int:
        """The process id of its exporter."""
        (found,) = [one for one in self.family() if ".tracking.exporting.process" in one.command]
        return found.pid

    def wait_for_node(self, timeout: float = 60) -> int:
        """Wait until `check` runs; returns the id of the process that it runs in."""
        file = self.lab.root / f"check-{self.mark}.pid"
        deadline = time.monotonic() + timeout
        while not (file.exists() and file.read_text()):
            assert self.process.poll() is None, self.output()
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.02)
        return int(file.read_text())

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def signal_group(self, number: int) -> None:
        """Signal the whole process group, as a terminal does on Ctrl-C."""
        os.killpg(self.process.pid, number)

    def kill_all(self) -> None:
        """SIGKILL for every process of this command, as when the machine's power goes."""
        while left := self.family():
            for one in left:
                with_no_error(one.pid)
            time.sleep(0.02)
            self.process.poll()
        self.process.wait()


def with_no_error(pid: int) -> None:
    """SIGKILL a process that may have ended already."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
