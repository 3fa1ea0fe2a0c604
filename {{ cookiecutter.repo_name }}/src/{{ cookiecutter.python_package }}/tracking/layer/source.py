"""Where newer layers come from, and which project this folder belongs to."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

from .git import LayerError

SECTION = "kedro-mlflow-layer"
_HOW = (
    "give it as --from PATH-or-URL, or once and for all in pyproject.toml as\n"
    f'  [tool.{SECTION}]\n  source = "https://…/kedro-starter-mlflow"'
)


def project_of(folder: Path) -> Path:
    """Return the project that a tracking folder lies in: the nearest folder with a pyproject.toml.

    Raises:
        LayerError: there is none, as where the package is installed from a wheel.
    """
    for place in folder.parents:
        if (place / "pyproject.toml").is_file():
            return place
    raise LayerError(
        f"{folder} lies in no project (no pyproject.toml above it): update the project that "
        "it was installed from"
    )


def resolve_source(given: str | None, project: Path) -> str:
    """Return the repository to update from.

    Args:
        given: what `--from` said, relative to the working directory.
        project: the project; a path in its pyproject.toml is relative to it.

    Raises:
        LayerError: neither names one.
    """
    if given:
        return given if _is_remote(given) else str(Path(given).expanduser().resolve())
    text = (project / "pyproject.toml").read_text("utf8")
    source = configured_source(text)
    if source is None:
        raise LayerError(f"no repository is named to update from; {_HOW}")
    return source if _is_remote(source) else str((project / Path(source).expanduser()).resolve())


def configured_source(text: str) -> str | None:
    """Return `source` of `[tool.kedro-mlflow-layer]` in the text of a pyproject.toml.

    Raises:
        LayerError: the file is no TOML, or the value no text.
    """
    reader = _toml()
    if reader is None:
        return _scan(text)
    try:
        value = reader.loads(text).get("tool", {}).get(SECTION, {}).get("source")
    except ValueError as error:
        raise LayerError(f"pyproject.toml can't be read ({error})") from error
    if value is not None and not isinstance(value, str):
        raise LayerError(f"source in [tool.{SECTION}] is {value!r}; it must be a path or URL")
    return value


def _toml() -> Any:
    # tomllib comes with Python 3.11; pytest and others bring tomli to Python 3.10.
    for name in ("tomllib", "tomli"):
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


def _scan(text: str) -> str | None:
    """Find the one line that we look for, where nothing can read TOML."""
    inside = False
    for line in text.splitlines():
        heading = re.match(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?$", line)
        if heading:
            inside = heading[1].replace('"', "").replace(" ", "") == f"tool.{SECTION}"
        found = re.match(r"""\s*source\s*=\s*(["'])(.*?)\1\s*(?:#.*)?$""", line)
        if inside and found:
            return found[2]
    return None


def _is_remote(source: str) -> bool:
    # `host:path` is Git's short form for SSH; one letter before the colon is a Windows drive.
    return "://" in source or re.match(r"[^/\\]{2,}:", source) is not None
