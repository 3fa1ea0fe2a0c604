"""What has no counterpart, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Findings:
    """Collects what is left to do by hand.

    Args:
        root: the project, from which paths are given.
    """

    root: Path
    _found: set[tuple[str, int, str]] = field(default_factory=set)

    def add(self, path: Path, line: int, text: str) -> None:
        """Note one thing; line 0 stands for a file or folder as a whole."""
        inside = path.relative_to(self.root) if path.is_relative_to(self.root) else path
        self._found.add((inside.as_posix(), line, text))

    def __bool__(self) -> bool:
        return bool(self._found)

    def sentences(self) -> Iterable[str]:
        """Yield them by file and line."""
        for path, line, text in sorted(self._found):
            yield f"{path}:{line}: {text}" if line else f"{path}: {text}"
