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

from scripts.installing.project import InstallError, find_project, from_here  # noqa: E402
from scripts.template_layer import ROOT, module  # noqa: E402


def tracking_folder(project: Path, python: str | None) -> tuple[Path, str]:
    """Return where a project's tracking folder is, or has to be, and the project's interpreter.

    Args:
        project: its folder.
        python: its interpreter, which is asked where the package is; a usual one if not given.
    """
    try:
        found = find_project(project, python)
    except InstallError as error:
        # It may be too broken to be asked, and plain to see all the same.
        settings = sorted(project.glob("src/*/settings.py"))
        if len(settings) != 1:
            sys.exit(f"{error}.")
        return settings[0].parent / "tracking", from_here(python) if python else sys.executable
    return found.tracking, found.python


def main(argv: list[str]) -> int:
    """Update a project's layer; returns the exit code of the updater."""
    first, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(description=first, epilog=rest)
    parser.add_argument("project", type=Path)
    parser.add_argument("--to", metavar="VERSION", help="the newest release by default")
    parser.add_argument("--from", dest="source", metavar="PATH-or-URL", default=str(ROOT))
    parser.add_argument("--python", help="the project's interpreter")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--no-self-test", action="store_true")
    parser.add_argument("--whole", action="store_true", help="replace it, your edits included")
    args = parser.parse_args(argv)
    project = args.project.resolve()
    folder, python = tracking_folder(project, args.python)
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
            python=python,
        )
    except git.LayerError as error:
        print(f"The layer was not updated: {error}.", file=sys.stderr)
        return int(job.REFUSED)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
