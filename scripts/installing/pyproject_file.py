"""`pyproject.toml`: requirements, files of the wheel, and where newer layers come from."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.installing.changes import NotUnderstoodError, insert_lines, split_lines
from scripts.installing.git import ask_git
from scripts.installing.requirement_files import names_in, needed_lines
from scripts.template_layer import ROOT, module

DATA = [module("manifest").MANIFEST, "README.md"]
SECTION = module("layer.source").SECTION
_HEADER = re.compile(r"\s*\[")
_DATA_HEADER = "[tool.setuptools.package-data]"


def with_requirements(text: str, toml: Mapping[str, Any]) -> str:
    """Return the text with the requirements that `[project]` or Poetry's table lacks.

    Raises:
        NotUnderstoodError: the list can't be found in the text.
    """
    lines = needed_lines()
    listed, poetry = _listed_names(toml), _poetry(toml)
    if "kedro" in listed:
        new = [line for name, line in lines.items() if name not in listed]
        return _listed(text, new) if new else text
    if "kedro" in poetry:
        versions = {name: line.removeprefix(name) or "*" for name, line in lines.items()}
        new = [f'{name} = "{versions[name]}"\n' for name in lines if name not in poetry]
        return _after_header(text, "[tool.poetry.dependencies]", "".join(new)) if new else text
    return text


def requires_kedro(toml: Mapping[str, Any]) -> bool:
    """Whether the file lists requirements, Kedro among them."""
    return "kedro" in _listed_names(toml) or "kedro" in _poetry(toml)


def with_package_data(text: str, toml: Mapping[str, Any], package: str) -> str:
    """Return the text with the layer's manifest among what setuptools puts into the wheel.

    Raises:
        NotUnderstoodError: the table can't be found in the text.
    """
    backend = toml.get("build-system", {}).get("build-backend", "setuptools.build_meta")
    if not str(backend).startswith("setuptools"):
        return text  # the others take all files of a package
    table = toml.get("tool", {}).get("setuptools", {}).get("package-data")
    if table is None:
        return _at_end(text, f"\n{package_data(package)}")
    if f"{package}.tracking" in table or set(DATA) <= set(table.get("*", ())):
        return text
    return _after_header(text, _DATA_HEADER, package_data(package).partition("\n")[2])


def package_data(package: str) -> str:
    """Return the table that puts the layer's manifest into the wheel."""
    return f"{_DATA_HEADER}\n" + f'"{package}.tracking" = {DATA}\n'.replace("'", '"')


def with_source(text: str, toml: Mapping[str, Any], root: Path) -> str:
    """Return the text with the repository that `kedro mlflow layer update` asks."""
    if SECTION in toml.get("tool", {}):
        return text
    comment = "# Where `kedro mlflow layer update` looks for a newer tracking layer.\n"
    return _at_end(text, f'\n{comment}[tool.{SECTION}]\nsource = "{_source(root)}"\n')


def _listed_names(toml: Mapping[str, Any]) -> set[str]:
    listed = toml.get("project", {}).get("dependencies", [])
    return names_in("\n".join(map(str, listed))) if isinstance(listed, list) else set()


def _poetry(toml: Mapping[str, Any]) -> set[str]:
    return names_in("\n".join(toml.get("tool", {}).get("poetry", {}).get("dependencies", {})))


def _source(root: Path) -> str:
    """Return where this checkout was cloned from, else the checkout itself."""
    url = (ask_git(ROOT, "remote", "get-url", "origin") or "").strip()
    is_remote = "://" in url or re.match(r"[\w.-]+@[\w.-]{2,}:", url) is not None
    # With a password in it, it belongs in no file.
    if is_remote and module("redact").redact_text(url) == url and '"' not in url:
        return url
    return Path(os.path.relpath(ROOT, root)).as_posix()


def _listed(text: str, new: list[str]) -> str:
    """Add items at the head of `dependencies` in `[project]`, where no comma can be missing."""
    lines = split_lines(text)
    inside = False
    for number, line in enumerate(lines):
        if _HEADER.match(line):
            inside = line.split("#")[0].strip() == "[project]"
        found = re.match(r"\s*dependencies\s*=\s*\[", line) if inside else None
        if found is None:
            continue
        rest = line[found.end() :]
        if rest.split("#")[0].strip():
            items = "".join(f'"{item}", ' for item in new)
            lines[number] = line[: found.end()] + items + rest
            return "".join(lines)
        indent = re.match(r"\s*", lines[number + 1] if number + 1 < len(lines) else "    ")
        space = indent[0] if indent and indent[0].strip("\r\n") else "    "
        return insert_lines(text, number + 1, "".join(f'{space}"{item}",\n' for item in new))
    raise NotUnderstoodError("dependencies of [project] can't be found in its text")


def _after_header(text: str, header: str, new: str) -> str:
    for number, line in enumerate(split_lines(text), 1):
        if line.split("#")[0].strip() == header:
            return insert_lines(text, number, new)
    raise NotUnderstoodError(f"{header} can't be found in its text")


def _at_end(text: str, new: str) -> str:
    return insert_lines(text, len(split_lines(text)), new)
