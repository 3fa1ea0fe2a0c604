"""Optional wings hang on the core: they add commands and hooks, and can be deleted as folders."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.baked import BakedProject, explain
from tests.harness.doors import LAYER, ROOT
from tests.harness.store import runs_of

WINGS = (
    *("autolog", "doctor", "engines", "history", "machine", "notify", "parts"),
    *("pipeline_model", "resident", "screen", "serving", "spill"),
)
# The rooms of the core whose fast tests run without the wings.
CORE = (
    "datasets",
    "exporting",
    "hooks",
    "journal",
    "layer/test_manifest.py",
    "models",
    "timeline",
)
# Where one alone is gone, those that ask for wings: what imports one at all misses it in the above.
DOORS = ("exporting/test_process.py", "layer/test_manifest.py", "timeline")


def test_these_are_the_wings(template: Path, baked: BakedProject) -> None:
    assert baked.tracking("wings").names() == list(WINGS)
    assert {path.parent.name for path in (template / LAYER).glob("*/wing.py")} == set(WINGS)


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("AGE"), reason="six minutes: `make test-age`")
@pytest.mark.parametrize("left_out", [",".join(WINGS), *WINGS])
def test_core_passes_its_fast_tests_without(left_out: str) -> None:
    folders = [f"tests/{room}" for room in (DOORS if left_out in WINGS else CORE)]
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-m", "not slow and not browser"]
    # A thousand values through one function, which no wing can change.
    command.append("--ignore=tests/datasets/test_types.py")
    done = subprocess.run(
        [*command, *folders],
        cwd=ROOT,
        # Of the outer run: `PYTEST_…` would make this one a worker of it.
        env={
            **{name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")},
            "KSM_WITHOUT_WINGS": left_out,
        },
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, explain(done)
    assert " passed" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("left_out", WINGS)
def test_other_wings_load_without(project: BakedProject, left_out: str) -> None:
    shutil.rmtree(project.root / "src" / project.package / "tracking" / left_out)
    code = (
        f"from {project.package}.tracking import wings\n"
        "loaded = [wings.load_command(name) for name in wings.commands()]\n"
        "loaded += [wings.load_hook(name) for name in wings.hooks()]\n"
        "loaded += [*wings.exporter_starts(), *wings.late_parts(), *wings.watchers()]\n"
        "loaded += [*wings.enders(), *wings.companions()]\n"
        "print('loaded', len(loaded))\n"
    )
    told = project.run("python", "-c", code, env={"PYTHONPATH": "src"}).stdout
    assert int(told.rpartition("loaded ")[2]) > len(WINGS)


@pytest.mark.slow
def test_project_without_wings_runs_is_exported_and_synced(project: BakedProject) -> None:
    layer = project.root / "src" / project.package / "tracking"
    for wing in WINGS:
        shutil.rmtree(layer / wing)
    project.run("kedro", "run")
    project.run("kedro", "run", env={"KEDRO_MLFLOW_EXPORT": "later"})
    assert [run.info.status for run in runs_of(project)] == ["FINISHED"]
    assert "exported as run" in project.run("kedro", "mlflow", "sync").stdout
    runs = runs_of(project)
    assert [run.info.status for run in runs] == ["FINISHED", "FINISHED"]
    assert runs[0].data.metrics["score"] == runs[1].data.metrics["score"]

    told = project.run("kedro", "mlflow", "--help").stdout
    assert "sync" in told
    assert "download" not in told
    done = project.run("kedro", "mlflow", "runs", code=2)
    assert "No such command 'runs'" in done.stderr
    code = f"from {project.package}.tracking import MLflowAutologHook"
    done = project.run("python", "-c", code, env={"PYTHONPATH": "src"}, code=1)
    assert "no room of this tracking layer has 'MLflowAutologHook'" in done.stderr
    told = project.run("python", str(layer / "layer"), "status").stdout
    assert told.startswith("layer 0.1.0\n")
    assert all(wing in told for wing in WINGS)


@pytest.mark.slow
def test_wing_hangs_on_the_core_by_being_there(project: BakedProject) -> None:
    wing = project.root / "src" / project.package / "tracking" / "greeting"
    wing.mkdir()
    (wing / "__init__.py").write_text('"""Optional wing: says hello."""\n')
    (wing / "wing.py").write_text(
        'COMMANDS = {"hello": "commands:hello"}\nHOOKS = {"MLflowGreetingHook": "hook"}\n'
    )
    (wing / "commands.py").write_text(
        "import click\n\n\n@click.command()\ndef hello():\n"
        '    """Say hello."""\n    click.echo("Hello from a wing.")\n'
    )
    (wing / "hook.py").write_text(
        "from kedro.framework.hooks import hook_impl\n\nfrom ..recording import runs\n\n\n"
        "class MLflowGreetingHook:\n    @hook_impl\n    def before_pipeline_run(self, catalog):\n"
        '        runs.of_catalog(catalog).set_tag("greeting", "hello")\n'
    )
    assert "Say hello." in project.run("kedro", "mlflow", "--help").stdout
    assert project.run("kedro", "mlflow", "hello").stdout.endswith("Hello from a wing.\n")
    config = f"src/{project.package}/mlflow/mlflow_config.py"
    project.edit(
        config, "MLflowGitLoggerHook,\n", "MLflowGitLoggerHook,\n    MLflowGreetingHook,\n"
    )
    project.edit(config, "    MLflowTimeLoggerHook(),\n", "    MLflowGreetingHook(),\n")
    project.run("kedro", "run", "--pipelines", "data_science")
    (run,) = runs_of(project)
    assert run.data.tags["greeting"] == "hello"


@pytest.mark.slow
def test_command_of_a_wing_that_the_core_has_or_that_is_broken_is_told(
    project: BakedProject,
) -> None:
    table = project.root / "src" / project.package / "tracking/history/wing.py"
    table.write_text('COMMANDS = {"runs": "no_module:runs", "download": "commands:nothing"}\n')
    told = project.run("kedro", "mlflow", "--help").stdout
    assert "Broken: the command 'runs' of the wing 'history'" in told
    done = project.run("kedro", "mlflow", "download", "x", code=None)
    assert done.returncode != 0
    table.write_text('COMMANDS = {"sync": "commands:runs"}\n')
    done = project.run("kedro", "mlflow", "--help", code=1)
    assert "the wing 'history' has the command 'sync', which the core has" in done.stderr


def test_two_wings_with_one_name_are_told(project: BakedProject) -> None:
    layer = project.root / "src" / project.package / "tracking"
    shutil.copytree(layer / "history", layer / "story")
    done = project.run("kedro", "mlflow", "--help", code=1)
    assert "the wings 'history' and 'story' both have 'runs'; rename one." in done.stderr
