"""How a user calls this project: `kedro` in its folder, its own program where it is installed."""

import os
import shlex
import shutil
import sys
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path

_PACKAGE = __name__.rpartition(".")[0].rpartition(".")[0]


def mlflow_command(words: str) -> str:
    """Return the command line that is `kedro mlflow <words>` here.

    Example:
        >>> mlflow_command("ui")
        'kedro mlflow ui'
    """
    program = shlex.join(_packaged() or ["kedro"])
    return f"{program} mlflow {words}".rstrip()


def run_command() -> list[str]:
    """Return the words of the command line that is `kedro run` here, without options."""
    return [*_packaged()] or ["kedro", "run"]


def is_run(argv: list[str]) -> bool:
    """Whether a command line without options of `kedro` is that of a run of this project."""
    return Path(argv[0] if argv else "").stem in ("main", "__main__", _script())


def source_root() -> Path | None:
    """Return the project's folder that this very file lies in; None where it is installed."""
    # <root>/<source folder>/<package>/tracking/program.py
    root = Path(__file__).resolve().parents[2 + len(_PACKAGE.split("."))]
    return root if _is_project(root) else None


def _packaged() -> tuple[str, ...]:
    """Return the words that call the installed project; none where `kedro` knows the project."""
    folder = Path.cwd()
    if source_root() is not None or any(map(_is_project, (folder, *folder.parents))):
        return ()
    script, called, here = _script(), Path(sys.argv[0]), Path(sys.executable).parent
    if script and _on_path(script) == here:
        return (script,)
    if script and called.stem == script and os.access(called, os.X_OK):
        return (str(called.absolute()),)
    return ("python" if _on_path("python") == here else sys.executable, "-m", _PACKAGE)


@lru_cache(maxsize=1)
def _script() -> str | None:
    """Return the name of the program that the wheel installs."""
    main = f"{_PACKAGE}.__main__:"
    found = (e.name for e in entry_points(group="console_scripts") if e.value.startswith(main))
    return next(found, None)


def _on_path(program: str) -> Path | None:
    found = shutil.which(program)
    return Path(found).parent if found else None


def _is_project(folder: Path) -> bool:
    try:
        return "[tool.kedro]" in (folder / "pyproject.toml").read_text("utf8")
    except (OSError, UnicodeDecodeError):
        return False
