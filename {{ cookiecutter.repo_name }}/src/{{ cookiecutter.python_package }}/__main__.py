"""`python -m <package>` is `kedro run` for the packaged project, with the same options.

Where the first word is `mlflow`, it is `kedro mlflow`.
"""

import sys
from pathlib import Path
from typing import Any


def main(*args: Any, **kwargs: Any) -> Any:
    """Run the packaged project; the entry point of the wheel."""
    # Kedro reads conf/logging.yml of the working directory when it is imported, and its log files
    # need their folder.
    if Path("conf/logging.yml").exists():
        Path("logs").mkdir(exist_ok=True)
    from kedro.framework.cli.utils import find_run_command
    from kedro.framework.project import configure_project

    package_name = Path(__file__).parent.name
    configure_project(package_name)
    interactive = hasattr(sys, "ps1")
    kwargs["standalone_mode"] = not interactive
    words = list((args[0] if args else kwargs.get("args")) or sys.argv[1:])
    if words[:1] == ["mlflow"]:
        from .tracking.commands.cli import mlflow
        from .tracking.program import mlflow_command

        kwargs = {**kwargs, "args": words[1:], "prog_name": mlflow_command("")}
        return mlflow(**kwargs)
    run: Any = find_run_command(package_name)
    return run(*args, **kwargs)


if __name__ == "__main__":
    main()
