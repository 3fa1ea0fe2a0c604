"""Bring a tracking layer into a project from outside, where its own can't: broken, old or gone.

    python scripts/update_layer.py PROJECT [--to VERSION] [--from PATH-or-URL] [--dry-run] [--whole]

A folder that is not there comes in whole, and so does, with `--whole`, one that can't say which
version it is; else it is merged as `kedro mlflow layer update` does it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.installing.project import InstallError, find_project  # noqa: E402
from scripts.template_layer import ROOT, module  # noqa: E402


def tracking_folder(project: Path) -> Path:
    """Return where a project's tracking folder is, or has to be."""
    found = sorted(project.glob("src/*/settings.py"))
    if len(found) == 1:
        return found[0].parent / "tracking"
    try:
        return find_project(project, None).tracking
    except InstallError as error:
        sys.exit(f"{error}.")


def interpreter(project: Path) -> str:
    """Return the project's interpreter if it has an environment of its own, else this one."""
    own = [project / ".venv/bin/python", project / ".venv/Scripts/python.exe"]
    return str(next((path for path in own if path.exists()), sys.executable))


def main(argv: list[str]) -> int:
    """Update a project's layer; returns the exit code of the updater."""
    first, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(description=first, epilog=rest)
    parser.add_argument("project", type=Path)
    parser.add_argument("--to", metavar="VERSION", help="the newest release by default")
    parser.add_argument("--from", dest="source", metavar="PATH-or-URL", default=str(ROOT))
    parser.add_argument("--python", help="the project's interpreter, for the self-test")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--no-self-test", action="store_true")
    parser.add_argument("--whole", action="store_true", help="replace it, your edits included")
    args = parser.parse_args(argv)
    project = args.project.resolve()
    folder = tracking_folder(project)
    handover, git, job = module("layer.handover"), module("layer.git"), module("layer.job")
    try:
        # What an update that was killed has moved away is not gone.
        module("layer.swap").clear_rooms(folder)
        is_gone = not module("manifest").layer_files(folder)
        code: int = handover.update(
            folder,
            args.source,
            args.to,
            dry_run=args.dry_run,
            self_test=not args.no_self_test,
            whole=args.whole or is_gone,
            python=args.python or interpreter(project),
        )
    except git.LayerError as error:
        print(f"The layer was not updated: {error}.", file=sys.stderr)
        return int(job.REFUSED)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
