"""Which files of `conf/` Kedro reads as the catalog and kedro-mlflow as its settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from scripts.installing.project import KedroProject
from scripts.installing.settings_file import conf_source, loader_args

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


def conf_files(project: KedroProject) -> ConfFiles:
    """Return a project's configuration files, as its settings say where they are."""
    text = project.settings_text
    given = loader_args(text)
    patterns = given.get("config_patterns")
    return ConfFiles(
        project.root / conf_source(text),
        str(given.get("base_env") or "base"),
        str(given.get("default_run_env") or "local"),
        {**_PATTERNS, **patterns} if isinstance(patterns, dict) else _PATTERNS,
    )
