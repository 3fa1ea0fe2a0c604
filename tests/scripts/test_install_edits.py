"""What the installation makes of the files that a project has."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from scripts.installing import cli_file, ignore_file, pyproject_file, requirement_files
from scripts.installing.changes import NotUnderstoodError
from scripts.installing.probe import parse_toml
from scripts.installing.project import KedroProject
from scripts.installing.settings_file import (
    PLUGINS,
    conf_source,
    loader_args,
    with_hooks,
    without_plugin,
)
from tests.layer.rig import git

IMPORT = "from .mlflow_config import mlflow_hooks\n"
# The text before, and what it becomes.
SETTINGS = {
    "one line": (
        "from p.hooks import A, B\n\nHOOKS = (A(), B())\n",
        f"from p.hooks import A, B\n\n{IMPORT}\nHOOKS = (A(), B(), *mlflow_hooks)\n",
    ),
    "one hook": (
        "from .hooks import A\nHOOKS = (A(),)\n",
        f"from .hooks import A\n{IMPORT}HOOKS = (A(), *mlflow_hooks)\n",
    ),
    "a list": (
        '"""S."""\nfrom p import A\nHOOKS: list[A] = [A()]\nX = 1\n',
        f'"""S."""\nfrom p import A\n\n{IMPORT}HOOKS: list[A] = [A(), *mlflow_hooks]\nX = 1\n',
    ),
    "many lines": (
        "from p import A, B\nHOOKS = (\n    A(x=(1, 2)),  # first, of all\n    B(),\n)\n",
        f"from p import A, B\n\n{IMPORT}HOOKS = (\n    A(x=(1, 2)),  # first, of all\n    B(),\n"
        "    *mlflow_hooks,\n)\n",
    ),
    "no last comma": (
        "from p import A\nHOOKS = [\n  A(),\n  (A())  # last, really\n]\n",
        f"from p import A\n\n{IMPORT}HOOKS = [\n  A(),\n  (A()),  # last, really\n"
        "  *mlflow_hooks,\n]\n",
    ),
    "empty": ("HOOKS = ()\n", f"{IMPORT}\nHOOKS = (*mlflow_hooks,)\n"),
    "no parentheses": (
        "from p import A\nHOOKS = (A()), (A())\n",
        f"from p import A\n\n{IMPORT}HOOKS = (A()), (A())\n\n# The hooks of MLflow tracking.\n"
        "HOOKS = (*HOOKS, *mlflow_hooks)\n",
    ),
    "an expression": (
        "from p import A, BASE\nHOOKS = BASE + (A(),)\n",
        f"from p import A, BASE\n\n{IMPORT}HOOKS = BASE + (A(),)\n\n"
        "# The hooks of MLflow tracking.\nHOOKS = (*HOOKS, *mlflow_hooks)\n",
    ),
    "two statements": (
        "from p import A\nHOOKS = (A(),)\nHOOKS += (A(),)\n",
        f"from p import A\n\n{IMPORT}HOOKS = (A(),)\nHOOKS += (A(),)\n\n"
        "# The hooks of MLflow tracking.\nHOOKS = (*HOOKS, *mlflow_hooks)\n",
    ),
    "imported": (
        "from .hooks import HOOKS\n",
        f"from .hooks import HOOKS\n{IMPORT}\n# The hooks of MLflow tracking.\n"
        "HOOKS = (*HOOKS, *mlflow_hooks)\n",
    ),
    "Kedro's comment": (
        '"""S."""\n\n# HOOKS = (ProjectHooks(),)\n\nX = 1\n',
        f'"""S."""\n\n{IMPORT}\n# HOOKS = (ProjectHooks(),)\nHOOKS = mlflow_hooks\n\nX = 1\n',
    ),
    "a comment in a string": (
        'X = """\n# HOOKS = (A(),)\n"""\n',
        f'{IMPORT}\nX = """\n# HOOKS = (A(),)\n"""\n\nHOOKS = mlflow_hooks\n',
    ),
    "no end of line": ("X = 1", f"{IMPORT}\nX = 1\n\nHOOKS = mlflow_hooks\n"),
    "functions with names of their own": (
        "async def f():\n    HOOKS = 1\n\n\nX = lambda: [(HOOKS := 1)]\nHOOKS = [f]\n",
        "async def f():\n    HOOKS = 1\n\n\nX = lambda: [(HOOKS := 1)]\n"
        f"{IMPORT}\nHOOKS = [f, *mlflow_hooks]\n",
    ),
    "wide letters": (
        'from p import A\nÄ = "é"; HOOKS = (A("ü"), A("ß"))\n',
        f'from p import A\n\n{IMPORT}Ä = "é"; HOOKS = (A("ü"), A("ß"), *mlflow_hooks)\n',
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_hooks_are_added(name: str, end: str) -> None:
    """Nothing that stands there goes, and to do it twice is to do it once."""
    before, after = SETTINGS[name]
    if "\n" in before:
        before, after = before.replace("\n", end), after.replace("\n", end)
    assert with_hooks(before) == after
    assert with_hooks(after) == after
    ast.parse(after)


def test_no_settings_are_made() -> None:
    """Kedro takes a project without settings.py."""
    assert "HOOKS = mlflow_hooks" in with_hooks("")
    ast.parse(with_hooks(""))


@pytest.mark.parametrize(
    "text",
    [
        "import os\nif os.environ.get('CI'):\n    HOOKS = ()\n",
        "from .base import *\n",
        "try:\n    from p import HOOKS\nexcept ImportError:\n    HOOKS = ()\n",
        "HOOKS = (\n",
        "try:\n    from p import HOOKS\nexcept ImportError:\n    pass\n",
        "if X:\n    from p import *\n",
        "if X:\n    class HOOKS: ...\n",
        "match X:\n    case HOOKS:\n        pass\n",
        "def more():\n    global HOOKS\n    HOOKS = ()\n",
    ],
)
def test_what_is_not_plain_is_left(text: str) -> None:
    """Its owner gets the lines."""
    with pytest.raises(NotUnderstoodError):
        with_hooks(text)


def test_what_settings_say_is_read() -> None:
    """With a type or without, and never by running them."""
    for name in ("CONF_SOURCE", "CONF_SOURCE: str"):
        assert conf_source(f"{name} = 'etc'\n") == "etc"
    assert conf_source("CONF_SOURCE = f()\n") == conf_source("(\n") == "conf"
    text = "CONFIG_LOADER_ARGS: dict = {'base_env': 'common', 'default_run_env': f(), **MORE}\n"
    assert loader_args(text) == {"base_env": "common"}
    assert loader_args("CONFIG_LOADER_ARGS = f()\n") == {}


def test_other_plugin_is_turned_off() -> None:
    """Beside those that are off already."""
    assert f'{PLUGINS} = ("kedro_mlflow",)\n' in without_plugin("X = 1\n")
    line = f'{PLUGINS} = ("kedro-viz",)\n'
    assert without_plugin(line) == f'{PLUGINS} = ("kedro-viz", "kedro_mlflow")\n'
    assert without_plugin(without_plugin(line)) == without_plugin(line)
    with pytest.raises(NotUnderstoodError):
        without_plugin(f"{PLUGINS} = names()\n")


CLI = '''"""Commands."""
import click


@click.group(name="p")
def cli():
    """All."""


@cli.command()
def hello():
    """Say it."""
'''


def test_commands_are_added() -> None:
    """Below those of the project, whose own `run` keeps its options."""
    added = cli_file.with_commands(CLI)
    assert added.startswith(CLI)
    assert 'run = tracked(kedro_run)\ncli.add_command(run, "run")\n' in added
    assert added.endswith('cli.add_command(mlflow_commands, "mlflow")\n')
    assert cli_file.with_commands(added) == added
    own = CLI + "\n\n@cli.command()\n@click.option('--x')\ndef run(x):\n    pass\n"
    assert "run = tracked(run)\n" in cli_file.with_commands(own)
    # What may be anything is left as it is.
    for odd in ("run = make()\n", "def run():\n    pass\n"):
        assert "tracked" not in cli_file.with_commands(CLI + odd)
    guarded = CLI + '\n\nif __name__ == "__main__":\n    cli()\n'
    after = cli_file.with_commands(guarded)
    assert after.index("mlflow_commands") < after.index("if __name__")


@pytest.mark.parametrize("text", ["import click\n", "cli = make_cli()\n", "def cli(:\n"])
def test_no_plain_group_is_left(text: str) -> None:
    """Its owner gets the lines."""
    with pytest.raises(NotUnderstoodError):
        cli_file.with_commands(text)


def test_requirements_that_are_there_stay(tmp_path: Path) -> None:
    """Whatever their spelling, and wherever they are included from."""
    lines = requirement_files.needed_lines()
    assert lines["mlflow"].startswith("mlflow>=3")
    assert requirement_files.with_requirements("kedro\nMLflow==3.1\nKedro_Datasets[x]\n", ()) == (
        "kedro\nMLflow==3.1\nKedro_Datasets[x]\n"
    )
    added = requirement_files.with_requirements("kedro", {"kedro-datasets"})
    assert added == f"kedro\n{lines['mlflow']}\n"
    (tmp_path / "requirements.txt").write_text("-r more/base.txt\npytest\n")
    (tmp_path / "more").mkdir()
    (tmp_path / "more/base.txt").write_text("kedro~=1.0\nmlflow\n")
    found = requirement_files.files_in_use(_project(tmp_path))
    assert found == {tmp_path / "requirements.txt": {"kedro", "mlflow"}}


@pytest.mark.parametrize(
    "listed",
    [
        'dependencies = ["kedro~=1.0"]\n',
        'dependencies = [\n    "kedro~=1.0"\n]\n',
        'dependencies = [ # those\n  # of all\n  "kedro[jupyter]",\n]\n',
    ],
)
def test_pyproject_lists_requirements(listed: str) -> None:
    """In whatever style the list is written."""
    text = f"[tool.x]\ndependencies = [1]\n[project]  # it\n{listed}name = 'x'\n"
    after = pyproject_file.with_requirements(text, _toml(text))
    listed_now = _toml(after)["project"]["dependencies"]
    names = {name for line in listed_now for name in requirement_files.names_in(line)}
    assert names == {"kedro", "kedro-datasets", "mlflow"}
    assert _toml(after)["tool"]["x"] == {"dependencies": [1]}
    assert pyproject_file.with_requirements(after, _toml(after)) == after


def test_pyproject_of_poetry() -> None:
    """Has a table of its own."""
    text = '[tool.poetry.dependencies]\npython = "^3.11"\nkedro = "^1.0"\n'
    after = _toml(pyproject_file.with_requirements(text, _toml(text)))
    assert after["tool"]["poetry"]["dependencies"]["mlflow"].startswith(">=3")
    assert after["tool"]["poetry"]["dependencies"]["kedro"] == "^1.0"
    spelt = '[tool.poetry.dependencies]\nKedro = "^1.0"\nMLflow = "^3.1"\nkedro_datasets = "*"\n'
    assert pyproject_file.requires_kedro(_toml(spelt))
    assert pyproject_file.with_requirements(spelt, _toml(spelt)) == spelt


def test_wheel_holds_the_manifest() -> None:
    """Which setuptools leaves out, and the others don't."""
    text = "[build-system]\nbuild-backend = 'setuptools.build_meta'\n"
    after = pyproject_file.with_package_data(text, _toml(text), "acme.forecast")
    data = _toml(after)["tool"]["setuptools"]["package-data"]
    assert data == {"acme.forecast.tracking": ["manifest.json", "README.md"]}
    assert pyproject_file.with_package_data(after, _toml(after), "acme.forecast") == after
    has = text + '[tool.setuptools.package-data]\nx = ["y"]\n'
    both = _toml(pyproject_file.with_package_data(has, _toml(has), "p"))
    assert set(both["tool"]["setuptools"]["package-data"]) == {"x", "p.tracking"}
    other = "[build-system]\nbuild-backend = 'hatchling.build'\n"
    assert pyproject_file.with_package_data(other, _toml(other), "p") == other


def test_lines_for_git(tmp_path: Path) -> None:
    """Those that are not covered, and one more where the layer's folder itself would be hidden."""
    git(tmp_path, "init", "--quiet")
    project = _project(tmp_path)
    for text, new in (
        ("mlruns/*\n", {"/.mlflow-journal/"}),
        ("", {"/mlruns/", "/.mlflow-journal/"}),
        ("src/p/*\n", {"/mlruns/", "/.mlflow-journal/", "!/src/p/tracking/"}),
    ):
        (tmp_path / ".gitignore").write_text(text)
        after = ignore_file.with_lines(project, text)
        added = after.removeprefix(text).split("\n")
        assert {line for line in added if line[:1] in "/!" and line} == new
        (tmp_path / ".gitignore").write_text(after)
        assert ignore_file.with_lines(project, after) == after


def test_git_that_can_t_be_started_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "git").write_text("")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not ignore_file.is_in_git(tmp_path)


@pytest.mark.parametrize("text", ["kedro==1.0 --hash=sha256:ab\n", "# autogenerated by x\nkedro\n"])
def test_compiled_requirements_are_left(text: str) -> None:
    """Their tool would drop our lines, or pip refuse the file."""
    with pytest.raises(NotUnderstoodError, match="it is compiled"):
        requirement_files.with_requirements(text, ())


def _project(root: Path) -> KedroProject:
    home = root / "src/p"
    home.mkdir(parents=True, exist_ok=True)
    return KedroProject(root, "p", home, "python", {}, {})


def _toml(text: str) -> Any:
    return parse_toml(text)
