"""Run the project: `python main.py` is `kedro run` and takes the same options.

It works from any folder. Relative paths in options start at the project's root, this file's folder.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main() -> None:
    """Run the project as `kedro run` would, with the options of the command line."""
    # Kedro looks for conf/logging.yml in the working directory at the moment it is imported.
    os.chdir(ROOT)
    from kedro.framework.cli.utils import find_run_command
    from kedro.framework.startup import bootstrap_project

    find_run_command(bootstrap_project(ROOT).package_name)()


# Spawned worker processes import this file again: without the guard, each would start a run.
if __name__ == "__main__":
    main()
