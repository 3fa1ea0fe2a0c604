"""Translates what a project says to kedro-mlflow into what it says to the tracking layer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.installing.kedro_mlflow import mlflow_yml, python_files
from scripts.installing.kedro_mlflow.catalog import Catalog
from scripts.installing.kedro_mlflow.conf_files import conf_files
from scripts.installing.kedro_mlflow.documents import Document, fill, read, trees
from scripts.installing.kedro_mlflow.findings import Findings
from scripts.installing.project import KedroProject

# Our own table in pyproject.toml has the name in it.
_PACKAGE = re.compile(rb"kedro[-_.]mlflow(?!-layer\b)")
_REQUIREMENTS = ("pyproject.toml", "setup.py", "setup.cfg", "environment.yml")


@dataclass(frozen=True)
class Translation:
    """What becomes of a project of kedro-mlflow.

    Args:
        texts: the files that change, with their new text; line ends are in it as they are.
        config: what `mlflow.yml` says, as arguments of `MLflowBasicLoggerHook`; empty without one.
        left: what has no counterpart, each with its file and line.
    """

    texts: Mapping[Path, str]
    config: Mapping[str, object]
    left: list[str]


def translate(project: KedroProject) -> Translation:
    """Read a project, and say what becomes of its kedro-mlflow; nothing is written.

    Of a project that has none, nothing is said.

    Args:
        project: the project, whose interpreter has Kedro and so PyYAML.

    Raises:
        InstallError: the interpreter has no PyYAML, or can't be started.
    """
    root, python = project.root, project.python
    findings, tracking = Findings(root), f"{project.package}.tracking"
    files = conf_files(project)
    names = {kind: files.of(kind) for kind in ("catalog", "globals", "mlflow")}
    found = read({**names["globals"], **names["mlflow"], **names["catalog"]}, python)
    documents = {one.path: one for one in found}
    ours = {kind: [documents[path] for path in paths] for kind, paths in names.items()}
    catalog = Catalog(ours["catalog"], ours["globals"], tracking, findings)
    texts = _checked(catalog, python)
    config = mlflow_yml.config_of(ours["mlflow"], files, project.package, findings)
    is_used = bool(texts or names["mlflow"] or findings) or _requires_it(root)
    is_used |= python_files.look(project.home, project.tracking, tracking, findings)
    if not is_used:
        return Translation({}, {}, [])
    for document in documents.values():
        if document.error is not None:
            line, why = document.error
            findings.add(document.path, line, f"this file can't be read: {why}")
    store = mlflow_yml.old_store(root)
    if store is not None:
        text = "holds the runs of kedro-mlflow, which MLflow 3.17 opens no more by itself"
        findings.add(store, 0, f"{text}; {mlflow_yml.how_to_read(store.name)}")
    return Translation(texts, config, list(findings.sentences()))


def _requires_it(root: Path) -> bool:
    """Whether a project requires kedro-mlflow."""
    files = [root / name for name in _REQUIREMENTS]
    files += [*root.glob("*requirements*.txt"), *root.glob("*/*requirements*.txt")]
    texts = [path.read_bytes().lower() for path in files if path.is_file()]
    return any(_PACKAGE.search(text) for text in texts)


def _checked(catalog: Catalog, python: str) -> dict[Path, str]:
    """Return the new texts that hold what was meant, which their own reading shows."""
    changed = catalog.changed()
    found = trees({str(one.path): text for one, text in changed.items()}, python) if changed else {}
    texts = {}
    for document, text in changed.items():
        new = Document(document.path, document.environment, text)
        fill(new, found[str(document.path)])
        if catalog.is_as_meant(document, new):
            texts[document.path] = text
        else:
            catalog.refuse(document, "the new text would not hold what was meant")
    return texts
