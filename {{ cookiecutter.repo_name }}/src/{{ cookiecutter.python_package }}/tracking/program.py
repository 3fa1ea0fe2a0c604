"""How a user calls this project: `kedro` in its folder, its own program where it is installed.

Where a project has no group `mlflow` of commands, the layer's folder is the program.
"""

import os
import shlex
import shutil
import sys
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path

_LAYER = __name__.rpartition(".")[0]
_PACKAGE = _LAYER.rpartition(".")[0]
_FOLDER = Path(__file__).resolve().parent


def mlflow_command(words: str) -> str:
    """Return the command line that is `kedro mlflow <words>` here, from the working directory.

    Example:
        >>> mlflow_command("ui")
        'kedro mlflow ui'
    """
    packaged = _packaged()
    if _offers_commands("__main__.py" if packaged else "cli.py"):
        program = [*(packaged or ["kedro"]), "mlflow"]
    elif packaged:
        program = [_python(), "-m", _LAYER]
    else:
        program = [_python(), os.path.relpath(_FOLDER)]
    return f"{shlex.join(program)} {words}".rstrip()


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
    script, called, here = _script(), Path(sys.argv[0]), _environment()
    if script and _on_path(script) == here:
        return (script,)
    if script and called.stem == script and os.access(called, os.X_OK):
        return (str(called.absolute()),)
    return (_python(), "-m", _PACKAGE)


def _python() -> str:
    return "python" if _on_path("python") == _environment() else sys.executable


def _environment() -> Path:
    return Path(sys.executable).parent.resolve()


def _offers_commands(name: str) -> bool:
    """Whether a file of the project's package, which has the settings, takes the layer's commands.

    It is read: importing it would cost more than the line that is to be printed.
    """
    home = next((one for one in _FOLDER.parents if (one / "settings.py").exists()), None)
    try:
        text = (home / name).read_text("utf8") if home else ""
    except (OSError, UnicodeDecodeError):
        return False
    return f"{_FOLDER.name}.commands" in text


@lru_cache(maxsize=1)
def _script() -> str | None:
    """Return the name of the program that the wheel installs."""
    main = f"{_PACKAGE}.__main__:"
    found = (e.name for e in entry_points(group="console_scripts") if e.value.startswith(main))
    return next(found, None)


def _on_path(program: str) -> Path | None:
    found = shutil.which(program)
    return Path(found).parent.resolve() if found else None


def _is_project(folder: Path) -> bool:
    try:
        return "[tool.kedro]" in (folder / "pyproject.toml").read_text("utf8")
    except (OSError, UnicodeDecodeError):
        return False
