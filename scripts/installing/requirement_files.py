"""Requirement lines, in each file that is in use: one that requires Kedro already."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from scripts.installing.changes import insert_lines, read_text, split_lines
from scripts.installing.project import KedroProject
from scripts.template_layer import ROOT

FILES = ("requirements.txt", "src/requirements.txt", "requirements.in", "src/requirements.in")
_TEMPLATE = ROOT / "{{ cookiecutter.repo_name }}" / "requirements-run.txt"
_NAME = re.compile(r"\s*([A-Za-z0-9][\w.-]*)")
_INCLUDED = re.compile(r"\s*(?:-r|--requirement)[ =]\s*(\S+)")


def needed_lines() -> dict[str, str]:
    """Return the requirement line of each package that the layer needs, by its name.

    Kedro-Datasets without a version: a project has the one that goes with its Kedro.
    """
    found = {_name(line): line for line in _TEMPLATE.read_text("utf8").splitlines() if _name(line)}
    return {"kedro-datasets": "kedro-datasets", "mlflow": found["mlflow"]}


def oldest(package: str) -> tuple[int, ...]:
    """Return the oldest version of a package that the layer was tried with."""
    found = re.search(r">=([\d.]+)", needed_lines()[package])
    return numbers(found[1]) if found else ()


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers at the head of a version, to compare."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()


def with_requirements(text: str, present: Iterable[str]) -> str:
    """Return the text of a requirements.txt with the lines that it lacks.

    Args:
        text: its text now.
        present: names of packages that files which it includes require.
    """
    have = {*present, *names_in(text)}
    new = [line for name, line in needed_lines().items() if name not in have]
    return insert_lines(text, len(split_lines(text)), "".join(f"{line}\n" for line in new))


def names_in(text: str) -> set[str]:
    """Return the names of the packages that a requirements.txt requires."""
    return {name for line in text.splitlines() if (name := _name(line))}


def files_in_use(project: KedroProject) -> dict[Path, set[str]]:
    """Return the requirements files that require Kedro, and what files that each includes require.

    One requirements.txt that requires no Kedro is in use where nothing else does.
    """
    found: dict[Path, set[str]] = {}
    others: dict[Path, set[str]] = {}
    for name in FILES:
        path = project.root / name
        if (text := read_text(path)) is None:
            continue
        included = _included(path, text, {path})
        place = found if "kedro" in included | names_in(text) else others
        place[path] = included
    return found or dict(list(others.items())[:1])


def _included(path: Path, text: str, seen: set[Path]) -> set[str]:
    names: set[str] = set()
    for name in filter(None, (_INCLUDED.match(line) for line in text.splitlines())):
        other = (path.parent / name[1]).resolve()
        if other not in seen and (inside := read_text(other)) is not None:
            seen.add(other)
            names |= names_in(inside) | _included(other, inside, seen)
    return names


def _name(line: str) -> str | None:
    """Return the package that a line requires, with a name as pip compares them."""
    found = _NAME.match(line.partition("#")[0])
    return re.sub(r"[-_.]+", "-", found[1]).lower() if found else None
