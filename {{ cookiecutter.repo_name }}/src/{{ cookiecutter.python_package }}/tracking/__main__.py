"""`python src/<package>/tracking ui`: the commands of `kedro mlflow`, where `kedro` has none.

Installed, it is `python -m <package>.tracking ui`.
"""

import logging
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent


def main() -> None:
    """Tell Kedro the project that this folder lies in, and run the command."""
    # What Kedro logs on its way goes to the standard output, which `env` writes for a shell.
    logging.disable(logging.INFO)
    name = _configure(__package__ or "")
    logging.disable(logging.NOTSET)
    command = import_module(f"{name}.program").mlflow_command("")
    import_module(f"{name}.commands.cli").mlflow(prog_name=command)


def _configure(name: str) -> str:
    """Return the name that this layer is imported by, once Kedro knows its project.

    Args:
        name: the name, where Python knows it.
    """
    from kedro.framework.project import configure_project
    from kedro.framework.startup import bootstrap_project
    from kedro.utils import find_kedro_project

    root = find_kedro_project(_FOLDER)
    if root is not None:
        source = bootstrap_project(root).source_dir.resolve()
        return ".".join(_FOLDER.relative_to(source).parts)
    package = name.rpartition(".")[0]
    while "." in package and find_spec(f"{package}.settings") is None:
        package = package.rpartition(".")[0]
    configure_project(package)
    return name


if __name__ == "__main__":
    if not __package__:
        sys.path.pop(0)  # this folder, whose names are none to be imported
    main()
