"""What a generated project consists of, file by file, and what must not stand in any of them."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from tests.harness.baked import BakedProject
from tests.harness.doors import ROOT, TEMPLATE_FOLDER, cookiecutter

# pytest brings tomli where Python has no tomllib.
tomllib = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
EXPECTED = Path(__file__).with_name("expected_files.txt")
PACKAGE_FOLDER = f"{TEMPLATE_FOLDER}/src/{{{{ cookiecutter.python_package }}}}"
# In parts, or this file would be found too.
REGISTRY_HOSTS = ["pypi" + ".org", "python" + "hosted", "index" + "-url", "ana" + "conda.org"]
PUBLIC_NAMES = {
    "MLflowArtifactsLoggerHook",
    "MLflowBasicLoggerHook",
    "MLflowCatalogLoggerHook",
    "MLflowDataSet",
    "MLflowDataset",
    "MLflowEnvVarsLoggerHook",
    "MLflowGitLoggerHook",
    "MLflowTimeLoggerHook",
}


def test_project_has_exactly_these_files(baked: BakedProject) -> None:
    expected = set(EXPECTED.read_text("utf8").split())
    assert sorted(baked.files() - expected) == [], f"add to {EXPECTED.name}"
    assert sorted(expected - baked.files()) == [], f"missing, or remove from {EXPECTED.name}"


def test_no_template_syntax_is_left(baked: BakedProject) -> None:
    for name in baked.files():
        if name.endswith(".j2"):
            continue  # a template of the project's own, for `kedro airflow create`
        text = baked.read_file(name)
        assert "cookiecutter" not in text.replace("cookiecutter==", ""), name
        assert "{%" not in text, name
        # GitHub Actions has the same braces after a dollar sign.
        assert "{{" not in text.replace("${{", ""), name
        assert "{{" not in name, name
        assert "My MLflow Project" not in text, name


def test_every_python_file_compiles(baked: BakedProject) -> None:
    for name in baked.files():
        if name.endswith(".py"):
            compile(baked.read_file(name), name, "exec")


def test_every_configuration_file_can_be_read(baked: BakedProject) -> None:
    readers = {
        ".yml": yaml.safe_load,
        ".yaml": yaml.safe_load,
        ".json": json.loads,
        ".toml": tomllib.loads,
    }
    read = [name for name in baked.files() if Path(name).suffix in readers]
    for name in read:
        assert readers[Path(name).suffix](baked.read_file(name)) is not ..., name
    assert {"conf/base/parameters.yml", "pyproject.toml", ".vscode/launch.json"} <= set(read)


def test_project_may_have_a_name_that_yaml_reads_otherwise(
    template: Path, cookiecutter_config: Path, tmp_path: Path
) -> None:
    assert cookiecutter(template, "No", tmp_path, cookiecutter_config).returncode == 0
    for path in tmp_path.rglob("*.yml"):
        for key in keys_of(yaml.safe_load(path.read_text("utf8"))):
            # GitHub's own `on:` is the exception that everybody makes.
            assert isinstance(key, str) or ".github" in path.parts, f"quote {key!r} in {path}"


def keys_of(value: object) -> list[object]:
    """List the keys of nested mappings."""
    if isinstance(value, list):
        return [key for item in value for key in keys_of(item)]
    if isinstance(value, dict):
        return [*value, *(key for item in value.values() for key in keys_of(item))]
    return []


def vendored(template: Path) -> list[Path]:
    return sorted((template / PACKAGE_FOLDER / "tracking").rglob("*.py"))


def test_tracking_layer_is_no_template(template: Path) -> None:
    assert vendored(template)
    for path in vendored(template):
        text = path.read_text("utf8")
        assert not any(mark in text for mark in ("{{", "{%", "{#")), path


def test_tracking_layer_imports_nothing_of_the_project(template: Path) -> None:
    """It can be replaced as a folder, so no relative import may leave it."""
    folder = template / PACKAGE_FOLDER / "tracking"
    for path in vendored(template):
        depth = len(path.relative_to(folder).parts)
        for node in ast.walk(ast.parse(path.read_text("utf8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level <= depth, f"{path}:{node.lineno} leaves tracking/"


def test_tracking_layer_is_imported_without_mlflow(project: BakedProject) -> None:
    code = f"import sys, {project.package}.tracking; print('mlflow' in sys.modules)"
    done = project.run("python", "-W", "error", "-c", code, env={"PYTHONPATH": "src"})
    assert done.stdout == "False\n"


def test_tracking_layer_has_these_public_names(project: BakedProject) -> None:
    code = (
        f"from {project.package} import tracking\n"
        "assert all(hasattr(tracking, name) for name in tracking.__all__)\n"
        "print(*tracking.__all__)"
    )
    done = project.run("python", "-c", code, env={"PYTHONPATH": "src"})
    assert set(done.stdout.split()) >= PUBLIC_NAMES


def test_mlflow_config_names_every_hook(baked: BakedProject) -> None:
    config = baked.read_file(f"src/{baked.package}/mlflow/mlflow_config.py")
    for hook in PUBLIC_NAMES - {"MLflowDataSet", "MLflowDataset"}:
        assert hook in config, hook


def test_nodes_import_neither_kedro_nor_mlflow_nor_tracking(baked: BakedProject) -> None:
    folder = baked.root / "src" / baked.package / "pipelines"
    wiring = {"pipeline.py", "__init__.py"}
    files = [path for path in folder.rglob("*.py") if path.name not in wiring]
    assert "nodes.py" in {path.name for path in files}
    for path in files:
        for node in ast.walk(ast.parse(path.read_text("utf8"))):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
                assert node.level <= 1, f"{path}:{node.lineno} leaves its pipeline"
            for module in modules:
                assert module.split(".")[0] not in {"kedro", "mlflow", baked.package}, path


def test_lock_files_hold_pins_only(baked: BakedProject) -> None:
    for text in (
        baked.read_file("requirements.lock"),
        (ROOT / "requirements-dev.lock").read_text("utf8"),
    ):
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        assert lines
        for line in lines:
            name, equals, version = line.split(";")[0].strip().partition("==")
            assert name, line
            assert equals, line
            assert version[0].isdigit(), line
            assert not set(version) & set("*,<>@ "), line


def test_lock_files_agree(baked: BakedProject) -> None:
    ours = (ROOT / "requirements-dev.lock").read_text("utf8").splitlines()
    theirs = baked.read_file("requirements.lock").splitlines()
    versions: dict[str, set[str]] = {}
    for line in theirs:
        name, _, version = line.split(";")[0].strip().partition("==")
        versions.setdefault(name, set()).add(version)
    for line in ours:
        name, _, version = line.split(";")[0].strip().partition("==")
        assert version in versions.get(name, {version}), f"{line}: run `make lock`"


def test_repository_names_no_registry_and_holds_nothing_large(template: Path) -> None:
    for path in template.rglob("*"):
        if path.is_file():
            assert path.stat().st_size < 1_000_000, path
            assert path.name != "uv.lock", path
            text = path.read_bytes().decode("utf8", errors="ignore")
            for host in REGISTRY_HOSTS:
                assert host not in text, f"{path} names {host}"


def test_nothing_generated_is_committed() -> None:
    command = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout == ""


@pytest.mark.parametrize("secret", ["conf/local/credentials.yml", ".env"])
def test_git_ignores_secrets_and_results_of_the_project(secret: str, project: BakedProject) -> None:
    results = ["mlruns/sqlite.db", "logs/info.log", ".mlflow-journal/x", "data/01_raw/train.csv"]
    kept = ["conf/local/.gitkeep", "logs/.gitkeep", "requirements.lock"]
    project.run("git", "init", "--quiet")
    for name in [secret, *results]:
        project.run("git", "check-ignore", "--quiet", name)
    for name in kept:
        assert project.run("git", "check-ignore", "--quiet", name, code=None).returncode == 1, name


def test_image_is_made_of_files_that_are_there(baked: BakedProject) -> None:
    """What the Dockerfile does with them: tests/images/, where images can be built."""
    rules = [line for line in baked.read_file(".dockerignore").splitlines() if line[:1] not in "# "]
    assert rules[0] == "*"
    let_in = [rule[1:] for rule in rules if rule.startswith("!")]
    assert [name for name in let_in if not (baked.root / name).exists()] == []
    steps = [line.split() for line in baked.read_file("Dockerfile").splitlines()]
    copied = [name for step in steps if step[:1] == ["COPY"] for name in step[1:-1] if name != "."]
    assert copied
    assert set(copied) <= set(let_in)
