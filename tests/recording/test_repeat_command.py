"""`kedro.command` repeats the run, or says that no command can."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kedro.framework.cli.project import run as kedro_run
from kedro.runner import ParallelRunner, SequentialRunner, ThreadRunner

from tests.harness.baked import BakedProject

RUNS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "tags": {"tags": ("fast", "run")},
    "odd nodes": {"node_names": ["train model (v2)", "it's", "-x", "f([a,b]) -> [c]", "ä/b"]},
    "from and to": {"from_nodes": ["a b"], "to_nodes": ["c"], "from_inputs": ["x@pandas"]},
    "outputs": {"to_outputs": ["a", "b"], "only_missing_outputs": True},
    "pipelines": {"pipeline_names": ["training"]},
    "default": {"pipeline_names": ["__default__"]},
    "namespaces": {"namespaces": ["a.b"]},
    "env": {"env": "prod"},
    "versions": {"load_versions": {"cars": "2026-01-01T00.00.00.000Z", "b": "1"}},
    "params": {"runtime_params": {"model": {"C": 0.25, "name": "svm"}, "n": 3, "on": True}},
    "texts": {
        "runtime_params": {
            "a": "3", "b": "true", "c": "two words", "d": " edge ", "e": "", "f": "1e3",
            "g": "2026-01-01", "h": "[x]", "i": "it's \"so\"", "j": "a=b:c", "k": "off", "l": "ä",
        }
    },
    "others": {"runtime_params": {"a": None, "b": [1], "c": {}, "d": 1e-05, "e": -2, "f": []}},
    "runner": {"runner": str(ThreadRunner())},
    "sequential": {"runner": str(SequentialRunner())},
    "foreign runner": {"runner": "<my.own.Runner object at 0x7f00>"},
}  # fmt: skip
TEXT_OF = {"runner": "ThreadRunner", "foreign runner": "my.own.Runner"}


@pytest.fixture(autouse=True)
def notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that `kedro run` did not start."""
    monkeypatch.setattr(sys, "argv", ["/usr/lib/ipykernel_launcher.py", "-f", "kernel.json"])
    monkeypatch.delenv("KEDRO_ENV", raising=False)


def parsed(command: str) -> dict[str, Any]:
    """What Kedro makes of a command line, without what it leaves empty."""
    program, verb, *words = shlex.split(command)
    assert (program, verb) == ("kedro", "run")
    return {k: v for k, v in kedro_run.make_context("run", words).params.items() if v}


# Row 13 of issue 12.
@pytest.mark.parametrize("name", RUNS)
def test_kedro_understands_the_command_as_the_run(baked: BakedProject, name: str) -> None:
    repeat = baked.tracking("recording.repeat_command").repeat_command
    found = parsed(repeat(RUNS[name]))
    found["runtime_params"] = found.pop("params", None)
    found["pipeline_names"] = found.pop("pipelines", None)
    expected = dict(RUNS[name])
    if "runner" in expected:
        expected["runner"] = TEXT_OF.get(name)
    if name in ("default", "sequential"):
        expected = {}
    for option, value in expected.items():
        got = found[option]
        assert got == (list(value) if isinstance(value, tuple) else value)
        if isinstance(value, dict) and option == "runtime_params":
            assert {k: type(v) for k, v in got.items()} == {k: type(v) for k, v in value.items()}
    assert {k for k, v in found.items() if v} == {k for k, v in expected.items() if v}


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"tags": ["a,b"]}, "'a,b'"),
        ({"node_names": ["open [ bracket"]}, "'open [ bracket'"),
        ({"from_inputs": [" edge"]}, "' edge'"),
        ({"load_versions": {"a:b": "1"}}, "'a:b'"),
        ({"runtime_params": {"xs": [1, 2]}}, "'xs'"),
        ({"runtime_params": {"a.b": 1}}, "'a.b'"),
        ({"runtime_params": {1: 2}}, "1"),
        ({"runtime_params": {"x": object()}}, "'x'"),
        ({"runtime_params": {"x": float("nan")}}, "'x'"),
        ({"runner": "<__main__.Mine object at 0x7f00>"}, "__main__.Mine"),
        ({"runner": "a runner with a text of its own"}, "a text of its own"),
    ],
)
def test_what_no_command_can_say_is_said(
    baked: BakedProject, told: dict[str, Any], why: str
) -> None:
    command = baked.tracking("recording.repeat_command").repeat_command(told)
    assert command.startswith("no command repeats this run: ")
    assert why in command


@pytest.mark.parametrize(
    ("argv", "options"),
    [
        (["/bin/kedro", "run", "--async", "--tags=x"], "--async"),
        (
            ["main.py", "--tags", "run", "--runner-params=max_workers=2"],
            "--runner-params=max_workers=2",
        ),
        (["kedro", "ipython", "--async"], ""),
        (["kedro", "mlflow", "sync"], ""),
        (["ipython", "run", "--async"], ""),
        (["kedro", "run", "--runner-params", "max_workers=2"], "--runner-params=max_workers=2"),
    ],
)
def test_options_that_no_run_param_tells_of(
    baked: BakedProject, monkeypatch: pytest.MonkeyPatch, argv: list[str], options: str
) -> None:
    monkeypatch.setattr(sys, "argv", argv)
    repeat = baked.tracking("recording.repeat_command").repeat_command
    assert repeat({}) == f"kedro run {options}".strip()


def test_environment_of_kedro_is_named(
    baked: BakedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEDRO_ENV", "prod")
    repeat = baked.tracking("recording.repeat_command").repeat_command
    assert repeat({"env": None}) == "kedro run --env=prod"


def test_parallel_runner_is_named_as_kedro_takes_it(baked: BakedProject) -> None:
    repeat = baked.tracking("recording.repeat_command").repeat_command
    assert repeat({"runner": str(ParallelRunner())}) == "kedro run --runner=ParallelRunner"


def test_secrets_are_masked(baked: BakedProject) -> None:
    repeat = baked.tracking("recording.repeat_command").repeat_command
    told = {"runtime_params": {"db": {"password": "hunter2 x", "url": "a://b:hunter2@h"}, "n": 1}}
    assert "hunter2" not in repeat(told)
    assert "n=1" in repeat(told)


@pytest.mark.parametrize(
    ("source", "option"),
    [
        ("/work/iris/conf", ""),
        ("/work/iris/other", "--conf-source=other"),
        ("/elsewhere/conf.zip", "--conf-source=/elsewhere/conf.zip"),
        ("s3://bucket/conf", "--conf-source=s3://bucket/conf"),
    ],
)
def test_configuration_of_the_session_is_named(
    baked: BakedProject, source: str, option: str
) -> None:
    """A notebook's session may have another one, which no run param tells of."""
    context = SimpleNamespace(
        project_path=Path("/work/iris"), config_loader=SimpleNamespace(conf_source=source)
    )
    repeat = baked.tracking("recording.repeat_command")
    hook = baked.tracking("hooks.basic_logger").MLflowBasicLoggerHook()
    list(hook.after_context_created(context))
    assert repeat.repeat_command({}) == f"kedro run {option}".strip()
    repeat.note_configuration("conf", Path(), "conf")
