"""The lines of docs/engines.md, run as an engine runs them: each where the disk is empty."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.docs.page import Block, blocks_of
from tests.faults.lab import SRC, Lab
from tests.faults.picture import Picture, picture_of, runs_in
from tests.faults.server import Server
from tests.harness.baked import BakedProject, clean_env
from tests.harness.doors import PYTHON, ROOT
from tests.harness.mounts import mounted, needs_mounts

from .whole import part_file, run_of, without_parts

PAGE = ROOT / "docs" / "engines.md"
BLOCKS = {block.options["engine"]: block for block in blocks_of(PAGE) if "engine" in block.options}
TASKS = {"words": "count,shout", "rest": "check,join,measure"}
# What a pod's disk has not: journals, the project's data, a store.
HIDDEN = (".mlflow-journal", "data", "mlruns")
FILES = {"n_words": "json", "letters": "json", "loud": "txt", "quiet": "txt", "joined": "txt"}
UUID = "4b2d5f0e-94f3-4c62-9b5c-0f6d3a1e7c55"


pytestmark = [pytest.mark.slow, needs_mounts()]


@dataclass(frozen=True)
class Given:
    """What an engine gives a task.

    Args:
        key: of the engine's run.
        run_id: what `begin` has printed, where that is over.
        task: the name of the task.
        nodes: of the pipeline, as `--nodes` has them.
    """

    key: str
    run_id: str = ""
    task: str = ""
    nodes: str = ""


@dataclass(frozen=True)
class Started:
    """What an engine makes of a line of the page: the line, and what the shell is given.

    Args:
        line: the line, with the engine's own expressions filled in.
        env: variables.
        arguments: those behind `sh -c LINE`.
    """

    line: str
    env: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()


def _argo(line: str, given: Given) -> Started:
    told = {
        "workflow.uid": given.key,
        "workflow.name": "flowers-x7k2p",
        "retries": "0",
        "inputs.parameters.run-id": given.run_id,
        "inputs.parameters.task": given.task,
        "inputs.parameters.nodes": given.nodes,
    }
    return Started(re.sub(r"\{\{([^{}]+)\}\}", lambda found: told[found[1]], line))


def _aws_batch(line: str, given: Given) -> Started:
    told = {"RUN_KEY": given.key, "RUN_ID": given.run_id, "TASK": given.task, "NODES": given.nodes}
    return Started(line, {**told, "AWS_BATCH_JOB_ID": UUID, "AWS_BATCH_JOB_ATTEMPT": "1"})


def _kubeflow(line: str, given: Given) -> Started:
    arguments = tuple(word for word in (given.key, given.task, given.nodes) if word)
    return Started(line, arguments=arguments)


def _prefect(line: str, given: Given) -> Started:
    told = {
        "flow_run": SimpleNamespace(id=given.key, name="sly-tortoise"),
        "task_run": SimpleNamespace(run_count=1),
        "run_id": given.run_id,
        "task": given.task,
        "nodes": given.nodes,
    }
    return Started(line.format_map(told))


def _sagemaker(line: str, given: Given) -> Started:
    return Started(line, {"RUN_KEY": given.key, "TASK": given.task, "NODES": given.nodes})


# What each engine puts in the place of its own expressions.
ENGINES: dict[str, Callable[[str, Given], Started]] = {
    "argo": _argo,
    "aws-batch": _aws_batch,
    "kubeflow": _kubeflow,
    "prefect": _prefect,
    "sagemaker": _sagemaker,
}


@dataclass(frozen=True)
class Pods:
    """A project that each task of an engine has, and the volume that all of them see.

    Args:
        lab: the project.
        volume: the folder.
        sequential: what one run of SequentialRunner leaves.
    """

    lab: Lab
    volume: Path
    sequential: Picture

    def run(self, started: Started) -> str:
        """Run a line as `sh -c` of a task whose disk is empty; returns its standard output."""
        alone = mounted(*(f"mount -t tmpfs tmpfs '{self.lab.root / name}'" for name in HIDDEN))
        command = [*alone, "sh", "-c", started.line]
        done = subprocess.run(
            [*command, *started.arguments],
            cwd=self.lab.root,
            env=clean_env(self.lab.project.python, {**self.lab.env, **started.env}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, f"{started.line}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def clear(self) -> None:
        """Leave nothing on the volume but what the pipeline begins with."""
        for path in self.volume.iterdir():
            if path.name != "words.txt":
                path.unlink()


@pytest.fixture(scope="module")
def pods(parts_root: Path, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Pods:
    """The lab of the parts, with its data on a volume and its runs on a server."""
    folder = tmp_path_factory.mktemp("pods")
    lab = Lab(BakedProject(Path(shutil.copytree(parts_root, folder / "lab")), PYTHON))
    lab.env["MLFLOW_TRACKING_URI"] = server.uri
    volume = folder / "volume"
    volume.mkdir()
    (lab.root / "data/01_raw/words.txt").rename(volume / "words.txt")
    lab.project.edit("conf/base/catalog.yml", "data/01_raw", str(volume))
    for name, kind in FILES.items():
        before = f'"{name}": MLflowDataSet(dataset="{kind}"'
        path = volume / f"{name}.{kind}"
        lab.project.edit(f"{SRC}/catalogs/catalog.py", before, f'{before}, filepath="{path}"')
    done = lab.run()
    assert done.code == 0, done.output
    (run,) = runs_in(server.uri)
    for name in HIDDEN:
        shutil.rmtree(lab.root / name, ignore_errors=True)
        (lab.root / name).mkdir()
    return Pods(lab, volume, without_parts(picture_of(server.uri, run)))


def test_page_has_a_block_of_each_engine() -> None:
    """Three lines each: begin, part, end."""
    assert set(BLOCKS) == set(ENGINES)
    for name, block in BLOCKS.items():
        begin, part, end = lines_of(block)
        assert begin.startswith("kedro mlflow begin "), name
        assert "KEDRO_MLFLOW_PART=" in part, name
        assert " exec kedro run " in part, name
        assert end.startswith("kedro mlflow end "), name


def lines_of(block: Block) -> list[str]:
    """Return the commands of a block."""
    return block.text.splitlines()


@pytest.mark.parametrize("engine", list(ENGINES))
def test_lines_make_one_run_that_equals_the_sequential_one(pods: Pods, engine: str) -> None:
    begin, part, end = lines_of(BLOCKS[engine])
    fill, key = ENGINES[engine], f"{engine} {UUID}"
    pods.clear()
    before = {run.info.run_id for run in runs_in(pods.lab.store)}
    run_id = pods.run(fill(begin, Given(key))).splitlines()[-1]
    for task, nodes in TASKS.items():
        pods.run(fill(part, Given(key, run_id, task, nodes)))
    assert "status: FINISHED" in pods.run(fill(end, Given(key)))
    assert {run.info.run_id for run in runs_in(pods.lab.store)} == {*before, run_id}
    run = run_of(pods.lab, run_id)
    assert run.info.status == "FINISHED"
    picture = picture_of(pods.lab.store, run)
    assert without_parts(picture) == pods.sequential
    for task in TASKS:
        (file,) = [
            name
            for name in picture.artifacts
            if re.fullmatch(rf"kedro_parts/{task}/\d+-\d+\.json", name)
        ]
        told = part_file(pods.lab, run_id, task, int(Path(file).stem.partition("-")[0]))
        assert told["state"] == "FINISHED"
    # All that a pod wrote into its disk has gone with it.
    assert [path for name in HIDDEN for path in (pods.lab.root / name).iterdir()] == []
