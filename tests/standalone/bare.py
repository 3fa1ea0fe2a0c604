"""A project as Kedro makes one, with the layer's folder in it and its hooks in the settings."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.faults.lab import NODES, PIPELINE, Lab
from tests.harness.baked import BakedProject
from tests.harness.doors import LAYER, PYTHON

PACKAGE = "plain"

PYPROJECT = """
[tool.kedro]
package_name = "{package}"
project_name = "Plain"
kedro_init_version = "1.7.0"
source_dir = "src"
"""

SETTINGS = '''
"""Settings that Kedro's template has, and the hooks."""

from .{tracking} import (
    MLflowArtifactsLoggerHook,
    MLflowBasicLoggerHook,
    MLflowCatalogLoggerHook,
    MLflowGitLoggerHook,
    MLflowTimeLoggerHook,
)

CONFIG_LOADER_ARGS = {{"base_env": "base", "default_run_env": "local"}}
HOOKS = (
    MLflowBasicLoggerHook(),
    MLflowCatalogLoggerHook(),
    MLflowArtifactsLoggerHook(),
    MLflowGitLoggerHook(),
    MLflowTimeLoggerHook(),
)
'''

REGISTRY = '''
"""Project pipelines."""

from .pipeline import create_pipeline


def register_pipelines():
    return {"__default__": create_pipeline()}
'''

# What Kedro's own template has.
MAIN = '''
"""The package as a program."""

from kedro.framework.cli.utils import find_run_command
from kedro.framework.project import configure_project


def main(*args, **kwargs):
    configure_project("{package}")
    return find_run_command("{package}")(*args, **kwargs)


if __name__ == "__main__":
    main()
'''

CATALOG = """
words:
  type: text.TextDataset
  filepath: data/01_raw/words.txt
n_words: {{type: {type}, dataset: m}}
losses: {{type: {type}, dataset: m}}
letters: {{type: {type}, dataset: p}}
loud: {{type: {type}, dataset: txt}}
joined:
  type: {type}
  dataset: {{type: text.TextDataset, filepath: data/02_intermediate/joined.txt}}
"""

GITIGNORE = "__pycache__/\n.viz/\n/output-*.txt\n/check-*.pid\n"


def make_bare(
    template: Path, root: Path, package: str = PACKAGE, tracking: str = "tracking"
) -> Lab:
    """Make a project by hand, with the pipeline of the lab.

    Args:
        template: the template that the layer is copied from.
        root: the project's folder, which does not exist yet.
        package: name of the project's package, which may have dots.
        tracking: name of the layer's folder below it, with dots for folders.
    """
    home = Path("src", *package.split("."))
    layer = home / Path(*tracking.split("."))
    files = {
        "pyproject.toml": PYPROJECT.format(package=package),
        ".gitignore": GITIGNORE,
        f"{home}/__init__.py": '"""Plain."""\n',
        f"{home}/__main__.py": MAIN.format(package=package),
        f"{home}/settings.py": SETTINGS.format(tracking=tracking),
        f"{home}/pipeline_registry.py": REGISTRY,
        f"{home}/nodes.py": NODES,
        f"{home}/pipeline.py": PIPELINE,
        "conf/base/catalog.yml": CATALOG.format(type=f"{package}.{tracking}.MLflowDataset"),
        "conf/base/parameters.yml": "weight: 0.5\nunused: 1\n",
        "conf/local/.gitkeep": "",
        "data/01_raw/words.txt": "the quick brown fox jumps over the lazy dog\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text.lstrip("\n"))
    shutil.copytree(template / LAYER, root / layer, ignore=shutil.ignore_patterns("__pycache__"))
    return Lab(BakedProject(root, PYTHON))
