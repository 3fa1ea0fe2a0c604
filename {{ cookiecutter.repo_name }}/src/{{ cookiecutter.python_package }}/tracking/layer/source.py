"""Where newer layers come from, and which project this folder belongs to."""

import re
import sys
from importlib import import_module
from pathlib import Path

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
    around, source = Path(), given
    if source is None:
        around, source = project, configured_source((project / "pyproject.toml").read_text("utf8"))
    if not source:  # an empty path would be the working directory
        raise LayerError(f"no repository is named to update from; {_HOW}")
    return source if _is_remote(source) else str((around / Path(source).expanduser()).resolve())


def configured_source(text: str) -> str | None:
    """Return `source` of `[tool.kedro-mlflow-layer]` in the text of a pyproject.toml.

    Raises:
        LayerError: the file is no TOML, or the value no text.
    """
    try:
        # Kedro brings tomli to Python 3.10.
        toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    except ImportError as error:
        raise LayerError(f"pyproject.toml can't be read ({error}): give --from") from error
    try:
        value = toml.loads(text).get("tool", {}).get(SECTION, {}).get("source")
    except ValueError as error:
        raise LayerError(f"pyproject.toml can't be read ({error})") from error
    if value is not None and not isinstance(value, str):
        raise LayerError(f"source in [tool.{SECTION}] is {value!r}; it must be a path or URL")
    return value


def _is_remote(source: str) -> bool:
    # `host:path` is Git's short form for SSH; one letter before the colon is a Windows drive.
    return "://" in source or re.match(r"[^/\\]{2,}:", source) is not None
