"""Which files of `conf/` Kedro reads as the catalog and kedro-mlflow as its settings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_SUFFIXES = (".yml", ".yaml", ".json")
_PATTERNS = {
    "catalog": ["catalog*", "catalog*/**", "**/catalog*"],
    "mlflow": ["mlflow*", "mlflow*/**", "**/mlflow*"],
    "globals": ["globals.yml"],
}


@dataclass(frozen=True)
class ConfFiles:
    """The files of a project's configuration.

    Args:
        conf: the folder of the environments.
        base: name of the environment that always counts.
        default: name of the one that counts where none is named.
        patterns: kind of file -> patterns, as `CONFIG_LOADER_ARGS` has them.
    """

    conf: Path
    base: str = "base"
    default: str = "local"
    patterns: dict[str, list[str]] = field(default_factory=lambda: _PATTERNS)

    def of(self, kind: str) -> dict[Path, str]:
        """Return the files of a kind with their environment, the base's first."""
        environments = sorted(path for path in self.conf.glob("*") if path.is_dir())
        environments.sort(key=lambda path: path.name != self.base)
        return {path: folder.name for folder in environments for path in self._files(folder, kind)}

    def _files(self, folder: Path, kind: str) -> list[Path]:
        found: set[Path] = set()
        for pattern in self.patterns[kind]:
            found.update(folder.glob(pattern))
            if pattern.endswith("**"):  # to pathlib, folders only
                found.update(folder.glob(f"{pattern}/*"))
        return sorted(path for path in found if self._is_read(path.relative_to(folder), path))

    @staticmethod
    def _is_read(inside: Path, path: Path) -> bool:
        is_hidden = any(part.startswith(".") for part in inside.parts)
        return path.suffix in _SUFFIXES and not is_hidden and path.is_file()


def package_of(root: Path, tracking: str) -> tuple[str, Path | None]:
    """Return the dotted name and the folder of the project's package, the one with `settings.py`.

    Args:
        root: the project.
        tracking: dotted path of the layer in it.
    """
    parts = tracking.split(".")
    for count in range(len(parts) - 1, 0, -1):
        inside = Path(*parts[:count])
        for start in ("", "*/", "*/*/", "*/*/*/"):
            for settings in sorted(root.glob(f"{start}{inside.as_posix()}/settings.py")):
                return ".".join(parts[:count]), settings.parent
    return ".".join(parts[:-1]), None


def conf_files(conf: Path, package: Path | None) -> ConfFiles:
    """Return a project's configuration files, as its `CONFIG_LOADER_ARGS` has them.

    Args:
        conf: the folder of the environments.
        package: folder of the project's package.
    """
    given = dict(_loader_args(package / "settings.py")) if package is not None else {}
    names = {key: given[key] for key in ("base_env", "default_run_env") if given.get(key)}
    patterns = given.get("config_patterns")
    return ConfFiles(
        conf,
        str(names.get("base_env", "base")),
        str(names.get("default_run_env", "local")),
        {**_PATTERNS, **patterns} if isinstance(patterns, dict) else _PATTERNS,
    )


def _loader_args(settings: Path) -> Iterator[tuple[str, object]]:
    """Yield what `CONFIG_LOADER_ARGS` says in so many words."""
    try:
        tree = ast.parse(settings.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    for node in tree.body:
        names = [target.id for target in getattr(node, "targets", []) if hasattr(target, "id")]
        if isinstance(node, ast.Assign) and "CONFIG_LOADER_ARGS" in names:
            keys = getattr(node.value, "keys", [])
            for key, value in zip(keys, getattr(node.value, "values", []), strict=True):
                try:
                    yield ast.literal_eval(key), ast.literal_eval(value)
                except (ValueError, TypeError):  # computed
                    continue
