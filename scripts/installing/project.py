"""The Kedro project that the layer is to come into, and the interpreter that runs it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.installing import probe
from scripts.installing.changes import any_text, name_in
from scripts.installing.interpreter import run_script

OLDEST_PYTHON = (3, 10)
OLDEST_KEDRO = 1
NEEDED_KEYS = ("package_name", "project_name", "kedro_init_version")


class InstallError(Exception):
    """Why the layer can't come in, as one sentence; nothing was changed."""


@dataclass(frozen=True)
class KedroProject:
    """A Kedro project.

    Args:
        root: the folder of its pyproject.toml.
        package: the package's name, which may have dots.
        home: the package's folder.
        python: its interpreter.
        versions: what is installed there, by package; None for what is not.
        toml: the content of its pyproject.toml.
    """

    root: Path
    package: str
    home: Path
    python: str
    versions: Mapping[str, str | None]
    toml: Mapping[str, Any]

    @property
    def tracking(self) -> Path:
        """The layer's folder."""
        return self.home / "tracking"

    def name(self, path: Path) -> str:
        """Return how a path of the project is printed."""
        return name_in(self.root, path)

    @property
    def settings_text(self) -> str:
        """The text of its settings.py, to look at."""
        return any_text(self.home / "settings.py")


def find_project(root: Path, python: str | None) -> KedroProject:
    """Return the Kedro project in a folder.

    Args:
        root: the folder.
        python: its interpreter; the first of the usual places that has Kedro if not given.

    Raises:
        InstallError: there is none, or none that the layer can serve.
    """
    root = root.resolve()
    pyproject = root / "pyproject.toml"
    if not pyproject.is_file():
        raise InstallError(f"{root} is no Kedro project: it has no pyproject.toml")
    found, told = _interpreter(root, python)
    toml = told["tomls"][0]
    if toml is None:
        raise InstallError(f"{found} can't read TOML: `{found} -m pip install tomli`")
    if set(toml) == {"error"}:
        raise InstallError(f"{pyproject} is no TOML: {toml['error']}")
    section = toml.get("tool", {}).get("kedro")
    if not isinstance(section, dict):
        raise InstallError(f"{root} is no Kedro project: its pyproject.toml has no [tool.kedro]")
    missing = [key for key in NEEDED_KEYS if not isinstance(section.get(key), str)]
    if missing:
        raise InstallError(f"[tool.kedro] in {pyproject} has no {', '.join(missing)}")
    source = (root / Path(section.get("source_dir", "src")).expanduser()).resolve()
    home = source.joinpath(*section["package_name"].split("."))
    if root not in (home, *home.parents):
        raise InstallError(f"source_dir is {source}, which is outside of the project {root}")
    if not home.is_dir():
        raise InstallError(
            f"the package {section['package_name']} is not at {home}: [tool.kedro] in "
            f"{pyproject} says so by package_name and source_dir"
        )
    return KedroProject(root, section["package_name"], home, found, told["versions"], toml)


def ask(python: str, *tomls: Path) -> dict[str, Any] | None:
    """Return what an interpreter says of itself, None where there is none."""
    try:
        done = run_script(python, probe.__file__, *map(str, tomls))
        told: dict[str, Any] = json.loads(done.stdout)
    except (OSError, ValueError):
        return None
    return told


def _interpreter(root: Path, given: str | None) -> tuple[str, dict[str, Any]]:
    tried = []
    for python in [from_here(given)] if given else usual_pythons(root):
        told = ask(python, root / "pyproject.toml")
        if told is None:
            tried.append(f"{python} is no Python")
            continue
        version, kedro = told["python"], told["versions"].get("kedro")
        dotted = ".".join(map(str, version))
        if tuple(version[:2]) < OLDEST_PYTHON:
            tried.append(f"{python} is Python {dotted}, and the layer needs 3.10 or newer")
        elif kedro is None:
            tried.append(f"{python} has no Kedro")
        elif int(kedro.split(".")[0]) < OLDEST_KEDRO:
            tried.append(f"{python} has Kedro {kedro}, and the layer needs 1.0 or newer")
        else:
            return python, told
    hint = "" if given else "; name the project's interpreter with --python"
    raise InstallError(f"{'; '.join(tried)}{hint}")


def from_here(python: str) -> str:
    """Return an interpreter so that it is found from any folder; a bare name is one of PATH."""
    return str(Path(python).expanduser().absolute()) if os.path.dirname(python) else python


def usual_pythons(root: Path) -> Iterator[str]:
    """Yield where a project's interpreter usually is, its own environment first."""
    folders = [root / ".venv", root / "venv"]
    folders += [
        Path(os.environ[name]) for name in ("VIRTUAL_ENV", "CONDA_PREFIX") if name in os.environ
    ]
    seen = set()
    for folder in folders:
        for name in ("bin/python", "Scripts/python.exe", "python.exe"):
            if (folder / name).exists() and folder not in seen:
                seen.add(folder)
                yield str(folder / name)
    yield sys.executable
