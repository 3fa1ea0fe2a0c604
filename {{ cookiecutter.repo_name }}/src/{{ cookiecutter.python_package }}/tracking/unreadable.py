"""Why Kedro's loader can't read files of the configuration: by name, and with no value of them."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_UNSET = re.compile(r"Environment variable '(\w+)' not found")


def no_mappings(files: Iterable[Path], project: Path) -> list[str]:
    """Return of each file that is no mapping, which the loader wants, that it must be one.

    Args:
        files: files of YAML.
        project: its folder, which they are named from.
    """
    return [
        f"{shown(path, project)} is {kind} as a whole; it must have `key: value` in each line"
        for path in files
        if (kind := _kind(path)) is not None
    ]


def why_credentials(loader: Any, error: Exception, project: Path) -> str:
    """Return why no credentials can be read.

    Args:
        loader: the config loader.
        error: what it has raised. Its text may quote the file, and is not told.
        project: its folder, which files are named from.
    """
    files = _files_of_credentials(loader)
    if told := no_mappings(files, project):
        return "; ".join(told)
    key = getattr(error, "full_key", None)
    unset = _UNSET.search(str(error))
    if unset is None:
        names = " and ".join(shown(path, project) for path in files) or "credentials.yml"
        return f"{names} can't be read: {type(error).__name__}{f' at {key}' if key else ''}"
    having = [path for path in files if unset[1] in path.read_text("utf8", "replace")]
    names = " and ".join(shown(path, project) for path in having) or "credentials.yml"
    return f"{names} needs the environment variable {unset[1]}, which is not set; set it"


def _files_of_credentials(loader: Any) -> list[Path]:
    """Return the files that Kedro's own patterns for credentials find in a folder."""
    base, default = getattr(loader, "base_env", ""), getattr(loader, "default_run_env", "")
    found = []
    for name in dict.fromkeys(one for one in (base, loader.env or default) if one):
        folder = Path(str(loader.conf_source)) / name
        found += [
            path
            for path in sorted(folder.rglob("*"))
            if path.suffix in (".yml", ".yaml", ".json")
            and any(part.startswith("credentials") for part in path.relative_to(folder).parts)
        ]
    return found


def _kind(path: Path) -> str | None:
    """Return what a file is that is no mapping."""
    import yaml

    try:
        content = yaml.safe_load(path.read_text("utf8"))
    except (OSError, ValueError, yaml.YAMLError):  # the loader says it better
        return None
    if isinstance(content, dict | str | None):  # of a text the loader makes a key
        return None
    return "a list" if isinstance(content, list) else "a single value"


def shown(path: Path, project: Path) -> str:
    """Return a path from the project's folder, if it lies there."""
    return path.relative_to(project).as_posix() if path.is_relative_to(project) else str(path)
