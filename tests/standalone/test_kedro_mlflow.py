"""kedro-mlflow beside the layer: said once a run, with the setting that turns it off."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.lab import Lab

from .bare import make_bare

# What its distribution has (2.0.3), but for what its hooks do.
FILES = {
    "kedro_mlflow/__init__.py": "",
    "kedro_mlflow/hook.py": """
import os

from kedro.framework.hooks import hook_impl


class MlflowHook:
    @hook_impl
    def after_context_created(self):
        if "FAIL" in os.environ:
            raise RuntimeError("no file store")


mlflow_hook = MlflowHook()
""",
    "kedro_mlflow-2.0.3.dist-info/METADATA": "Metadata-Version: 2.1\nName: kedro_mlflow\n"
    "Version: 2.0.3\n",
    "kedro_mlflow-2.0.3.dist-info/entry_points.txt": "[kedro.hooks]\n"
    "mlflow_hook = kedro_mlflow.hook:mlflow_hook\n",
}
OFF = 'DISABLE_HOOKS_FOR_PLUGINS = ("kedro_mlflow",)'


def run(bare: Lab, env: dict[str, str], is_installed: bool = True) -> str:
    """Return what a run says, in one line."""
    site = bare.root / "site"
    for name, text in FILES.items():
        if is_installed or "dist-info" not in name:
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).write_text(text)
    ended = bare.run(env={"PYTHONPATH": str(site), "KEDRO_MLFLOW_EXPORT": "later", **env})
    return " ".join(ended.output.split())


@pytest.mark.parametrize("env", [{}, {"FAIL": "1"}], ids=["two runs", "it fails"])
def test_said_once(bare: Lab, env: dict[str, str]) -> None:
    """Also where it fails before the pipeline; the setting that is named silences it."""
    told = run(bare, env)
    assert told.count("kedro-mlflow is active too") == 1
    assert f"Turn it off in settings.py: {OFF}." in told
    assert ("no file store" in told) == bool(env)
    settings = bare.root / "src/plain/settings.py"
    settings.write_text(f"{settings.read_text()}{OFF}\n")
    told = run(bare, env)
    assert "kedro-mlflow" not in told
    assert "no file store" not in told


def test_package_whose_name_begins_so(template: Path, tmp_path: Path) -> None:
    """It holds this very layer."""
    named_so = make_bare(template, tmp_path / "demo", package="kedro_mlflow_demo")
    assert "is active too" not in run(named_so, {}, is_installed=False)
    assert named_so.waiting()


def test_hook_in_the_settings(bare: Lab) -> None:
    settings = bare.root / "src/plain/settings.py"
    added = "from kedro_mlflow.hook import mlflow_hook\n\nHOOKS = (*HOOKS, mlflow_hook)\n"
    settings.write_text(f"{settings.read_text()}{added}")
    assert "Turn it off in settings.py: take it out of HOOKS." in run(bare, {}, is_installed=False)
    told = run(bare, {"KEDRO_MLFLOW_ENABLED": "false"}, is_installed=False)
    assert "kedro-mlflow is active" not in told
