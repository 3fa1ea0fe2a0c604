"""The layouts that a Kedro project may have: where things lie, and what its settings say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

HOOKS = '''
"""Hooks of the project's own."""

from pathlib import Path

from kedro.framework.hooks import hook_impl


class ProjectHooks:
    @hook_impl
    def after_pipeline_run(self, run_params):
        Path(run_params["project_path"], "data/08_reporting/own_hook.txt").write_text("here")
'''

# No patterns and no interpolation: nothing that OmegaConfigLoader has beyond the abstract class.
CONFIG_LOADER = '''
"""A config loader that knows plain YAML."""

from pathlib import Path

import yaml
from kedro.config import AbstractConfigLoader, MissingConfigException


class PlainConfigLoader(AbstractConfigLoader):
    def __init__(self, conf_source, env=None, runtime_params=None, **kwargs):
        super().__init__(conf_source, env, runtime_params, **kwargs)

    def __getitem__(self, key):
        folders = [Path(self.conf_source, name) for name in ("base", self.env or "local")]
        files = [path for folder in folders for path in sorted(folder.glob(f"{key}*.yml"))]
        if not files:
            raise MissingConfigException(key)
        found = {}
        for path in files:
            found.update(yaml.safe_load(path.read_text()) or {})
        if key == "parameters":
            found.update(self.runtime_params or {})
        return found
'''

CATALOG_CLASS = '''
"""A catalog that tells what was loaded."""

from pathlib import Path

from kedro.io import DataCatalog


class TellingCatalog(DataCatalog):
    def load(self, *args, **kwargs):
        with Path("data/08_reporting/loaded.txt").open("a") as file:
            file.write(f"{args} {kwargs}\\n")
        return super().load(*args, **kwargs)
'''

SESSION_STORE = '''
"""A store that keeps sessions, as Kedro's ShelveStore did."""

import shelve
from pathlib import Path

from kedro.framework.session.store import BaseSessionStore


class ShelveStore(BaseSessionStore):
    @property
    def _file(self):
        return Path(self._path).expanduser().resolve() / self._session_id / "store"

    def read(self):
        if not list(self._file.parent.glob("store*")):
            return {}
        with shelve.open(str(self._file), flag="r") as kept:
            return dict(kept)

    def save(self):
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with shelve.open(str(self._file)) as kept:
            kept.clear()
            kept.update(self.data)
'''

CLI = '''
"""Commands of the project's own."""

import click
from kedro.framework.cli.project import project_group, run  # noqa: F401


@click.group(name=__file__)
def cli():
    """Our commands."""


@cli.command()
def hello():
    """Greet."""
    click.echo("hello from the project")
'''

IMPORT = "from {package}.hooks import ProjectHooks\n\n"
TUPLE = IMPORT + "HOOKS = (ProjectHooks(),)\n"
LIST = IMPORT + "HOOKS = [ProjectHooks()]\n"
LINES = (
    IMPORT
    + """\
# Hooks are executed in a Last-In-First-Out (LIFO) order.
HOOKS = (
    # Ours, (see hooks.py) "first".
    ProjectHooks(),  # the last comma stays, )
)
"""
)
EXPRESSION = IMPORT + "_EXTRA = [ProjectHooks()]\nHOOKS = tuple(_EXTRA) + tuple(x for x in ())\n"


@dataclass(frozen=True)
class Layout:
    """How a project is laid out.

    Args:
        package: the name of its package, which may have dots.
        source: `source_dir` of `pyproject.toml`.
        folder: the project's folder in its repository.
        settings: what `settings.py` says beyond Kedro's template; `{package}` is the package.
        modules: more files of the package.
    """

    package: str = "spaceflights"
    source: str = "src"
    folder: str = ""
    settings: str = ""
    modules: Mapping[str, str] = field(default_factory=dict)

    @property
    def own_hook(self) -> bool:
        """Whether the settings name a hook of the project's own."""
        return "ProjectHooks" in self.settings


_HOOKS = {"hooks.py": HOOKS}
LAYOUTS = {
    "kedro new": Layout(),
    "flat": Layout(source=".", settings=TUPLE, modules=_HOOKS),
    "namespace": Layout(package="acme.forecast", settings=LIST, modules=_HOOKS),
    "monorepo": Layout(package="forecast", folder="apps/forecast", settings=LINES, modules=_HOOKS),
    "config loader": Layout(
        settings=EXPRESSION
        + "from {package}.loader import PlainConfigLoader\n\n"
        + "CONFIG_LOADER_CLASS = PlainConfigLoader\nCONFIG_LOADER_ARGS = {{}}\n",
        modules={**_HOOKS, "loader.py": CONFIG_LOADER},
    ),
    "catalog class": Layout(
        settings="from {package}.catalog import TellingCatalog\n\n"
        + "DATA_CATALOG_CLASS = TellingCatalog\n",
        modules={"catalog.py": CATALOG_CLASS},
    ),
    "session store": Layout(
        settings=TUPLE
        + "from {package}.store import ShelveStore\n\n"
        + 'SESSION_STORE_CLASS = ShelveStore\nSESSION_STORE_ARGS = {{"path": "./data/sessions"}}\n',
        modules={**_HOOKS, "store.py": SESSION_STORE, "cli.py": CLI},
    ),
}
